import assert from "node:assert/strict";
import { test } from "node:test";
import { type ConditionMode, type PlaceFacts, parseCondition } from "../../../src/policy/conditions.ts";
import { chooseLocation, type LocationCandidate } from "../../../src/policy/location-choice.ts";

const place: PlaceFacts = {
  addresses: ["10.1.0.7"],
  advertisedDomains: ["example.org"],
  systemDomain: undefined,
  essids: [],
  bssids: [],
  gatewayMacs: [],
  minuteOfDay: 600,
  isActive: () => undefined,
};
const nowhere = { ...place, addresses: [] };
const conditional = (name: string, mode: ConditionMode, ...texts: string[]): LocationCandidate => ({
  name,
  isEnabled: false,
  conditions: { mode, conditions: texts.map(parseCondition) },
});
const byHand = (name: string): LocationCandidate => ({ name, isEnabled: true });
const home = conditional("home", "any", "ip-address is-in-range 10.0.0.0/8");

test("without an address there is NoNet, even over one that is enabled by hand, which is the runner-up", () => {
  const { name, because, runnerUp } = chooseLocation([byHand("work"), home], nowhere);
  assert.deepEqual([name, because, runnerUp?.name], ["NoNet", "no Service is connected", "work"]);
});

test("one that is enabled by hand wins over all conditions", () => {
  const { name, because, runnerUp } = chooseLocation([home, byHand("work")], place);
  assert.deepEqual([name, because], ["work", "it is enabled by hand"]);
  assert.equal(runnerUp?.name, "home");
});

test("the best rating wins, and the reason names the conditions and the rating", () => {
  const domain = conditional("office", "all", "ip-address is 10.1.0.7", "advertised-domain contains example");
  const choice = chooseLocation([home, domain], place);
  assert.equal(choice.name, "office");
  assert.equal(
    choice.because,
    "ip-address is 10.1.0.7 (ip-address: 10.1.0.7) and advertised-domain contains example (advertised-domain: example.org), rating 14",
  );
  assert.equal(choice.runnerUp?.name, "home");
  assert.match(choice.runnerUp?.because ?? "", /rating 6$/);
});

test("of equal ratings the first in the list is taken", () => {
  const second = { ...home, name: "second" };
  assert.equal(chooseLocation([home, second], place).name, "home");
  assert.equal(chooseLocation([second, home], place).name, "second");
});

test("without any conditions that hold there is Automatic, and the others tell why not", () => {
  const away = conditional("away", "any", "ip-address is-in-range 192.0.2.0/24");
  const { name, runnerUp, others } = chooseLocation([away], place);
  assert.deepEqual([name, runnerUp], ["Automatic", undefined]);
  assert.deepEqual(others, [
    { name: "away", because: "not so: ip-address is-in-range 192.0.2.0/24 (ip-address: 10.1.0.7)" },
  ]);
});

test("one that is held back is not chosen, and one that failed leaves NoNet in its place", () => {
  const heldBack = chooseLocation([{ ...byHand("evil"), heldBackBecause: "no administrator agreed" }], place);
  assert.equal(heldBack.name, "Automatic");
  assert.deepEqual(heldBack.others, [{ name: "evil", because: "no administrator agreed" }]);
  const failed = chooseLocation([{ ...home, failedBecause: "nft ended with 1" }], place);
  assert.deepEqual([failed.name, failed.because], ["NoNet", "home failed: nft ended with 1"]);
  assert.equal(failed.runnerUp?.name, "home");
});
