import type { AnyExportedInterface } from "./bus.ts";
import { encodeVariant } from "./encode.ts";
import { isReadable } from "./introspection-xml.ts";
import { defaultLimits } from "./limits.ts";
import { WireError } from "./wire-error.ts";
import { Writer } from "./writer.ts";

/** Length and padding before the first entry of an `a{sv}` that starts at a multiple of 8. */
const headBytes = 8;
const scratch = new Writer(65_536);

/**
 * All present readable properties as an `a{sv}`, from its length to its last entry, starting at a multiple of 8. One
 * whose value does not fit its signature is left out and told to `onBad`: the others must not suffer for it.
 */
export function marshalProperties(
  exported: AnyExportedInterface,
  onBad: (property: string, error: WireError) => void,
): Buffer {
  scratch.position = 0;
  scratch.begin(defaultLimits.maxMessageBytes);
  scratch.u32(0);
  scratch.u32(0);
  for (const [name, def] of exported.properties?.defs ?? []) {
    if (!isReadable(def)) continue;
    const value = exported.properties?.value(name);
    if (value !== undefined) writeEntry(name, def.signature as string, value, onBad);
  }
  scratch.patchU32(scratch.position - headBytes, 4);
  return Buffer.from(scratch.bytes.subarray(0, scratch.position));
}

function writeEntry(
  name: string,
  signature: string,
  value: unknown,
  onBad: (property: string, error: WireError) => void,
): void {
  const before = scratch.position;
  try {
    scratch.align(8);
    scratch.text(name);
    encodeVariant(scratch, signature, value);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    scratch.position = before;
    onBad(name, error);
  }
}

/** Writes a kept `a{sv}` wherever the writer stands. */
export function writeKept(writer: Writer, kept: Buffer): void {
  writer.u32(kept.length - headBytes);
  writer.align(8);
  writer.raw(kept.subarray(headBytes));
}
