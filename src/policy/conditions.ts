/**
 * Conditions of locations, modifiers and policies: their meaning, whether they are true, and their share of a place's
 * rating. The language is that of NWAM (nwam(7) of illumos), with quotes for blanks, times of day and gateways. Pure.
 */
import { cidrContains, familyOf, parseCidr, parseIpAddress, parseMac } from "../base/ip-address.ts";
import { type ConditionWord, conditionWords, quoteWord, refusal } from "./condition-words.ts";

/** Facts of the place at the moment. */
export interface PlaceFacts {
  /** Of connected Services, without prefix lengths. */
  readonly addresses: readonly string[];
  /** Told by the networks of connected Services. */
  readonly advertisedDomains: readonly string[];
  /** The machine's own domain; undefined: it has none. */
  readonly systemDomain: string | undefined;
  /** Of connected radios; raw bytes as a network may have any. */
  readonly essids: readonly Buffer[];
  /** Of the access points they are connected to; colon form. */
  readonly bssids: readonly string[];
  /** Of the routers of connected Services; colon form. */
  readonly gatewayMacs: readonly string[];
  /** Minutes since midnight, local time. */
  readonly minuteOfDay: number;
  /** Whether the object is active; undefined: there is none of that name. */
  isActive(kind: ObjectKind, name: string): boolean | undefined;
}

export type ObjectKind = "policy" | "link" | "modifier" | "location";

type Positive = "is" | "contains" | "is-in-range";
/** An operator's question, whether it is turned round, and its share of the rating. */
const operators = {
  is: { asks: "is", isNegative: false, weight: 4 },
  "is-not": { asks: "is", isNegative: true, weight: 1 },
  contains: { asks: "contains", isNegative: false, weight: 3 },
  "does-not-contain": { asks: "contains", isNegative: true, weight: 2 },
  "is-in-range": { asks: "is-in-range", isNegative: false, weight: 3 },
  "is-not-in-range": { asks: "is-in-range", isNegative: true, weight: 2 },
} as const satisfies Readonly<Record<string, { asks: Positive; isNegative: boolean; weight: number }>>;
export type ConditionOperator = keyof typeof operators;

/** One thing that a condition can be about. */
interface Kind {
  readonly weight: number;
  readonly asks: readonly Positive[];
  /** The values found, as text for people. */
  found(facts: PlaceFacts): readonly string[];
  /** Without any, the negative operators are false as well: nothing is known of the place. */
  readonly needsOne?: true;
  /** Returns how one thing that was found is compared. Throws RangeError for a value that is none. */
  compare(value: string, asks: Positive): (found: string) => boolean;
}

const kinds = {
  "ip-address": {
    weight: 3,
    asks: ["is", "is-in-range"],
    found: ({ addresses }) => addresses,
    compare: compareAddress,
  },
  "advertised-domain": {
    weight: 4,
    asks: ["is", "contains"],
    found: ({ advertisedDomains }) => advertisedDomains,
    compare: compareDomain,
  },
  "system-domain": {
    weight: 5,
    asks: ["is", "contains"],
    found: ({ systemDomain }) => (systemDomain === undefined ? [] : [systemDomain]),
    compare: compareDomain,
  },
  essid: {
    weight: 1,
    asks: ["is", "contains"],
    needsOne: true,
    found: ({ essids }) => essids.map((essid) => essid.toString("latin1")),
    compare: compareEssid,
  },
  bssid: { weight: 2, asks: ["is"], needsOne: true, found: ({ bssids }) => bssids, compare: compareMac },
  "gateway-mac": {
    weight: 5,
    asks: ["is"],
    needsOne: true,
    found: ({ gatewayMacs }) => gatewayMacs,
    compare: compareMac,
  },
  time: {
    weight: 1,
    asks: ["is-in-range"],
    found: ({ minuteOfDay }) => [timeText(minuteOfDay)],
    compare: compareTime,
  },
} as const satisfies Readonly<Record<string, Kind>>;
type ValueKind = keyof typeof kinds;

/** NWAM's words for objects mean ours. */
const objectKinds: Readonly<Record<string, ObjectKind>> = {
  ...{ policy: "policy", ncp: "policy", link: "link", ncu: "link" },
  ...{ modifier: "modifier", enm: "modifier", location: "location", loc: "location" },
};
const objectWeight = 6;

/** An answer with its reason. */
export interface Verdict {
  readonly isTrue: boolean;
  readonly because: string;
}

