import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { nativeAddon } from "../../../src/native/native.ts";
import { forbidCoreDumps } from "../../../src/system/memory.ts";

const file = "/proc/self/coredump_filter";

test("no kind of memory goes into a core dump of what is started", (t) => {
  const before = readFileSync(file, "utf8").trim();
  t.after(() => {
    nativeAddon().setDumpable(true);
    writeFileSync(file, `0x${before}`);
  });
  writeFileSync(file, "0x33");
  forbidCoreDumps();
  assert.match(readFileSync(file, "utf8"), /^0+\n$/);
});

test("whether a dump may be made is a yes or a no", () => {
  const setDumpable = nativeAddon().setDumpable as (value: unknown) => void;
  for (const value of [undefined, 1, "no"]) assert.throws(() => setDumpable(value), TypeError);
});
