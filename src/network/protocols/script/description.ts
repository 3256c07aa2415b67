/** A protocol handler script's answer to `dump`, in netifd's form. Pure; the text is not trusted. */
import { DaemonError } from "../../../base/errors.ts";
import { isSecretName } from "../../../system/redaction.ts";

/** netifd's numbers: blobmsg types. */
const kinds = ["text", "list", "table", "text", "whole", "whole", "whole", "truth", "number"] as const;
type OptionKind = (typeof kinds)[number];

export interface ScriptDescription {
  readonly name: string;
  /** The options that it takes, by name; it is given no others. */
  readonly options: ReadonlyMap<string, OptionKind>;
  /** Works without a link below it. */
  readonly needsNoDevice: boolean;
  /** The setup need not leave a program running. */
  readonly needsNoTask: boolean;
  readonly hasRenew: boolean;
}

/** More than any handler has; a longer list is a mistake. */
const most = { handlers: 64, options: 256 } as const;

/** One handler for each line that is a JSON object; of two with one name the first counts. Throws InvalidArguments. */
export function parseDump(lines: readonly string[]): readonly ScriptDescription[] {
  const objects = lines.filter((line) => line.trimStart().startsWith("{"));
  if (objects.length > most.handlers) throw refusal(`more than ${most.handlers} handlers`);
  const found = new Map<string, ScriptDescription>();
  for (const line of objects) {
    const description = parseDescription(parseObject(line));
    if (!found.has(description.name)) found.set(description.name, description);
  }
  return [...found.values()];
}

export function parseObject(line: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new DaemonError("InvalidArguments", `no JSON: ${JSON.stringify(line.slice(0, 60))}`, { cause });
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw refusal(`no JSON object: ${JSON.stringify(line.slice(0, 60))}`);
}

function parseDescription(of: Readonly<Record<string, unknown>>): ScriptDescription {
  const { name, config = [] } = of;
  if (typeof name !== "string" || !/^[\w-]{1,32}$/.test(name)) throw refusal("name is no name of a protocol");
  if (!Array.isArray(config) || config.length > most.options) throw refusal(`${name}: config is no list of options`);
  return {
    name,
    options: new Map(config.map((option) => parseOption(name, option))),
    needsNoDevice: of["no-device"] === true,
    needsNoTask: of["no-proto-task"] === true,
    hasRenew: of["renew-handler"] === true,
  };
}
/** `["server:host", 3]`: the name, a word for validation that is not needed here, and the type. */
function parseOption(handler: string, option: unknown): readonly [string, OptionKind] {
  const [text, type] = Array.isArray(option) ? option : [];
  const [name = ""] = typeof text === "string" ? text.split(":", 1) : [];
  const kind = typeof type === "number" ? kinds[type] : undefined;
  if (/^\w{1,64}$/.test(name) && kind !== undefined) return [name, kind];
  throw refusal(`${handler}: ${JSON.stringify(option)?.slice(0, 60)} is no option`);
}
const refusal = (message: string): DaemonError => new DaemonError("InvalidArguments", message);

/**
 * Every user of the machine can read the arguments of a program; options of these names stand in its standard input
 * alone. A `key` in a log may be anything; an option of that name is a secret.
 */
const isSecret = (name: string): boolean => isSecretName(name) || /(^|_)key\d*$/i.test(name);

export interface ScriptConfigTexts {
  /** JSON of all but the secrets. */
  readonly open: string;
  /** JSON of everything. */
  readonly whole: string;
}
/**
 * The configuration for the script: only options that it takes, converted as netifd does, and dropped where that fails.
 */
export function configTexts(
  { options }: ScriptDescription,
  values: ReadonlyMap<string, readonly string[]>,
): ScriptConfigTexts {
  const converted = [...options].flatMap(([name, kind]) => {
    const texts = values.get(name);
    const value = texts === undefined ? undefined : convert(kind, texts);
    return value === undefined ? [] : [[name, value] as const];
  });
  const textOf = (entries: typeof converted) => JSON.stringify(Object.fromEntries(entries));
  return { open: textOf(converted.filter(([name]) => !isSecret(name))), whole: textOf(converted) };
}
function convert(kind: OptionKind, texts: readonly string[]): unknown {
  const [first = "", ...more] = texts;
  if (kind === "list") return texts.flatMap((text) => text.split(/[ \t]+/)).filter((word) => word !== "");
  if (more.length > 0 || kind === "table") return undefined;
  if (kind === "text") return first;
  if (kind === "truth") return truths.get(first);
  const isNumber = kind === "whole" ? /^-?(0x[\da-f]+|\d+)$/i.test(first) : /^-?\d+(\.\d+)?$/.test(first);
  if (!isNumber) return undefined;
  return /^-?0\d/.test(first) && kind === "whole" ? Number.parseInt(first, 8) : Number(first);
}
const truths: ReadonlyMap<string, boolean> = new Map([
  ["1", true],
  ["true", true],
  ["0", false],
  ["false", false],
]);
