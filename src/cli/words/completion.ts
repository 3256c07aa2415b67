import type { Daemon } from "../daemon.ts";
import { hasUnsafe } from "../text/printable.ts";
import type { Candidates, OptionDef, Verb } from "../verb.ts";
import { type AutomationKind, readObjects } from "../view/automation-view.ts";
import { findObjects, profileName } from "../view/object-names.ts";
import { type BusObject, kinds, type Snapshot, textIn } from "../view/snapshot.ts";
import { locationWords, modifierWords } from "./automation-words.ts";
import { commonOptions } from "./command-line.ts";
import { staticIpWords } from "./static-ip-words.ts";

/** More than any screen shows. */
const mostCandidates = 500;

/** Stands for the names of files, which each shell knows best how to complete. No name that is offered has a tab. */
export const fileNames = "\t";

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
  const verb = verbOf(before, verbs);
  const options = { ...verb?.options, ...commonOptions };
  const pending = optionOf(before.at(-1) ?? "", options);
  if (pending?.value !== undefined) return [];
  const all = typed.startsWith("-")
    ? Object.keys(options).map((name) => `--${name}`)
    : verb
      ? await operandCandidates(verb, operandsAfter(verb, before, options), typed, read)
      : verbs.filter(({ isHidden }) => !isHidden).map(({ name }) => name);
  if (all.includes(fileNames)) return [fileNames];
  const fitting = [...new Set(all)].filter((text) => text.startsWith(typed) && text !== "" && !hasUnsafe(text));
  return fitting.slice(0, mostCandidates);
}

/** The first word that is neither an option nor its value. */
function verbOf(before: readonly string[], verbs: readonly Verb[]): Verb | undefined {
  const isValue = (at: number) => optionOf(before[at - 1] ?? "", commonOptions)?.value !== undefined;
  const word = before.find((one, at) => !one.startsWith("-") && !isValue(at));
  return verbs.find(({ name }) => name === word);
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
  if (wanted === "action") return Object.keys(verb.actions ?? {});
  if (wanted === "location-setting" || wanted === "modifier-setting") return settingWords(wanted, operands[0]);
  if (wanted === "file") return verb.actions?.[operands[0] ?? ""]?.operands?.includes("FILE") ? [fileNames] : [];
  if (wanted === "none") return [];
  const { daemon, snapshot } = await read();
  const kind = kindsOfNames[wanted];
  if (kind) return namesOf(daemon, kind, operands[0]);
  if (wanted === "technology") return [...snapshot.manager.list("AvailableTechnologies"), "all"];
  if (wanted === "profile") return snapshot.profiles.map(profileName);
  if (wanted === "property") return propertyNames(snapshot, operands[0] ?? "");
  return objectWords(snapshot, wanted, typed);
}

const kindsOfNames: Readonly<Partial<Record<Candidates, AutomationKind>>> = {
  location: "Location",
  modifier: "Modifier",
  policy: "Policy",
};
/** A list takes no name, and a new name is the person's own. */
async function namesOf(daemon: Daemon, kind: AutomationKind, action: string | undefined): Promise<readonly string[]> {
  if (action === "list" || action === "create") return [];
  return (await readObjects(daemon, kind)).map(({ properties }) => textIn(properties, "Name"));
}
function settingWords(wanted: "location-setting" | "modifier-setting", action: string | undefined): readonly string[] {
  if (action !== "create") return [];
  const words = wanted === "location-setting" ? locationWords : modifierWords;
  return ["condition", ...Object.keys(words)].map((word) => `${word}=`);
}

const propertyNames = (snapshot: Snapshot, word: string): string[] =>
  findObjects(snapshot, word, kinds).flatMap(({ properties }) => [...properties.keys()]);

function objectWords(snapshot: Snapshot, wanted: Candidates, typed: string): string[] {
  if (wanted === "network") return namesInRange(snapshot);
  if (typed.startsWith("/")) return snapshot.all.filter(({ kind }) => fits(kind, wanted)).map(({ path }) => path);
  const links = snapshot.devices.map((device) => device.text("Interface"));
  const names = wanted === "device" ? [] : snapshot.services.map((service) => service.text("Name")).filter(isSingle);
  const others =
    wanted === "object" ? ["manager", ...snapshot.profiles.map(profileName)] : wanted === "subject" ? ["location"] : [];
  return [...links, ...names, ...others];
}
const namesInRange = (snapshot: Snapshot): string[] =>
  snapshot.services
    .filter((service) => service.text("Type") === "wifi" && service.flag("Visible"))
    .map((service) => service.text("Name"));
const fits = (kind: BusObject["kind"], wanted: Candidates): boolean =>
  wanted === "object" || kind === wanted || (wanted === "subject" && (kind === "service" || kind === "device"));
/** A name that several have would be refused. */
const isSingle = (name: string, _at: number, names: readonly string[]): boolean =>
  names.indexOf(name) === names.lastIndexOf(name);
