import assert from "node:assert/strict";
import { test } from "node:test";
import { Cooldown } from "../../../src/services/attempts.ts";
import { type AutoConnectFacts, autoConnectRefusal } from "../../../src/services/auto-connect.ts";

const willing: AutoConnectFacts = {
  autoConnect: true,
  isTechnologyAllowed: true,
  isConnectable: true,
  state: "idle",
  isExplicitlyDisconnected: false,
  isThrottled: false,
  lacksUnderlay: false,
  hadBadPassphraseJustNow: false,
  policyRefusal: undefined,
  technologyRefusal: undefined,
};

/** In the order in which they are to be told. */
const objections: readonly [string, Partial<AutoConnectFacts>][] = [
  ["auto-connect is off", { autoConnect: false }],
  ["technology not auto connectable", { isTechnologyAllowed: false }],
  ["not connectable", { isConnectable: false }],
  ["connected", { state: "online" }],
  ["explicitly disconnected", { isExplicitlyDisconnected: true }],
  ["throttled", { isThrottled: true }],
  ["offline", { lacksUnderlay: true }],
  ["recent bad passphrase failure", { hadBadPassphraseJustNow: true }],
  ["connection medium unavailable", { technologyRefusal: "connection medium unavailable" }],
];

test("nothing in the way: it may connect", () => {
  assert.equal(autoConnectRefusal(willing), undefined);
});

for (const [at, [refusal]] of objections.entries()) {
  test(`"${refusal}" is told before all that come after it`, () => {
    const facts = Object.assign({}, willing, ...objections.slice(at).map(([, objection]) => objection));
    assert.equal(autoConnectRefusal(facts), refusal);
  });
}

for (const [state, refusal] of [
  ["association", "connecting"],
  ["configuration", "connecting"],
  ["disconnecting", "disconnecting"],
] as const) {
  test(`in state ${state} it is refused as ${refusal}`, () => {
    assert.equal(autoConnectRefusal({ ...willing, state }), refusal);
  });
}

test("a failure does not keep it from trying again", () => {
  assert.equal(autoConnectRefusal({ ...willing, state: "failure" }), undefined);
});

test("a network that always refuses is tried at 0, 0, 1, 3, 7, 15, 31, 63, 123, 183 s (timeline A1)", () => {
  const cooldown = new Cooldown();
  const attempts: number[] = [];
  // The failure follows at once; the next attempt is made in the first instant that is not throttled.
  for (let now = 0; attempts.length < 10; now += 1000) {
    while (!cooldown.isThrottled(now) && attempts.length < 10) {
      attempts.push(now / 1000);
      cooldown.attempt(now);
    }
  }
  assert.deepEqual(attempts, [0, 0, 1, 3, 7, 15, 31, 63, 123, 183]);
});

test("success makes the next attempt immediate again", () => {
  const cooldown = new Cooldown();
  cooldown.attempt(0);
  assert.equal(cooldown.attempt(0), 1000);
  cooldown.reset();
  assert.equal(cooldown.isThrottled(1), false);
  assert.equal(cooldown.attempt(1), 0);
});
