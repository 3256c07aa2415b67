import assert from "node:assert/strict";
import { test } from "node:test";
import { rehearseKernelMessages } from "../../../src/rehearsal/kernel-messages.ts";

test("the rehearsal reads back all that it encodes, as often as it is asked for", () => {
  assert.doesNotThrow(rehearseKernelMessages);
  assert.doesNotThrow(rehearseKernelMessages);
});
