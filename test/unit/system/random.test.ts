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

test("numbers that are drawn ahead of time are given out once", () => {
  const numbers = Array.from({ length: 1000 }, randomUint32);
  // Of 2^32 two of a thousand are the same once in nine thousand runs; a pool that repeats itself gives dozens.
  assert.ok(new Set(numbers).size >= 998);
});
