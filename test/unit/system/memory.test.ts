// own process: collects the garbage of all of it
import assert from "node:assert/strict";
import { test } from "node:test";
import { releaseMemory } from "../../../src/system/memory.ts";

test("what nobody refers to is gone afterwards", () => {
  const gone = new WeakRef(makeGarbage());
  return new Promise<void>((resolve) => {
    // In another turn: until the end of this one a WeakRef keeps what it refers to.
    setImmediate(() => {
      releaseMemory();
      assert.equal(gone.deref(), undefined);
      resolve();
    });
  });
});

test("the collector is not left lying about for everybody", () => {
  releaseMemory();
  assert.equal("gc" in globalThis, false);
});

const makeGarbage = () => ({ ballast: new Array(1000).fill("x") });