export interface Condition {
  /** In its normal form; parsed again it is the same condition. */
  readonly text: string;
  /** The more it says about a place, the larger; 2 to 10. */
  readonly rating: number;
  /** The object that it asks about; undefined: it asks about the network. */
  readonly object?: { readonly kind: ObjectKind; readonly name: string };
  /** The condition needs the routers' MAC addresses, which are looked for only where a condition needs them. */
  readonly needsGatewayMacs?: true;
  /** Minutes of the day at which the answer may change by itself. */
  readonly boundaries: readonly number[];
  evaluate(facts: PlaceFacts): Verdict;
}

/** Throws DaemonError InvalidArguments with the column of the fault. */
export function parseCondition(text: string): Condition {
  const words = conditionWords(text);
  const [kind] = words;
  if (!kind) throw refusal(1, "the condition is empty");
  if (Object.hasOwn(objectKinds, kind.text)) return parseObject(objectKinds[kind.text] as ObjectKind, words, text);
  if (Object.hasOwn(kinds, kind.text)) return parseValue(kind.text as ValueKind, words, text);
  throw refusal(kind.column, `${quoteWord(kind.text)} is nothing that a condition can be about: ${allKinds}`);
}
const allKinds = [...Object.keys(kinds), "policy", "link", "modifier", "location"].join(", ");

function parseObject(kind: ObjectKind, words: readonly ConditionWord[], text: string): Condition {
  const [, name, operator, active] = exactly(4, words, text, "NAME is active, or NAME is-not active");
  const { asks, isNegative, weight } = operatorOf(operator as ConditionWord, ["is"]);
  if (active?.text !== "active")
    throw refusal(active?.column ?? 1, `a ${kind} is active or is-not active; nothing else can be asked of it`);
  const object = { kind, name: name?.text ?? "" };
  return {
    text: [kind, quoteWord(object.name), isNegative ? `${asks}-not` : asks, "active"].join(" "),
    rating: objectWeight + weight,
    object,
    boundaries: [],
    evaluate(facts) {
      const isActive = facts.isActive(kind, object.name);
      if (isActive === undefined) return { isTrue: false, because: `there is no ${kind} ${object.name}` };
      return {
        isTrue: isActive !== isNegative,
        because: `${kind} ${object.name} is ${isActive ? "active" : "not active"}`,
      };
    },
  };
}

function parseValue(name: ValueKind, words: readonly ConditionWord[], text: string): Condition {
  const kind: Kind = kinds[name];
  const [, operator, value] = exactly(3, words, text, "an operator and a value");
  const { asks, isNegative, weight } = operatorOf(operator as ConditionWord, kind.asks);
  const matches = comparison(kind, value as ConditionWord, asks);
  return {
    text: [name, operator?.text, quoteWord(value?.text ?? "")].join(" "),
    rating: kind.weight + weight,
    ...(name === "gateway-mac" && { needsGatewayMacs: true }),
    boundaries: name === "time" ? (value?.text ?? "").split("-").flatMap((part) => minuteOf(part) ?? []) : [],
    evaluate(facts) {
      const found = kind.found(facts);
      if (found.length === 0) return { isTrue: isNegative && !kind.needsOne, because: `there is no ${name}` };
      const hit = found.find(matches);
      const shown = name === "essid" ? found.map(essidText) : found;
      return { isTrue: (hit !== undefined) !== isNegative, because: `${name}: ${shown.join(", ")}` };
    },
  };
}

function exactly(count: number, words: readonly ConditionWord[], text: string, after: string) {
  const extra = words[count];
  if (words.length < count) throw refusal(text.length + 1, `${words[0]?.text} needs ${after} behind it`);
  if (extra) throw refusal(extra.column, `${quoteWord(extra.text)} is too much: blanks in a value need quotes`);
  return words;
}

function operatorOf({ text, column }: ConditionWord, allowed: readonly Positive[]) {
  const operator = Object.hasOwn(operators, text) ? operators[text as ConditionOperator] : undefined;
  if (operator && allowed.includes(operator.asks)) return operator;
  const names = Object.entries(operators).filter(([, { asks }]) => allowed.includes(asks));
  throw refusal(column, `${quoteWord(text)} is no operator here: ${names.map(([name]) => name).join(", ")}`);
}

