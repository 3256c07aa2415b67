/** One line of log, with nothing in it that could forge another line, move a cursor, or show a secret. */
import { describeError } from "../base/errors.ts";
import type { LogFields, LogLevel } from "../base/log.ts";
import { redactFields, redactText } from "./redaction.ts";

export interface LogEntry {
  readonly level: LogLevel;
  readonly scope: string;
  readonly message: string;
  readonly fields: LogFields | undefined;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Under journald's limit of 48 KiB, and enough for any stack. */
const maxLineLength = 8192;

/** Syslog priorities, as the journal reads them from `<N>` (sd-daemon(3)). */
const priorities: Readonly<Record<LogLevel, number>> = { error: 3, warn: 4, info: 6, debug: 7 };

/** Line breaks, terminal escapes, and signs that turn the writing direction around. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: none of these may get through
const unsafe = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;
const escapes: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

const escapeUnsafe = (text: string): string =>
  text.replace(unsafe, (sign) => escapes[sign] ?? `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** `<6>scope: message key=value`; the journal knows the time itself. */
export const journalLine = (entry: LogEntry, withStacks: boolean): string =>
  limit(`<${priorities[entry.level]}>${body(entry, withStacks)}`);

/** `12:34:56.789 info scope: message key=value`, local time. */
export const plainLine = (entry: LogEntry, withStacks: boolean): string =>
  limit(`${timeOfDay(entry.at)} ${entry.level} ${body(entry, withStacks)}`);

/** `message key=value`, for a sink that shows the rest by itself. */
export const lineText = (entry: LogEntry): string => limit(body(entry, false).slice(entry.scope.length + 2));

function body({ scope, message, fields }: LogEntry, withStacks: boolean): string {
  // Cut before the search for secrets too: no caller makes us search through megabytes.
  const text = redactText(message.slice(0, maxLineLength));
  if (!fields) return escapeUnsafe(`${scope}: ${text}`);
  const parts = [`${scope}: ${text}`];
  for (const [key, value] of Object.entries(redactFields(fields))) {
    parts.push(`${key}=${fieldText(value)}`);
    if (withStacks && value instanceof Error && value.stack)
      parts.push(`stack=${quoteIfNeeded(redactText(value.stack))}`);
  }
  return escapeUnsafe(parts.join(" "));
}

function fieldText(value: unknown): string {
  if (value instanceof Error) return quoteIfNeeded(redactText(describeError(value)));
  if (typeof value === "string") return quoteIfNeeded(value);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (typeof value === "object" && value !== null) return jsonText(value);
  return String(value);
}

const quoteIfNeeded = (text: string): string => (text === "" || /[\s"=]/.test(text) ? JSON.stringify(text) : text);

function jsonText(value: object): string {
  try {
    return JSON.stringify(value, (_key, item: unknown) => {
      if (typeof item === "bigint") return item.toString();
      if (item instanceof Error) return redactText(describeError(item));
      return item instanceof Map ? [...item] : item;
    });
  } catch (error) {
    return `[${describeError(error)}]`;
  }
}

const limit = (line: string): string =>
  line.length <= maxLineLength ? line : `${line.slice(0, maxLineLength)} [${line.length - maxLineLength} more]`;

function timeOfDay(at: number): string {
  const time = new Date(at);
  const two = (value: number) => String(value).padStart(2, "0");
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
  return `${clock}.${String(time.getMilliseconds()).padStart(3, "0")}`;
}
