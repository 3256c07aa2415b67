import fc from "fast-check";
import { decodeBody } from "../../../src/bus/wire/decode.ts";
import { encodeBody } from "../../../src/bus/wire/encode.ts";
import { defaultLimits } from "../../../src/bus/wire/limits.ts";
import { Reader } from "../../../src/bus/wire/reader.ts";
import { parseSignature, type Type } from "../../../src/bus/wire/signature.ts";
import { Writer } from "../../../src/bus/wire/writer.ts";
import { anyText } from "../../harness/any-text.ts";

export function encoded(signature: string, values: readonly unknown[], limit = defaultLimits.maxSentBytes): Buffer {
  const writer = new Writer(16);
  writer.begin(limit);
  encodeBody(writer, signature, values);
  return Buffer.from(writer.bytes.subarray(0, writer.position));
}

export const decoded = (signature: string, bytes: Buffer, isLittleEndian = true, maxValues = 10_000): unknown[] =>
  decodeBody(new Reader(bytes, 0, bytes.length, isLittleEndian, maxValues), signature);

export const hex = (text: string): Buffer => Buffer.from(text.replace(/\s/g, ""), "hex");

const wellFormed = anyText({ maxLength: 40 }).filter((text) => !text.includes("\0"));
const path = fc
  .array(fc.stringMatching(/^[A-Za-z0-9_]{1,8}$/), { maxLength: 4 })
  .map((elements) => `/${elements.join("/")}`);
const basic: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  y: fc.integer({ min: 0, max: 0xff }),
  b: fc.boolean(),
  n: fc.integer({ min: -0x8000, max: 0x7fff }),
  q: fc.integer({ min: 0, max: 0xffff }),
  i: fc.integer(),
  u: fc.integer({ min: 0, max: 0xffffffff }),
  x: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  t: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  d: fc.double({ noNaN: true }),
  s: wellFormed,
  o: path,
  g: fc.constantFrom("", "s", "a{sv}", "(ii)as"),
};

const basicType = fc.constantFrom(...Object.keys(basic));
const nested = fc.letrec<{ type: string }>((tie) => ({
  type: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    basicType,
    fc.constant("v"),
    tie("type").map((type) => `a${type}`),
    fc.tuple(basicType, tie("type")).map(([key, value]) => `a{${key}${value}}`),
    fc.array(tie("type"), { minLength: 1, maxLength: 3 }).map((types) => `(${types.join("")})`),
  ),
}));
/** Any complete type without file descriptors. */
export const anyType = nested.type.filter((type) => type.length < 60);

/** Values of a type, as the decoder returns them. */
function anyValueOf(type: Type): fc.Arbitrary<unknown> {
  if (type.kind === "basic") return basic[type.code] as fc.Arbitrary<unknown>;
  if (type.kind === "variant") return variantValue;
  if (type.kind === "struct") return fc.tuple(...type.members.map(anyValueOf));
  if (type.text === "ay") return fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes));
  if (type.kind === "array") return fc.array(anyValueOf(type.element), { maxLength: 4 });
  const entries = fc.array(fc.tuple(anyValueOf(type.key), anyValueOf(type.value)), { maxLength: 4 });
  return entries.map((pairs) => new Map(pairs.map(([key, value]) => [key === 0 ? 0 : key, value])));
}
const variantValue = fc.constantFrom("s", "u", "as", "a{sv}", "(ib)", "ay", "t").chain((signature) => {
  const [type] = parseSignature(signature);
  const value = signature === "a{sv}" ? fc.constant(new Map()) : anyValueOf(type as Type);
  return value.map((inner) => ({ signature, value: inner }));
});

/** A signature of up to three types with values for it. */
export const anyBody = fc.array(anyType, { maxLength: 3 }).chain((types) => {
  const signature = types.join("");
  return fc.tuple(fc.constant(signature), fc.tuple(...parseSignature(signature).map(anyValueOf)));
});
