/**
 * A Profile as text that people read and write: `[entry]` lines, `Name = value` lines in JSON, `#` comments. The same
 * form as the files of profiles/. Dictionaries with values of the usual types are written as JSON objects.
 */
import { DaemonError } from "../base/errors.ts";
import { holdsSecret } from "../system/redaction.ts";
import type { EntryRows } from "./store.ts";
import { checkEntry } from "./store-limits.ts";

/** By entry, in the order of the text. */
export type ProfileEntries = ReadonlyMap<string, EntryRows>;

/** 10,000 networks take 4 MiB. */
export const longestProfileText = 8 * 1024 * 1024;

const header = "# Fairlead Profile. Lines are `Name = value`, values are JSON; see profiles/examples/.";
const bareName = /^[A-Za-z0-9_.-]+$/;

/**
 * Whether a row is kept back as a whole: entries of technologies that this program does not know hold secrets of their
 * program, also below other names. Yes-or-no of such a name (SaveCredentials) gives nothing away.
 */
export const isSecretRow = (name: string, json: string): boolean => holdsSecret(name, JSON.parse(json));

export function formatProfile(
  entries: Iterable<readonly [string, EntryRows]>,
  { withSecrets }: { withSecrets: boolean },
): string {
  const lines = [header];
  let characters = 0;
  const add = (...more: string[]) => {
    for (const line of more) characters += line.length + 1;
    if (characters > longestProfileText) {
      throw new DaemonError(
        "Failure",
        `As text it has more than ${longestProfileText} characters; delete some entries first.`,
      );
    }
    lines.push(...more);
  };
  for (const [entry, rows] of entries) {
    add("", `[${entry}]`);
    for (const [name, json] of [...rows].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const label = bareName.test(name) ? name : JSON.stringify(name);
      add(!withSecrets && isSecretRow(name, json) ? `# ${label}: kept back` : `${label} = ${readable(json)}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

type RowCheck = (entry: string, name: string, json: string) => void;

/** Throws DaemonError InvalidArguments that names the line. `checkRow` throws the fault of a single value. */
export function parseProfile(text: string, checkRow: RowCheck = () => {}): ProfileEntries {
  const parts = parseInParts(text, checkRow);
  for (let part = parts.next(); ; part = parts.next()) if (part.done) return part.value;
}

/** As {@link parseProfile}, and other events have their turn meanwhile. */
export async function parseProfileInTurns(text: string, checkRow: RowCheck): Promise<ProfileEntries> {
  const parts = parseInParts(text, checkRow);
  for (let part = parts.next(); ; part = parts.next()) {
    if (part.done) return part.value;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Characters that are looked at in one go: about a millisecond. */
const partCharacters = 65_536;

function* parseInParts(text: string, checkRow: RowCheck): Generator<undefined, ProfileEntries> {
  if (text.length > longestProfileText) {
    throw new DaemonError("InvalidArguments", `the text has more than ${longestProfileText} characters`);
  }
  const entries = new Map<string, Map<string, string>>();
  let current: { readonly entry: string; readonly rows: Map<string, string> } | undefined;
  let charactersLeft = partCharacters;
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    charactersLeft -= line.length + 1;
    if (charactersLeft < 0) {
      yield;
      charactersLeft = partCharacters;
    }
    try {
      const words = line.trim();
      if (words === "" || words.startsWith("#")) continue;
      if (words.startsWith("[")) current = beginEntry(words, entries);
      else addRow(words, current, checkRow);
    } catch (error) {
      // The value stays out of it: it may be a secret.
      throw new DaemonError("InvalidArguments", `line ${at + 1}: ${(error as Error).message}`);
    }
  }
  for (const [entry, rows] of entries) checkEntry(entry, rows);
  return entries;
}

function beginEntry(words: string, entries: Map<string, Map<string, string>>) {
  const entry = words.slice(1, -1);
  if (!words.endsWith("]") || entry === "") throw new Error("an entry is begun by [name]");
  if (entries.has(entry)) throw new Error(`[${shortened(entry)}] stands here a second time`);
  const rows = new Map<string, string>();
  checkEntry(entry, rows);
  entries.set(entry, rows);
  return { entry, rows };
}

function addRow(
  words: string,
  current: { readonly entry: string; readonly rows: Map<string, string> } | undefined,
  checkRow: RowCheck,
): void {
  if (!current) throw new Error("an [entry] has to come first");
  const found = /^([A-Za-z0-9_.-]+|"(?:[^"\\]|\\.)*")\s*=\s*(.*)$/.exec(words);
  if (!found) throw new Error("neither `Name = value`, nor [entry], nor a comment");
  const [, label = "", value = ""] = found;
  const name = label.startsWith('"') ? String(JSON.parse(label)) : label;
  if (current.rows.has(name)) throw new Error(`${shortened(name)} is set a second time`);
  const json = storable(name, value);
  checkRow(current.entry, name, json);
  current.rows.set(name, json);
}

const shortened = (text: string): string => (text.length > 60 ? `${text.slice(0, 59)}…` : text);

/** Signatures that JSON tells apart; a dictionary with any other is written as it is stored. */
const plainTypes: Readonly<Record<string, (value: unknown) => boolean>> = {
  s: (value) => typeof value === "string",
  b: (value) => typeof value === "boolean",
  i: Number.isInteger,
  as: (value) => Array.isArray(value) && value.every((item) => typeof item === "string"),
};

/** The stored form of a dictionary is a list of [key, { signature, value }]. */
function readable(json: string): string {
  const value: unknown = JSON.parse(json);
  if (!Array.isArray(value) || value.length === 0) return json;
  const fields: [string, unknown][] = [];
  for (const item of value) {
    if (!Array.isArray(item) || item.length !== 2) return json;
    const [key, variant] = item as [unknown, { signature?: unknown; value?: unknown } | null];
    const isPlain = plainTypes[String(variant?.signature)]?.(variant?.value) ?? false;
    if (typeof key !== "string" || key === "__proto__" || !isPlain) return json;
    fields.push([key, variant?.value]);
  }
  return JSON.stringify(Object.fromEntries(fields));
}

function storable(name: string, text: string): string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(`the value of ${shortened(name)} is not JSON (texts stand in double quotes)`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return JSON.stringify(value);
  const pairs = Object.entries(value).map(([key, item]) => {
    const signature = Object.keys(plainTypes).find((type) => plainTypes[type]?.(item));
    if (!signature) throw new Error(`${shortened(key)} in ${shortened(name)} is of no type that fits there`);
    return [key, { signature, value: item as unknown }];
  });
  return JSON.stringify(pairs);
}
