import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type ConnectInput,
  type ConnectState,
  connectMachine,
  connectStates,
  isActive,
  isConnected,
  isConnecting,
  isPortalled,
  nextConnectState,
} from "../../../src/services/connect-states.ts";
import { matchesGolden } from "../../harness/golden.ts";

const inputs: readonly ConnectInput[] = [
  "associate",
  "configure",
  "configured",
  "internet-found",
  "portal-found",
  "no-internet-found",
  "disconnect",
  "disconnected",
  "fail",
];

test("every state takes every input as the table in test/golden says", () => {
  const lines = connectStates.flatMap((state) =>
    inputs.map((input) => `${state} + ${input} -> ${nextConnectState(state, input) ?? "(ignored)"}`),
  );
  matchesGolden("connect-states.txt", lines.join("\n"));
});

test("each state can be left for idle", () => {
  const reachable = (from: ConnectState): Set<ConnectState> => {
    const seen = new Set([from]);
    for (const state of seen) for (const next of Object.values(connectMachine[state])) seen.add(next);
    return seen;
  };
  for (const state of connectStates) assert.ok(reachable(state).has("idle"), state);
});

test("nothing leads into the state one is in", () => {
  for (const state of connectStates) {
    for (const input of inputs) assert.notEqual(nextConnectState(state, input), state);
  }
});

test("a failure is left only for idle", () => {
  assert.deepEqual(connectMachine.failure, { disconnected: "idle" });
});

test("the classes of states are those of the bus", () => {
  const where = (holds: (state: ConnectState) => boolean) => connectStates.filter(holds);
  assert.deepEqual(where(isConnected), ["ready", "no-connectivity", "redirect-found", "online"]);
  assert.deepEqual(where(isConnecting), ["association", "configuration"]);
  assert.deepEqual(where(isPortalled), ["no-connectivity", "redirect-found"]);
  assert.deepEqual(
    where((state) => !isActive(state)),
    ["idle", "disconnecting", "failure"],
  );
});
