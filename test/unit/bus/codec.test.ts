import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { WireError } from "../../../src/bus/wire/wire-error.ts";
import { fuzzRuns } from "../../harness/fuzz-runs.ts";
import { anyBody, decoded, encoded, hex } from "./codec-support.ts";

/** Written by hand from the specification: signature, values, little-endian bytes, big-endian bytes. */
const vectors: readonly (readonly [string, readonly unknown[], string, string])[] = [
  ["", [], "", ""],
  ["y", [200], "c8", "c8"],
  ["b", [true], "01000000", "00000001"],
  ["n", [-2], "feff", "fffe"],
  ["q", [0xfffe], "feff", "fffe"],
  ["i", [-2], "feffffff", "fffffffe"],
  ["u", [0xfffffffe], "feffffff", "fffffffe"],
  ["x", [-2n], "feffffffffffffff", "fffffffffffffffe"],
  ["t", [2n ** 64n - 1n], "ffffffffffffffff", "ffffffffffffffff"],
  ["d", [1.5], "000000000000f83f", "3ff8000000000000"],
  ["s", ["foo"], "03000000 666f6f00", "00000003 666f6f00"],
  ["s", ["é"], "02000000 c3a900", "00000002 c3a900"],
  ["o", ["/"], "01000000 2f00", "00000001 2f00"],
  ["g", ["a{sv}"], "05 617b73767d 00", "05 617b73767d 00"],
  ["v", [{ signature: "u", value: 5 }], "01 75 00 00 05000000", "01 75 00 00 00000005"],
  ["yt", [1, 2n], "01 00000000000000 0200000000000000", "01 00000000000000 0000000000000002"],
  ["ay", [Buffer.from([1, 2])], "02000000 0102", "00000002 0102"],
  ["as", [["a", "bc"]], "0f000000 01000000 6100 0000 02000000 626300", "0000000f 00000001 6100 0000 00000002 626300"],
  // An empty array of 8-aligned elements is padded all the same.
  ["ax", [[]], "00000000 00000000", "00000000 00000000"],
  [
    "a(yy)",
    [
      [
        [1, 2],
        [3, 4],
      ],
    ],
    "0a000000 00000000 0102 000000000000 0304",
    "0000000a 00000000 0102 000000000000 0304",
  ],
  [
    "a{sv}",
    [new Map([["a", { signature: "b", value: true }]])],
    "10000000 00000000 01000000 6100 01 6200 000000 01000000",
    "00000010 00000000 00000001 6100 01 6200 000000 00000001",
  ],
];

for (const [signature, values, little, big] of vectors) {
  test(`${signature || "nothing"} is written and read as the specification says: ${little}`, () => {
    assert.deepEqual(encoded(signature, values), hex(little));
    assert.deepEqual(decoded(signature, hex(little), true), values);
    assert.deepEqual(decoded(signature, hex(big), false), values);
  });
}

test("a written value is read back as it was", () => {
  fc.assert(
    fc.property(anyBody, ([signature, values]) => {
      assert.deepEqual(decoded(signature, encoded(signature, values)), values);
    }),
    { numRuns: fuzzRuns },
  );
});

test("a byte array may be given as numbers, a dictionary as an object, a small 64-bit number as number", () => {
  assert.deepEqual(encoded("ay", [[1, 2]]), encoded("ay", [Buffer.from([1, 2])]));
  assert.deepEqual(encoded("a{su}", [{ a: 1 }]), encoded("a{su}", [new Map([["a", 1]])]));
  assert.deepEqual(encoded("xt", [-5, 7]), encoded("xt", [-5n, 7n]));
});

test("a key called __proto__ is an ordinary key", () => {
  const bytes = encoded("a{ss}", [new Map([["__proto__", "evil"]])]);
  const [entries] = decoded("a{ss}", bytes) as [Map<string, string>];
  assert.equal(entries.get("__proto__"), "evil");
  assert.equal(({} as Record<string, unknown>).evil, undefined);
  assert.deepEqual(encoded("a{ss}", [Object.create(null, { k: { value: "v", enumerable: true } })]).length, 22);
});

