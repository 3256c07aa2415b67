import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type ActivationState,
  activationInputs,
  activationMachine,
  activationStates,
  auxOf,
  nextActivation,
} from "../../../src/policy/activation.ts";
import { matchesGolden } from "../../harness/golden.ts";

test("every state takes every input as the table in test/golden says", () => {
  const transitions = activationStates.flatMap((state) =>
    activationInputs.map((input) => `${state} + ${input} -> ${nextActivation(state, input) ?? "(ignored)"}`),
  );
  const aux = activationStates.map((state) => `${state}: ${auxOf(state)}`);
  matchesGolden("activation.txt", [...transitions, "", ...aux].join("\n"));
});

test("each state can be left for disabled", () => {
  const reachable = (from: ActivationState): Set<ActivationState> => {
    const seen = new Set([from]);
    for (const state of seen) for (const next of Object.values(activationMachine[state])) seen.add(next);
    return seen;
  };
  for (const state of activationStates) assert.ok(reachable(state).has("disabled"), state);
});

test("late news of a program takes nothing out of maintenance", () => {
  assert.equal(nextActivation("maintenance", "configured"), undefined);
  assert.equal(nextActivation("maintenance", "deconfigured"), undefined);
});

test("nothing leads into the state one is in", () => {
  for (const state of activationStates) {
    for (const input of activationInputs) assert.notEqual(nextActivation(state, input), state);
  }
});
