import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { keepMemoryOutOfCoreDumps } from "../../../src/system/core-dumps.ts";

const file = "/proc/self/coredump_filter";

test("no kind of memory goes into a core dump", (t) => {
  const before = readFileSync(file, "utf8").trim();
  t.after(() => writeFileSync(file, `0x${before}`));
  writeFileSync(file, "0x33");
  keepMemoryOutOfCoreDumps();
  assert.match(readFileSync(file, "utf8"), /^0+\n$/);
});
