// own process: collects the garbage of all of it
import assert from "node:assert/strict";
import { test } from "node:test";
import { getHeapSpaceStatistics } from "node:v8";
import { nativeAddon } from "../../../src/native/native.ts";
import { makeRoom, releaseMemory } from "../../../src/system/memory.ts";

test("an object without a reference is gone afterwards", () => {
  const gone = new WeakRef(makeGarbage());
  return new Promise<void>((resolve) => {
    // In another turn: until the end of this one a WeakRef keeps its target.
    setImmediate(() => {
      releaseMemory();
      assert.equal(gone.deref(), undefined);
      resolve();
    });
  });
});

test("the collector is not left in the global object", () => {
  releaseMemory();
  assert.equal("gc" in globalThis, false);
});

test("pages that are half empty go back to the system too", () => {
  const kept = makeSparse();
  const spaceBytes = () => getHeapSpaceStatistics().reduce((sum, { space_size }) => sum + space_size, 0);
  const before = spaceBytes();
  releaseMemory();
  const given = before - spaceBytes();
  assert.ok(given > 5_000_000, `${given} of ${before} bytes were given back`);
  assert.equal(kept.length, 50_000);
});

test("memory allocated outside the heap goes back to the system too", () => {
  const kept = makeSparseBuffers();
  const before = process.memoryUsage.rss();
  releaseMemory();
  const given = before - process.memoryUsage.rss();
  assert.ok(given > 20_000_000, `${given} of ${before} bytes were given back`);
  assert.equal(kept.length, 250);
});

test("room is made by emptying the new space, and the collector is not left lying about", () => {
  const usedBytes = () =>
    getHeapSpaceStatistics().find((space) => space.space_name === "new_space")?.space_used_size ?? 0;
  makeRoom();
  const young = Array.from({ length: 5_000 }, (_, at) => ({ at }));
  const before = usedBytes();
  makeRoom();
  makeRoom();
  assert.ok(usedBytes() < before / 2, `${usedBytes()} of ${before} bytes are still in use`);
  assert.deepEqual([young.length, "gc" in globalThis], [5_000, false]);
});

test("of the heap no more is brought into memory than was said, in whole pages", () => {
  assert.equal(nativeAddon().populateHeap(0), 0);
  assert.equal(nativeAddon().populateHeap(1), 0);
  const bytes = nativeAddon().populateHeap(512 * 1024);
  assert.ok(bytes <= 512 * 1024 && bytes % (256 * 1024) === 0, String(bytes));
});

for (const bad of [-1, 1.5, Number.NaN, 2 ** 31, "1", undefined]) {
  test(`a size of ${bad} is refused`, () => {
    assert.throws(() => nativeAddon().populateHeap(bad as number), /mostBytes/);
  });
}

/** 32 MB from malloc, of which every eighth piece is kept: none of the holes is at the end of malloc's memory. */
function makeSparseBuffers(): readonly Buffer[] {
  return Array.from({ length: 2000 }, () => Buffer.alloc(16_384, 1)).filter((_, at) => at % 8 === 0);
}

/** Of objects side by side every fourth is kept, and all have lived long enough to stay where they are. */
function makeSparse(): unknown[] {
  const all = Array.from({ length: 200_000 }, (_, at) => ({ at, text: [at] }));
  releaseMemory();
  return all.filter((_, at) => at % 4 === 0);
}

const makeGarbage = () => ({ ballast: new Array(1000).fill("x") });
