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
    for (const entry of entriesOf(properties.defs)) {
      const value = properties.value(entry.name);
      if (value !== undefined) writeEntry(writer, entry, value, onBad);
    }
  }
  writer.patchU32(writer.position - start, lengthEnd);
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
const known = new WeakMap<Defs, readonly Entry[]>();

/** The readable properties of a table; made once, tables do not change. */
function entriesOf(defs: Defs): readonly Entry[] {
  let entries = known.get(defs);
  if (!entries) {
    const readable = [...defs].filter(([, def]) => isReadable(def));
    entries = readable.map(([name, def]) => makeEntry(name, def.signature as string));
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

/** Writes what {@link propertyBytes} gave wherever the writer stands. */
export function writePropertyBytes(writer: Writer, bytes: Buffer): void {
  writer.u32(bytes.length - headBytes);
  writer.align(8);
  writer.raw(bytes.subarray(headBytes));
}
