import type { WireVariant } from "../../base/property.ts";
import { busError, type Daemon, flimflam } from "../daemon.ts";
import { exitCodes, Failure, usageFailure } from "../failure.ts";
import { toPlain } from "../text/bus-values.ts";
import type { Verb, VerbCall } from "../verb.ts";
import { ambiguous, findObjects, findOne, labelOf } from "../view/object-names.ts";
import { type PropertyType, propertyType } from "../view/property-type.ts";
import { type BusObject, interfaceOfKind, kinds, type Snapshot } from "../view/snapshot.ts";
import { didYouMean, nearWords } from "../words/near-words.ts";
import { parseValue } from "../words/parse-value.ts";
import { parseStaticIp, type StaticIpWords } from "../words/static-ip-words.ts";

/** Certificates are the largest values there are. */
const mostInputBytes = 256 * 1024;
const fromInput = "-";

export const set: Verb = {
  name: "set",
  operands: "OBJECT PROPERTY VALUE ...",
  leastOperands: 2,
  mostOperands: 1000,
  summary: "sets a property; lists as a,b, dictionaries as key=value, - reads the value from standard input",
  options: { clear: { doc: "back to the value it had at first, instead of a VALUE" } },
  completes: ["object", "property", "none"],
  async run(call) {
    const { operands, options, out } = call;
    const [word = "", property = "", ...words] = operands;
    const isClearing = options.has("clear");
    if (isClearing === words.length > 0) {
      throw usageFailure(isClearing ? "--clear takes no value" : "a value is missing; --clear takes it back");
    }
    const daemon = await call.daemon();
    const snapshot = await daemon.snapshot();
    const { object, type } = await findTarget(daemon, snapshot, word, property);
    try {
      if (isClearing) await clear(daemon, object, property);
      else await setTo(call, daemon, object, property, type, words);
    } catch (error) {
      throw naming(property, object, snapshot, error);
    }
    if (options.json) out.json(await readBack(daemon, object, property));
    return exitCodes.ok;
  },
};

/** Some of the daemon's refusals do not say of which property they are. */
function naming(property: string, object: BusObject, snapshot: Snapshot, error: unknown): unknown {
  if (!(error instanceof Failure) || error.errorName === "") return error;
  const { exitCode, message, errorName, details } = error;
  if (errorName === busError("InvalidProperty")) {
    const near = nearWords(property, [...object.properties.keys()]);
    return new Failure(exitCode, message, errorName, near.length > 0 ? [didYouMean(near)] : details);
  }
  if (message.includes(property)) return error;
  return new Failure(exitCode, `${property} of ${labelOf(object, snapshot)}: ${message}`, errorName, details);
}

interface Target {
  readonly object: BusObject;
  /** Undefined: the type is unknown; the daemon is to refuse it itself. */
  readonly type: PropertyType | undefined;
}

/** Of the objects that a word may mean (a link's Device and its Service) the one that has the property. */
async function findTarget(daemon: Daemon, snapshot: Snapshot, word: string, property: string): Promise<Target> {
  const found = findObjects(snapshot, word, kinds);
  if (found.length === 0) findOne(snapshot, word, kinds);
  const targets = await Promise.all(
    found.map(async (object): Promise<Target> => ({ object, type: await propertyType(daemon, object, property) })),
  );
  const having = targets.filter(({ type }) => type !== undefined);
  if (having.length > 1) {
    throw ambiguous(
      snapshot,
      word,
      having.map(({ object }) => object),
    );
  }
  return having[0] ?? (targets[0] as Target);
}

async function setTo(
  call: VerbCall,
  daemon: Daemon,
  object: BusObject,
  property: string,
  type: PropertyType | undefined,
  words: readonly string[],
): Promise<void> {
  const isFromInput = words.length === 1 && words[0] === fromInput;
  // The command line of a process is open to every user of the machine.
  if (type?.isWriteOnly && !isFromInput) {
    throw usageFailure(`${property} is a secret: give it on standard input, with - as the value`);
  }
  const texts = isFromInput ? [await call.readInput(mostInputBytes)] : words;
  const signature = type?.signature ?? "s";
  if (isAddressing(property) && signature === "a{sv}") return setAddressing(daemon, object, parseStaticIp(texts));
  const current = object.properties.get(property)?.value;
  const value = type ? parseValue(texts, { property, signature, current }) : texts.join(" ");
  await send(daemon, object, property, { signature, value });
}

async function send(daemon: Daemon, object: BusObject, property: string, value: WireVariant): Promise<void> {
  await daemon.call(object.path, interfaceOf(object), "SetProperty", "sv", [property, value]);
}

const addressing = { common: "StaticIPConfig", ipv6: "StaticIPv6Config" } as const;
const isAddressing = (property: string): boolean => property === addressing.common || property === addressing.ipv6;

/**
 * Both families are one setting for a person: a family that is not given goes. IPv6 last: a daemon of shill's has no
 * such property.
 */
async function setAddressing(daemon: Daemon, object: BusObject, { common, ipv6 }: StaticIpWords): Promise<void> {
  await send(daemon, object, addressing.common, { signature: "a{sv}", value: common });
  const before = object.dictionary(addressing.ipv6);
  if (ipv6.size + before.size === 0) return;
  await daemon.setOwn(object.path, "Service1", addressing.ipv6, { signature: "a{sv}", value: ipv6 });
}

/**
 * ClearProperty restores the value of the moment when the object was made; a person who clears an address wants none.
 */

async function clear(daemon: Daemon, object: BusObject, property: string): Promise<void> {
  if (isAddressing(property)) return setAddressing(daemon, object, { common: new Map(), ipv6: new Map() });
  await daemon.call(object.path, interfaceOf(object), "ClearProperty", "s", [property]);
}

async function readBack(daemon: Daemon, object: BusObject, property: string) {
  const properties = await daemon.properties(object.path, interfaceOfKind[object.kind]);
  return { path: object.path, property, value: toPlain(properties.get(property)?.value ?? null) };
}

const interfaceOf = ({ kind }: BusObject): string => flimflam(interfaceOfKind[kind]);
