import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type EnableInput,
  type EnableState,
  enableStates,
  nextEnableState,
} from "../../../src/devices/device-enabling.ts";

const states = Object.keys(enableStates) as EnableState[];
const inputs: readonly EnableInput[] = ["enable", "disable", "done", "failed", "gone"];

test("every state and input has its one result", () => {
  const rows = states.map((state) => `${state}: ${inputs.map((input) => nextEnableState(state, input)).join(" ")}`);
  assert.deepEqual(rows, [
    "disabled: enabling disabled disabled disabled disabled",
    "enabling: enabling enabling enabled disabled disabled",
    "enabled: enabled disabling enabled enabled disabled",
    "disabling: disabling disabling disabled enabled disabled",
  ]);
});

test("a Device that went while it was being enabled stays disabled, however that ends", () => {
  for (const input of ["done", "failed"] as const) {
    assert.equal(nextEnableState(nextEnableState("enabling", "gone"), input), "disabled");
  }
});
