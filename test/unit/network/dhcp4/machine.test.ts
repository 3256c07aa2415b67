import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Dhcp4State,
  dhcp4Inputs,
  dhcp4States,
  dhcp4Step,
  isAwaitingReply,
} from "../../../../src/network/protocols/dhcp4/machine.ts";
import { matchesGolden } from "../../../harness/golden.ts";

const cells = dhcp4States.flatMap((state) =>
  dhcp4Inputs.map((input) => ({ state, input, step: dhcp4Step(state, input) })),
);

test("every state times every input is as written down", () => {
  const rows = cells.map(({ state, input, step }) => {
    const result = step ? `${step.state}${step.actions.map((action) => ` ${action}`).join("")}` : "-";
    return `${state.padEnd(12)}${input.padEnd(14)}${result}`;
  });
  matchesGolden("dhcp4-machine.txt", rows.join("\n"));
});

test("from every state the client can be stopped", () => {
  for (const state of dhcp4States) {
    if (state !== "stopped") assert.equal(dhcp4Step(state, "stop")?.state, "stopped", state);
  }
});

test("from every state bound can be reached", () => {
  const reaches = (from: Dhcp4State, seen: Set<Dhcp4State>): boolean => {
    if (from === "bound") return true;
    if (seen.has(from)) return false;
    seen.add(from);
    return dhcp4Inputs.some((input) => {
      const next = dhcp4Step(from, input)?.state;
      return next !== undefined && reaches(next, seen);
    });
  };
  for (const state of dhcp4States) assert.ok(reaches(state, new Set()), state);
});

test("answers of servers change nothing in states that await none", () => {
  for (const { state, input, step } of cells) {
    const isAnswer = ["offer", "doubtful-offer", "ack", "ack-to-check", "nak", "ipv6-only"].includes(input);
    if (isAnswer && !isAwaitingReply[state]) assert.equal(step, undefined, `${state} ${input}`);
  }
});

test("every message is sent in a state that hears its answer", () => {
  for (const { state, input, step } of cells) {
    const sends = step?.actions.some((action) => action.startsWith("send-"));
    if (step && sends) assert.ok(isAwaitingReply[step.state], `${state} ${input}`);
  }
});

test("an action that may run the machine again is the last of its step", () => {
  const recursive = new Set(["schedule-begin", "restart", "check-lease", "give-way-to-ipv6", "check-address"]);
  for (const { state, input, step } of cells) {
    const early = step?.actions.slice(0, -1).filter((action) => recursive.has(action)) ?? [];
    assert.deepEqual(early, [], `${state} ${input}`);
  }
});

test("every end of a lease in use ends it in every state in which one may be in use", () => {
  for (const state of dhcp4States) {
    if (state === "stopped") continue;
    for (const input of ["expired", "conflict"] as const) {
      assert.deepEqual(dhcp4Step(state, input)?.actions.slice(-2), ["void-lease", "restart"], `${state} ${input}`);
    }
  }
});

test("a hint that the network changed begins the asking anew wherever a lease may be in use", () => {
  for (const state of dhcp4States) {
    // A probe before use goes on: the address was granted a moment ago.
    const expected = state === "stopped" || state === "checking" ? undefined : "init-reboot";
    assert.equal(dhcp4Step(state, "verify")?.state, expected, state);
  }
});

test("without an answer no state of asking comes to rest but by the end of the lease", () => {
  for (const { state, input, step } of cells) {
    const isSilence = ["begin", "resend", "exhausted", "renew-due", "rebind-due", "verify"].includes(input);
    if (isSilence && step) assert.notEqual(step.state, "bound", `${state} ${input}`);
  }
});
