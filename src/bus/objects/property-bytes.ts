import type { AnyExportedInterface } from "../bus.ts";
import { variantEncoder } from "../wire/encode.ts";
import { defaultLimits } from "../wire/limits.ts";
import { WireError } from "../wire/wire-error.ts";
import { Writer } from "../wire/writer.ts";
import { isReadable } from "./introspection-xml.ts";

export type OnBadProperty = (property: string, error: WireError) => void;

/** Length and padding before the first entry of an `a{sv}` that starts at a multiple of 8. */
const headBytes = 8;
const scratch = new Writer(65_536);

/**
 * Writes all present readable properties as an `a{sv}`. One whose value does not fit its signature is left out and told
 * to `onBad`: the others must not suffer for it.
 */
export function writeProperties(writer: Writer, exported: AnyExportedInterface, onBad: OnBadProperty): void {
  writer.u32(0);
  const lengthEnd = writer.position;
  writer.align(8);
  const start = writer.position;
  const { properties } = exported;
  if (properties) {
    for (const entry of entriesOf(properties.defs).values()) {
      const value = properties.value(entry.name);
      if (value !== undefined) writeEntry(writer, entry, value, onBad);
    }
  }
  writer.patchU32(writer.position - start, lengthEnd);
}

/**
 * Writes the body of PropertiesChanged, `sa{sv}as`, about these properties. False: there is nothing to tell of them.
 * One whose value does not fit is left out as in {@link writeProperties}.
 */
export function writeChanges(
  writer: Writer,
  exported: AnyExportedInterface,
  names: Iterable<string>,
  onBad: OnBadProperty,
): boolean {
  const { properties } = exported;
  if (!properties) return false;
  writer.text(exported.name);
  writer.u32(0);
  const lengthEnd = writer.position;
  writer.align(8);
  const start = writer.position;
  const entries = entriesOf(properties.defs);
  const invalidated: string[] = [];
  for (const name of names) {
    const def = properties.defs.get(name);
    if (!def || def.isInternal) continue;
    const entry = entries.get(name);
    const value = entry && properties.value(name);
    if (entry && value !== undefined) writeEntry(writer, entry, value, onBad);
    else invalidated.push(name);
  }
  const length = writer.position - start;
  writer.patchU32(length, lengthEnd);
  writeTexts(writer, invalidated);
  return length > 0 || invalidated.length > 0;
}
function writeTexts(writer: Writer, texts: readonly string[]): void {
  writer.u32(0);
  const start = writer.position;
  for (const text of texts) writer.text(text);
  writer.patchU32(writer.position - start, start);
}

function writeEntry(writer: Writer, { name, head, encode }: Entry, value: unknown, onBad: OnBadProperty): void {
  const before = writer.position;
  try {
    writer.align(8);
    writer.raw(head);
    encode(writer, value);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    writer.position = before;
    onBad(name, error);
  }
}

interface Entry {
  readonly name: string;
  /** Name and signature as they stand at the start of each entry, the same for all objects of a kind. */
  readonly head: Buffer;
  readonly encode: (writer: Writer, value: unknown) => void;
}
type Defs = NonNullable<AnyExportedInterface["properties"]>["defs"];
const known = new WeakMap<Defs, ReadonlyMap<string, Entry>>();

/** The readable properties of a table; made once, tables do not change. */
function entriesOf(defs: Defs): ReadonlyMap<string, Entry> {
  let entries = known.get(defs);
  if (!entries) {
    const readable = [...defs].filter(([, def]) => isReadable(def));
    entries = new Map(readable.map(([name, def]) => [name, makeEntry(name, def.signature as string)]));
    known.set(defs, entries);
  }
  return entries;
}
function makeEntry(name: string, signature: string): Entry {
  const writer = new Writer(256);
  writer.text(name);
  writer.shortText(signature);
  return { name, head: Buffer.from(writer.bytes.subarray(0, writer.position)), encode: variantEncoder(signature) };
}

/** The same as bytes of their own, from the length on, starting at a multiple of 8. */
export function propertyBytes(exported: AnyExportedInterface, onBad: OnBadProperty): Buffer {
  scratch.position = 0;
  scratch.begin(defaultLimits.maxSentBytes);
  writeProperties(scratch, exported, onBad);
  return Buffer.from(scratch.bytes.subarray(0, scratch.position));
}

/** Writes the result of {@link propertyBytes} at the writer's position. */
export function writePropertyBytes(writer: Writer, bytes: Buffer): void {
  writer.u32(bytes.length - headBytes);
  writer.align(8);
  writer.raw(bytes.subarray(headBytes));
}
