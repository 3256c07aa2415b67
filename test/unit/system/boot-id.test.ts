import assert from "node:assert/strict";
import { test } from "node:test";
import { readBootId } from "../../../src/system/host-facts.ts";

test("a run of the kernel has one name", () => {
  const id = readBootId();
  assert.match(String(id), /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert.equal(readBootId(), id);
});
