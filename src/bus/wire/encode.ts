import type { WireVariant } from "../../base/property.ts";
import { BoundedCache } from "./bounded-cache.ts";
import { protocolLimits } from "./limits.ts";
import { isObjectPath } from "./names.ts";
import { mostSignatures, parseSignature, quote, singleType, type Type } from "./signature.ts";
import { locatedAt, WireError } from "./wire-error.ts";
import type { Writer } from "./writer.ts";

type Encode = (writer: Writer, value: unknown) => void;

/**
 * Writes `values` by `signature`, aligned from {@link Writer.begin}. Throws {@link WireError} naming the argument and
 * the expected type; the writer then holds half a body and has to be rolled back.
 */
export function encodeBody(writer: Writer, signature: string, values: readonly unknown[]): void {
  const encoders = bodies.get(signature);
  if (encoders.length !== values.length) {
    throw new WireError(`signature ${quote(signature)} takes ${encoders.length} values, got ${values.length}`);
  }
  for (let at = 0; at < encoders.length; at++) {
    try {
      (encoders[at] as Encode)(writer, values[at]);
    } catch (error) {
      throw locatedAt(`argument ${at}`, error);
    }
  }
}

/** Writes a variant: signature and value. */
function encodeVariant(writer: Writer, signature: string, value: unknown): void {
  const encode = variants.get(signature);
  writer.shortText(signature);
  encode(writer, value);
}

/** Encoder of a variant's value whose signature is written already. */
export const variantEncoder = (signature: string): Encode => variants.get(signature);

const bodies = new BoundedCache((signature) => parseSignature(signature).map(encoderOf), mostSignatures);
const variants = new BoundedCache((signature) => encoderOf(singleType(signature)), mostSignatures);

const mismatch = (code: string, what: string, value: unknown): WireError =>
  new WireError(`expected ${what} for type ${code}, got ${describe(value)}`);

/** Never the text itself: it may be a secret, and the error goes into the log. */
function describe(value: unknown): string {
  if (typeof value === "string") return `a string of ${value.length} characters`;
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  return value === null ? "null" : Array.isArray(value) ? "an array" : `a ${typeof value}`;
}

const integer = (code: string, low: number, high: number, write: (writer: Writer, value: number) => void): Encode => {
  const what = `an integer from ${low} to ${high}`;
  return (writer, value) => {
    if (typeof value !== "number" || !Number.isInteger(value) || value < low || value > high) {
      throw mismatch(code, what, value);
    }
    write(writer, value);
  };
};

const integer64 = (code: string, low: bigint, high: bigint): Encode => {
  const what = `a bigint from ${low} to ${high}`;
  return (writer, value) => {
    const big = Number.isSafeInteger(value) ? BigInt(value as number) : value;
    if (typeof big !== "bigint" || big < low || big > high) throw mismatch(code, what, value);
    writer.u64(big);
  };
};

const text = (value: unknown, code: string): string => {
  if (typeof value !== "string") throw mismatch(code, "a string", value);
  return value;
};

const basicEncoders: Readonly<Record<string, Encode>> = {
  y: integer("y", 0, 0xff, (writer, value) => writer.u8(value)),
  n: integer("n", -0x8000, 0x7fff, (writer, value) => writer.u16(value)),
  q: integer("q", 0, 0xffff, (writer, value) => writer.u16(value)),
  i: integer("i", -0x80000000, 0x7fffffff, (writer, value) => writer.u32(value)),
  u: integer("u", 0, 0xffffffff, (writer, value) => writer.u32(value)),
  x: integer64("x", -(2n ** 63n), 2n ** 63n - 1n),
  t: integer64("t", 0n, 2n ** 64n - 1n),
  b: (writer, value) => {
    if (typeof value !== "boolean") throw mismatch("b", "a boolean", value);
    writer.u32(value ? 1 : 0);
  },
  d: (writer, value) => {
    if (typeof value !== "number") throw mismatch("d", "a number", value);
    writer.double(value);
  },
  s: (writer, value) => writer.text(text(value, "s")),
  o: (writer, value) => {
    if (typeof value !== "string" || !isObjectPath(value)) throw mismatch("o", "an object path", value);
    writer.text(value);
  },
  g: (writer, value) => {
    parseSignature(text(value, "g"));
    writer.shortText(value as string);
  },
  h: () => {
    throw new WireError("file descriptors cannot be sent");
  },
};

function encoderOf(type: Type): Encode {
  if (type.kind === "basic") return basicEncoders[type.code] as Encode;
  if (type.kind === "variant") return encodeAnyVariant;
  if (type.kind === "struct") return structEncoder(type.members.map(encoderOf));
  if (type.kind === "dict") return dictEncoder(type.text, encoderOf(type.key), encoderOf(type.value));
  if (type.text === "ay") return encodeBytes;
  return arrayEncoder(type.text, type.element.alignment, encoderOf(type.element));
}

const encodeAnyVariant: Encode = (writer, value) => {
  const { signature, value: inner } = (value ?? {}) as Partial<WireVariant>;
  if (typeof signature !== "string") throw mismatch("v", "a value with its signature", value);
  if (writer.depth >= protocolLimits.totalDepth) throw new WireError("variants nested deeper than 64");
  writer.depth++;
  encodeVariant(writer, signature, inner);
  writer.depth--;
};

/** Writes length, padding and `elements`; the padding before the first element does not count. */
function encodeArray(writer: Writer, alignment: number, elements: () => void): void {
  writer.u32(0);
  const lengthEnd = writer.position;
  writer.align(alignment);
  const start = writer.position;
  elements();
  const length = writer.position - start;
  if (length > protocolLimits.arrayBytes) throw new WireError("array larger than 64 MiB");
  writer.patchU32(length, lengthEnd);
}

const encodeBytes: Encode = (writer, value) => {
  if (value instanceof Uint8Array) {
    writer.u32(value.length);
    writer.raw(value);
  } else encodeByteNumbers(writer, value);
};
const encodeByteNumbers = arrayEncoder("ay", 1, basicEncoders.y as Encode);

function arrayEncoder(code: string, alignment: number, element: Encode): Encode {
  return (writer, value) => {
    if (!Array.isArray(value)) throw mismatch(code, "an array", value);
    encodeArray(writer, alignment, () => {
      for (let at = 0; at < value.length; at++) element(writer, value[at]);
    });
  };
}

function dictEncoder(code: string, encodeKey: Encode, encodeValue: Encode): Encode {
  return (writer, value) => {
    const entries = asMap(code, value);
    encodeArray(writer, 8, () => {
      // An iterator would make two objects for each entry.
      entries.forEach((item, key) => {
        writer.align(8);
        encodeKey(writer, key);
        try {
          encodeValue(writer, item);
        } catch (error) {
          throw locatedAt(`key ${typeof key === "string" ? quote(key) : describe(key)}`, error);
        }
      });
    });
  };
}

function asMap(code: string, value: unknown): ReadonlyMap<unknown, unknown> {
  if (value instanceof Map) return value;
  const isPlain = typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
  if (!isPlain) throw mismatch(code, "a Map or an object", value);
  return new Map(Object.entries(value));
}

function structEncoder(members: readonly Encode[]): Encode {
  return (writer, value) => {
    if (!Array.isArray(value) || value.length !== members.length) {
      throw mismatch("struct", `an array of ${members.length}`, value);
    }
    writer.align(8);
    for (let at = 0; at < members.length; at++) (members[at] as Encode)(writer, value[at]);
  };
}
