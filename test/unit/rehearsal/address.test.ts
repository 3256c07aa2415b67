import assert from "node:assert/strict";
import { test } from "node:test";
import { rehearseAddress } from "../../../src/rehearsal/address.ts";

test("the rehearsal reads back all that it encodes, as often as it is asked for", () => {
  assert.doesNotThrow(rehearseAddress);
  assert.doesNotThrow(rehearseAddress);
});