const unfit: readonly (readonly [string, unknown, RegExp])[] = [
  ["y", 256, /0 to 255.*got 256/],
  ["n", 1.5, /integer/],
  ["u", -1, /0 to 4294967295/],
  ["u", "1", /a string of 1 characters/],
  ["i", Number.NaN, /NaN/],
  ["t", -1n, /bigint from 0/],
  ["x", 2n ** 63n, /bigint/],
  ["b", 1, /boolean/],
  ["d", "1", /number/],
  ["s", null, /null/],
  ["s", "a\0b", /NUL/],
  ["s", `${"x".repeat(100)}\0`, /NUL/],
  ["o", "", /object path/],
  ["o", "/a/", /object path/],
  ["o", "/a//b", /object path/],
  ["o", "/a-b", /object path/],
  ["g", "a", /signature/],
  ["g", "s".repeat(256), /255/],
  ["h", 0, /file descriptors/],
  ["v", 1, /signature/],
  ["v", { signature: "ss", value: "a" }, /one complete type/],
  ["v", { signature: "u", value: "a" }, /type u/],
  ["as", "a", /an array/],
  ["as", ["a", 1], /type s/],
  ["a{sv}", ["a"], /a Map or an object/],
  ["a{sv}", { Level: { signature: "u", value: -1 } }, /key "Level"/],
  ["(ii)", [1], /array of 2/],
];
for (const [signature, value, why] of unfit) {
  test(`refuses to write ${typeof value === "string" ? JSON.stringify(value.slice(0, 9)) : String(value)} as ${signature}`, () => {
    assert.throws(
      () => encoded(signature, [value]),
      (error) => error instanceof WireError && /argument 0/.test(error.message) && why.test(error.message),
    );
  });
}

test("refuses more or fewer values than the signature has", () => {
  assert.throws(() => encoded("ss", ["a"]), /takes 2 values, got 1/);
  assert.throws(() => encoded("s", ["a", "b"]), /takes 1 values, got 2/);
});

test("an error never shows the text that did not fit", () => {
  assert.throws(
    () => encoded("u", ["hunter2"]),
    (error) => error instanceof WireError && !error.message.includes("hunter2"),
  );
});

test("a value that contains itself is refused, not followed for ever", () => {
  const loop: { signature: string; value: unknown } = { signature: "v", value: undefined };
  loop.value = loop;
  assert.throws(() => encoded("v", [loop]), /nested deeper than 64/);
});

test("a message larger than the limit is refused", () => {
  assert.throws(() => encoded("s", ["x".repeat(100)], 64), /larger than 64 bytes/);
  assert.equal(encoded("s", ["x".repeat(59)], 64).length, 64);
});

test("a lone surrogate is sent as a replacement character", () => {
  assert.deepEqual(decoded("s", encoded("s", ["a\ud800b"])), ["a\ufffdb"]);
});

/** Why it is refused, signature, little-endian bytes. */
const broken: readonly (readonly [string, string, string])[] = [
  ["ends inside a number", "u", "010000"],
  ["has bytes left over", "y", "0101"],
  ["has padding that is not zero", "yu", "01 010000 00000000"],
  ["has a boolean of 2", "b", "02000000"],
  ["has text without NUL", "s", "01000000 6161"],
  ["has text with a NUL inside", "s", "03000000 61006100"],
  ["has text that ends beyond the message", "s", "ffffffff 61"],
  ["has text cut off before its NUL", "s", "01000000 61"],
  ["has text with half a UTF-8 character", "s", "01000000 c300"],
  ["has text with an overlong character", "s", "02000000 c08000"],
  ["has text with a surrogate in UTF-8", "s", "03000000 eda08000"],
  ["has long text that is not UTF-8", "s", `28000000 ${"61".repeat(39)}ff00`],
  ["has long text with a NUL", "s", `28000000 ${"61".repeat(39)}0000`],
  ["has an invalid path", "o", "02000000 2f2f00"],
  ["has an empty path", "o", "00000000 00"],
  ["has an invalid signature", "g", "01 2800"],
  ["has an array that ends beyond the message", "ay", "05000000 01"],
  ["has an array beyond 64 MiB", "ay", "01000004"],
  ["has an element that reaches beyond its array", "au", "02000000 00000000"],
  ["has a variant without type", "v", "00 00"],
  ["has a variant with two types", "v", "02 7979 00 01 01"],
  ["has a variant of an unknown type", "v", "01 7a 00 01"],
  ["has a dictionary entry cut off", "a{yy}", "01000000 00000000 01"],
];
for (const [why, signature, bytes] of broken) {
  test(`refuses a body that ${why}`, () => {
    assert.throws(() => decoded(signature, hex(bytes)), WireError);
  });
}

test("variants in variants are followed to 64 levels and no further", () => {
  const nested = (depth: number) => hex(`${"017600".repeat(depth)}01790007`);
  assert.doesNotThrow(() => decoded("v", nested(63)));
  assert.throws(() => decoded("v", nested(64)), /nested deeper than 64/);
  assert.throws(() => decoded("v", nested(100_000)), /nested deeper than 64/);
});

test("a message with more values than the limit is refused before they fill the memory", () => {
  const bytes = Buffer.alloc(4 + 4 * 1001);
  bytes.writeUInt32LE(4 * 1001, 0);
  assert.throws(() => decoded("aau", bytes, true, 1000), /too many values/);
  assert.equal((decoded("aau", bytes, true, 1001)[0] as unknown[]).length, 1001);
});

test("bytes of an array are a copy that outlives the message", () => {
  const bytes = encoded("ay", [Buffer.from([1, 2, 3])]);
  const [copy] = decoded("ay", bytes) as [Buffer];
  bytes.fill(0);
  assert.deepEqual(copy, Buffer.from([1, 2, 3]));
});
