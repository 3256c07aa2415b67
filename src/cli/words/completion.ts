import type { Daemon } from "../daemon.ts";
import { hasUnsafe } from "../text/printable.ts";
import type { Candidates, OptionDef, Verb } from "../verb.ts";
import { findObjects, profileName } from "../view/object-names.ts";
import { type BusObject, kinds, type Snapshot } from "../view/snapshot.ts";
import { automationActions, conditionActions, policyActions } from "./automation-words.ts";
import { commonOptions } from "./command-line.ts";
import { staticIpWords } from "./static-ip-words.ts";
import { configActions, profileActions } from "./verb-actions.ts";

/** More than any screen shows. */
const mostCandidates = 500;

export type ReadSnapshot = () => Promise<{ readonly daemon: Daemon; readonly snapshot: Snapshot }>;

/**
 * Candidates for the last of `words` (the line after the program's name): verbs, options, names of objects. The daemon
 * is asked only where its objects are wanted; without it there are none.
 */
export async function candidatesFor(
  words: readonly string[],
  verbs: readonly Verb[],
  read: ReadSnapshot,
): Promise<string[]> {
  const typed = words.at(-1) ?? "";
  const before = words.slice(0, -1);
  const verb = verbs.find(({ name }) => before.includes(name));
  const options = { ...verb?.options, ...commonOptions };
  const pending = optionOf(before.at(-1) ?? "", options);
  if (pending?.value !== undefined) return [];
  const all = typed.startsWith("-")
    ? Object.keys(options).map((name) => `--${name}`)
    : verb
      ? await operandCandidates(verb, operandsAfter(verb, before, options), typed, read)
      : verbs.filter(({ isHidden }) => !isHidden).map(({ name }) => name);
  const fitting = [...new Set(all)].filter((text) => text.startsWith(typed) && text !== "" && !hasUnsafe(text));
  return fitting.slice(0, mostCandidates);
}

const optionOf = (word: string, options: Readonly<Record<string, OptionDef>>): OptionDef | undefined =>
  word.startsWith("--") && Object.hasOwn(options, word.slice(2)) ? options[word.slice(2)] : undefined;

function operandsAfter(verb: Verb, before: readonly string[], options: Readonly<Record<string, OptionDef>>): string[] {
  const rest = before.slice(before.indexOf(verb.name) + 1);
  return rest.filter(
    (word, at) => !word.startsWith("--") && optionOf(rest[at - 1] ?? "", options)?.value === undefined,
  );
}

async function operandCandidates(
  verb: Verb,
  operands: readonly string[],
  typed: string,
  read: ReadSnapshot,
): Promise<readonly string[]> {
  const wanted: Candidates = verb.completes?.[Math.min(operands.length, verb.completes.length - 1)] ?? "none";
  if (wanted === "shell") return ["bash", "zsh", "fish"];
  if (operands[1] === "StaticIPConfig") return staticIpWords.map((word) => `${word}=`);
  if (wanted === "profile-action") return profileActions;
  if (wanted === "vpn-action") return ["list", "import"];
  if (wanted === "config-action") return configActions;
  if (wanted === "automation-action") return automationActions;
  if (wanted === "policy-action") return policyActions;
  if (wanted === "condition-action") return conditionActions;
  if (wanted === "none") return [];
  const { snapshot } = await read();
  if (wanted === "profile") return snapshot.profiles.map(profileName);
  if (wanted === "property") return propertyNames(snapshot, operands[0] ?? "");
  return objectWords(snapshot, wanted, typed);
}

const propertyNames = (snapshot: Snapshot, word: string): string[] =>
  findObjects(snapshot, word, kinds).flatMap(({ properties }) => [...properties.keys()]);

function objectWords(snapshot: Snapshot, wanted: Candidates, typed: string): string[] {
  if (typed.startsWith("/")) return snapshot.all.filter(({ kind }) => fits(kind, wanted)).map(({ path }) => path);
  const links = snapshot.devices.map((device) => device.text("Interface"));
  const names = wanted === "device" ? [] : snapshot.services.map((service) => service.text("Name")).filter(isSingle);
  const others = wanted === "object" ? ["manager", ...snapshot.profiles.map(profileName)] : [];
  return [...links, ...names, ...others];
}
const fits = (kind: BusObject["kind"], wanted: Candidates): boolean => wanted === "object" || kind === wanted;
/** A name that several have would be refused. */
const isSingle = (name: string, _at: number, names: readonly string[]): boolean =>
  names.indexOf(name) === names.lastIndexOf(name);
