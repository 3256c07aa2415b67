import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSignature, singleType } from "../../../../src/bus/wire/signature.ts";
import { WireError } from "../../../../src/bus/wire/wire-error.ts";

test("a signature is read as its complete types", () => {
  assert.deepEqual(
    parseSignature("sa{sv}(iay)v").map(({ text }) => text),
    ["s", "a{sv}", "(iay)", "v"],
  );
});

const valid = ["", "ybnqiuxtdsogh", "aaaas", "a{s(ia{yv})}", "((((i))))", `${"a".repeat(32)}i`, "s".repeat(255)];
for (const signature of valid) {
  test(`accepts ${signature.slice(0, 40) || "an empty signature"}`, () =>
    assert.doesNotThrow(() => parseSignature(signature)));
}

const invalid = [
  "a",
  "(",
  ")",
  "()",
  "(i",
  "{sv}",
  "a{s}",
  "a{svs}",
  "a{vs}",
  "a{(i)s}",
  "a{sv",
  "(i}",
  "r",
  "e",
  "z",
  " ",
  "é",
  "s\0",
  `${"a".repeat(33)}i`,
  `${"(".repeat(33)}i${")".repeat(33)}`,
  "s".repeat(256),
  "__proto__",
];
for (const signature of invalid) {
  test(`refuses ${JSON.stringify(signature.slice(0, 40))}`, () => {
    assert.throws(() => parseSignature(signature), WireError);
  });
}

test("a variant holds exactly one type", () => {
  assert.throws(() => singleType(""), WireError);
  assert.throws(() => singleType("ss"), WireError);
  assert.equal(singleType("a{sv}").text, "a{sv}");
});