function comparison(kind: Kind, { text, column }: ConditionWord, asks: Positive): (found: string) => boolean {
  try {
    return kind.compare(text, asks);
  } catch (error) {
    if (error instanceof RangeError) throw refusal(column, error.message);
    throw error;
  }
}

function compareAddress(value: string, asks: Positive): (found: string) => boolean {
  if (asks === "is") {
    const bytes = parseIpAddress(value);
    return (found) => familyOf(found) !== undefined && parseIpAddress(found).equals(bytes);
  }
  const block = parseCidr(value);
  return (found) => familyOf(found) === block.family && cidrContains(block, parseIpAddress(found));
}

function compareDomain(value: string, asks: Positive): (found: string) => boolean {
  const wanted = value.toLowerCase().replace(/\.$/, "");
  if (wanted === "") throw new RangeError("a domain is not empty");
  const normal = (found: string) => found.toLowerCase().replace(/\.$/, "");
  return asks === "is" ? (found) => normal(found) === wanted : (found) => normal(found).includes(wanted);
}

/** A name is bytes: text means its UTF-8, and `hex:` gives them one by one. */
function compareEssid(value: string, asks: Positive): (found: string) => boolean {
  const wanted = (value.startsWith("hex:") ? hexBytes(value.slice(4)) : Buffer.from(value)).toString("latin1");
  if (wanted.length === 0 || wanted.length > 32) throw new RangeError("a network's name has 1 to 32 bytes");
  return asks === "is" ? (found) => found === wanted : (found) => found.includes(wanted);
}
function hexBytes(text: string): Buffer {
  if (!/^([0-9a-f]{2})*$/i.test(text)) throw new RangeError(`"${text}" is not hexadecimal`);
  return Buffer.from(text, "hex");
}
const essidText = (latin1: string): string => quoteWord(Buffer.from(latin1, "latin1").toString("utf8"));

/** NWAM and others write a byte below 16 with one digit as well. */
function compareMac(value: string): (found: string) => boolean {
  const normal = value.replace(/\b[0-9a-f]\b/gi, "0$&").toLowerCase();
  const bytes = parseMac(normal);
  if (bytes.length !== 6) throw new RangeError(`"${value}" is not a MAC address`);
  return (found) => found.toLowerCase() === normal;
}

/** `22:00-06:00` goes over midnight. The end does not belong to it. */
function compareTime(value: string): (found: string) => boolean {
  const [from, to, ...rest] = value.split("-").map(minuteOf);
  if (from === undefined || to === undefined || rest.length > 0) {
    throw new RangeError(`"${value}" is not a time of day such as 08:00-17:30`);
  }
  return (found) => {
    const now = minuteOf(found) ?? 0;
    return from <= to ? now >= from && now < to : now >= from || now < to;
  };
}
function minuteOf(text: string): number | undefined {
  const [, hours, minutes] = /^(\d\d):(\d\d)$/.exec(text) ?? [];
  const minute = Number(hours) * 60 + Number(minutes);
  return Number(minutes) < 60 && minute <= 24 * 60 ? minute : undefined;
}
const timeText = (minute: number): string =>
  [Math.floor(minute / 60), minute % 60].map((part) => String(part).padStart(2, "0")).join(":");

export type ConditionMode = "any" | "all";

/** Several conditions at once. Empty: never true. */
export interface ConditionList {
  readonly mode: ConditionMode;
  readonly conditions: readonly Condition[];
}
/** `rating` of a list that is true: the best of the true ones for `any`, the sum for `all`. */
export function evaluateList({ mode, conditions }: ConditionList, facts: PlaceFacts): Verdict & { rating: number } {
  const judged = conditions.map((condition) => ({ condition, ...condition.evaluate(facts) }));
  const [met, unmet] = [judged.filter(({ isTrue }) => isTrue), judged.find(({ isTrue }) => !isTrue)];
  const best = met.toSorted((a, b) => b.condition.rating - a.condition.rating)[0];
  const explain = ({ condition, because }: (typeof judged)[number]) => `${condition.text} (${because})`;
  if (!best || (mode === "all" && unmet)) {
    const failed = mode === "all" && unmet ? unmet : judged[0];
    return { isTrue: false, because: failed ? `not so: ${explain(failed)}` : "it has no conditions", rating: 0 };
  }
  if (mode === "any") return { isTrue: true, because: explain(best), rating: best.condition.rating };
  const rating = met.reduce((sum, { condition }) => sum + condition.rating, 0);
  return { isTrue: true, because: met.map(explain).join(" and "), rating };
}
