import assert from "node:assert/strict";
import { test } from "node:test";
import { rehearse } from "../../../src/rtnl/rehearsal.ts";

test("the rehearsal reads back all that it encodes, as often as it is asked for", () => {
  assert.doesNotThrow(rehearse);
  assert.doesNotThrow(rehearse);
});
