/** Values of the bus as JSON and as text for people. */
import type { WireVariant } from "../../base/property.ts";

const isVariant = (value: unknown): value is WireVariant =>
  typeof value === "object" && value !== null && "signature" in value && "value" in value;

/** A value for JSON.stringify: 64-bit numbers beyond 2^53 become decimal strings, byte arrays hexadecimal text. */
export function toPlain(value: unknown): unknown {
  if (isVariant(value)) return toPlain(value.value);
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (Array.isArray(value)) return value.map(toPlain);
  if (value instanceof Map) return plainMap(value);
  return value;
}
/** `__proto__` is a key like any other. */
export const plainMap = (map: ReadonlyMap<unknown, unknown>): Readonly<Record<string, unknown>> =>
  Object.fromEntries([...map].map(([key, value]) => [String(key), toPlain(value)]));

/** Milliseconds since 1601-01-01 UTC, as shill counts, at the start of 1970. */
const epochOf1601 = 11_644_473_600_000n;
const times1601: ReadonlySet<string> = new Set([
  "LastConnected",
  "LastManualConnectAttempt",
  "LastOnline",
  "StartTime",
  "TrafficCounterResetTime",
]);

/** One line; `name` is the property's, since some numbers are times. */
export function toText(name: string, value: unknown): string {
  if (isVariant(value)) return toText(name, value.value);
  if (typeof value === "bigint" && times1601.has(name)) return time1601(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (value instanceof Map) return dictionaryText(value);
  if (Array.isArray(value))
    return value.map((item) => (item instanceof Map ? `{${toText("", item)}}` : toText("", item))).join(",");
  return String(value);
}
const dictionaryText = (map: ReadonlyMap<unknown, unknown>): string =>
  [...map].map(([key, value]) => `${key}=${toText(String(key), value)}`).join(" ");

function time1601(value: bigint): string {
  if (value === 0n) return "never";
  const at = Number(value - epochOf1601);
  return Math.abs(at) <= 8.64e15 ? localTime(at) : String(value);
}

const pad = (value: number, width = 2): string => String(value).padStart(width, "0");
const clockText = (time: Date): string => `${pad(time.getHours())}:${pad(time.getMinutes())}:${pad(time.getSeconds())}`;

/** `2026-11-20 07:40:12`, in the time zone of the person. */
export function localTime(at: number): string {
  const time = new Date(at);
  return `${time.getFullYear()}-${pad(time.getMonth() + 1)}-${pad(time.getDate())} ${clockText(time)}`;
}
/** `07:40:12.345` */
export function clockTime(at: number): string {
  const time = new Date(at);
  return `${clockText(time)}.${pad(time.getMilliseconds(), 3)}`;
}
