import type { WireVariant } from "../../base/property.ts";
import { BoundedCache } from "./bounded-cache.ts";
import { isObjectPath } from "./names.ts";
import type { Reader } from "./reader.ts";
import { mostSignatures, parseSignature, singleType, type Type } from "./signature.ts";
import { WireError } from "./wire-error.ts";

type Decode = (reader: Reader) => unknown;

/**
 * Reads the values of a whole body, of which no byte may be left over. Dictionaries become Maps, `ay` a Buffer, 64-bit
 * integers bigint, variants {@link WireVariant}. Throws {@link WireError}.
 */
export function decodeBody(reader: Reader, signature: string): unknown[] {
  const values = bodies.get(signature).map((decode) => decode(reader));
  if (reader.position !== reader.end) throw new WireError(`${reader.end - reader.position} bytes after the last value`);
  return values;
}

export function decodeVariant(reader: Reader): WireVariant {
  const signature = reader.shortText();
  const decode = variants.get(signature);
  reader.enter();
  const value = decode(reader);
  reader.leave();
  return { signature, value };
}

const bodies = new BoundedCache((signature) => parseSignature(signature).map(decoderOf), mostSignatures);
const variants = new BoundedCache((signature) => decoderOf(singleType(signature)), mostSignatures);

const basicDecoders: Readonly<Record<string, Decode>> = {
  y: (reader) => reader.u8(),
  b: (reader) => reader.boolean(),
  n: (reader) => reader.i16(),
  q: (reader) => reader.u16(),
  i: (reader) => reader.i32(),
  u: (reader) => reader.u32(),
  x: (reader) => reader.i64(),
  t: (reader) => reader.u64(),
  d: (reader) => reader.double(),
  s: (reader) => reader.text(),
  o: (reader) => {
    const path = reader.text();
    if (!isObjectPath(path)) throw new WireError("invalid object path");
    return path;
  },
  g: (reader) => {
    const signature = reader.shortText();
    parseSignature(signature);
    return signature;
  },
  // No descriptor is ever taken over, so the number means nothing; messages with `h` are refused before they are read.
  h: (reader) => reader.u32(),
};

function decoderOf(type: Type): Decode {
  if (type.kind === "basic") return basicDecoders[type.code] as Decode;
  if (type.kind === "variant") return decodeVariant;
  if (type.kind === "struct") return structDecoder(type.members.map(decoderOf));
  if (type.kind === "dict") return dictDecoder(decoderOf(type.key), decoderOf(type.value));
  if (type.text === "ay") return (reader) => reader.byteArray();
  return arrayDecoder(type.element.alignment, decoderOf(type.element));
}

/** Calls `element` until exactly all bytes of the array are read. */
function readElements(reader: Reader, alignment: number, element: () => void): void {
  const start = reader.arrayStart(alignment);
  const end = reader.position;
  reader.position = start;
  reader.enter();
  while (reader.position < end) {
    reader.countValue();
    element();
  }
  reader.leave();
  if (reader.position !== end) throw new WireError("array element reaches beyond its array");
}

function arrayDecoder(alignment: number, decode: Decode): Decode {
  return (reader) => {
    const values: unknown[] = [];
    readElements(reader, alignment, () => values.push(decode(reader)));
    return values;
  };
}

function dictDecoder(decodeKey: Decode, decodeValue: Decode): Decode {
  return (reader) => {
    const entries = new Map<unknown, unknown>();
    readElements(reader, 8, () => {
      reader.align(8);
      const key = decodeKey(reader);
      entries.set(key, decodeValue(reader));
    });
    return entries;
  };
}

function structDecoder(members: readonly Decode[]): Decode {
  return (reader) => {
    reader.align(8);
    reader.enter();
    const values = members.map((decode) => {
      reader.countValue();
      return decode(reader);
    });
    reader.leave();
    return values;
  };
}
