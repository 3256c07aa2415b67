import * as fs from "node:fs";
import { parse, TomlError } from "smol-toml";
import { checkSettings, isSettingName, refusal, type SettingName, type Settings, settingNames } from "./settings.ts";

const sizeLimitBytes = 1024 * 1024;

/**
 * Reads a configuration file (TOML 1.0; keys are the names of the flags). Undefined when there is none. Throws
 * DaemonError InvalidArguments naming file, line and key.
 */
export function readConfigFile(file: string): Settings | undefined {
  const text = readBounded(file);
  return text === undefined ? undefined : parseConfig(file, text);
}

function parseConfig(file: string, text: string): Settings {
  const raw = new Map<SettingName, unknown>();
  for (const [key, value] of flatEntries(parseToml(file, text))) {
    if (!isSettingName(key))
      throw refusal(`${file}:${lineOf(text, key)}: unknown key ${JSON.stringify(key.slice(0, 60))}`);
    raw.set(key, value);
  }
  return checkSettings(raw, (name) => `${file}:${lineOf(text, name)}: ${name}`);
}

/** The keys of a table that settings are in have its name and a dot before them. */
const flatEntries = (file: Readonly<Record<string, unknown>>): readonly (readonly [string, unknown])[] =>
  Object.entries(file).flatMap(([key, value]) =>
    isTable(value) && settingNames.some((name) => name.startsWith(`${key}.`))
      ? Object.entries(value).map(([below, of]) => [`${key}.${below}`, of] as const)
      : [[key, value] as const],
  );
const isTable = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function parseToml(file: string, text: string): Readonly<Record<string, unknown>> {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw refusal(`${file}`, error);
    const [what] = error.message.split("\n");
    throw refusal(`${file}:${error.line}:${error.column}: ${what}`);
  }
}

/**
 * Where a top-level key stands. The parser does not tell, so this looks for the first line that begins with it, bare,
 * quoted or as a table; 1 if it is written in a way that only the parser understands.
 */
function lineOf(text: string, key: string): number {
  const [table = ""] = key.split(".");
  return 1 + Math.max(0, findLine(text, key), key === table ? 0 : findLine(text, table));
}
function findLine(text: string, key: string): number {
  const literal = key.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  const pattern = new RegExp(`^\\s*(\\[\\[?\\s*)?(["']?)${literal}\\2\\s*[=.\\]]`, "u");
  return text.split("\n").findIndex((line) => pattern.test(line));
}

function readBounded(file: string): string | undefined {
  const bytes = readAtMost(file, sizeLimitBytes + 1);
  if (bytes === undefined) return undefined;
  if (bytes.length > sizeLimitBytes) throw refusal(`${file}: larger than ${sizeLimitBytes} bytes`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw refusal(`${file}: not UTF-8 text`);
  }
}

/** Undefined when there is no such file. A pipe or device of that name is opened without waiting for it. */
function readAtMost(file: string, limit: number): Buffer | undefined {
  let handle: number | undefined;
  try {
    handle = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    if (!fs.fstatSync(handle).isFile()) throw new Error("not a regular file");
    const buffer = Buffer.alloc(Math.min(limit, fs.fstatSync(handle).size + 1));
    return buffer.subarray(0, fs.readSync(handle, buffer, 0, buffer.length, 0));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw refusal(`${file}: cannot be read`, error);
  } finally {
    if (handle !== undefined) fs.closeSync(handle);
  }
}
