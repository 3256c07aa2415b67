import assert from "node:assert/strict";
import { test } from "node:test";
import { randomBytes, randomUint32 } from "../../../src/system/random.ts";

test("as many bytes as asked for, and others each time", () => {
  assert.equal(randomBytes(0).length, 0);
  assert.equal(randomBytes(9).length, 9);
  assert.equal(randomBytes(100_000).length, 100_000);
  assert.notDeepEqual(randomBytes(32), randomBytes(32));
});

test("numbers use all 32 bits", () => {
  const numbers = Array.from({ length: 200 }, randomUint32);
  assert.ok(numbers.every((number) => Number.isInteger(number) && number >= 0 && number < 2 ** 32));
  assert.ok(numbers.some((number) => number >= 2 ** 31));
  assert.ok(numbers.some((number) => number < 2 ** 31));
});
