import type { WireVariant } from "../base/property.ts";

/** A line fits the narrowest terminal that people use. */
export const lineWidth = 80;
const subjectWidth = 16;

/** A change as the bus told it, with a name that a person knows for the object. */
export interface Change {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly subject: string;
  readonly property: string;
  readonly value: unknown;
}

/** `14:03:59.120  eth0              State: online`, cut at {@link lineWidth} characters. */
export function renderChange({ at, subject, property, value }: Change): string {
  return cut(
    `${clockTime(at)}  ${cut(subject, subjectWidth).padEnd(subjectWidth)}  ${property}: ${renderValue(value)}`,
  );
}

/** A line of the lab itself among those of the bus. */
export const renderNote = (at: number, text: string): string => cut(`${clockTime(at)}  ${text}`);

/** Values as decoded from the bus, in one line that no control character can break. */
export function renderValue(value: unknown): string {
  if (typeof value === "string") return value === "" ? '""' : printable(value);
  if (isVariant(value)) return renderValue(value.value);
  if (value instanceof Map) return `{${[...value].map(([key, entry]) => `${key}: ${renderValue(entry)}`).join(", ")}}`;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map(renderValue).join(", ");
  return String(value);
}

const isVariant = (value: unknown): value is WireVariant =>
  typeof value === "object" && value !== null && "signature" in value && "value" in value;

// biome-ignore lint/suspicious/noControlCharactersInRegex: names from the network may hold any; a terminal obeys them
const printable = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f]/g, "\ufffd");

function cut(text: string, width = lineWidth): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}

const clockTime = (at: number): string => {
  const pad = (value: number, width = 2) => String(value).padStart(width, "0");
  const time = new Date(at);
  return `${pad(time.getHours())}:${pad(time.getMinutes())}:${pad(time.getSeconds())}.${pad(time.getMilliseconds(), 3)}`;
};
