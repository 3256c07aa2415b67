import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { selectGroup } from "../../../src/policy/link-policies.ts";
import { cables } from "../../fakes/fake-machine.ts";
import { type FakeRadio, fakeRadio } from "../../fakes/fake-radio.ts";
import { quiet, scene } from "./place-on-machine.ts";

const refusal = "policy Automatic: group 0 is online";

async function withRadio(t: TestContext, plugged: readonly string[]) {
  let radio: FakeRadio | undefined;
  const onRadio = fakeRadio((made) => {
    radio = made;
  });
  const what = await scene(t, plugged, { modules: [{ ...cables }, onRadio] });
  const home = (radio as FakeRadio | undefined)?.appear("wifi_home");
  if (!home) throw new Error("there is no radio");
  home.autoConnect = true;
  home.requestSort("it is known");
  await quiet(what.it);
  const activate = async (policy: string) => {
    what.policies.activate(policy);
    what.automation.check();
    await quiet(what.it);
  };
  return { ...what, home, activate };
}

test("the best group that is online refuses those behind it; policy All and a group that only tries refuse nothing", () => {
  const [cable, radio] = [
    { group: 0, isOnline: true },
    { group: 1, isOnline: true },
  ];
  assert.deepEqual(selectGroup("Automatic", [radio, cable]), { current: 0, refusal });
  assert.deepEqual(selectGroup("All", [radio, cable]), { current: undefined, refusal: undefined });
  const trying = selectGroup("Automatic", [radio, { group: 0, isOnline: false }]);
  assert.deepEqual(trying, { current: 1, refusal: "policy Automatic: group 1 is online" });
  assert.equal(selectGroup("Automatic", []).refusal, undefined);
});

test("policy All is the default: cable and radio are connected beside each other", async (t) => {
  const { it, home, policies } = await withRadio(t, ["eth0"]);
  assert.deepEqual([policies.active, home.state, it.service("eth0").state], ["All", "ready", "ready"]);
});

test("without a cable the radio is chosen, and the group is told", async (t) => {
  const { it, home, policies, activate } = await withRadio(t, []);
  Object.defineProperty(home, "hasWayOut", { get: () => true });
  await activate("Automatic");
  assert.deepEqual([policies.currentGroup, home.state], [1, "ready"]);
  const told = it.manager.feed.history.newest().filter(({ kind }) => kind === "priority-group-changed");
  assert.deepEqual(
    told.map(({ object, because }) => [object, because]),
    [["/policy/Automatic", "policy Automatic: group 1 is online"]],
  );
});

test("a cable that goes in ends the radio's connection once it is online, and not before", async (t) => {
  const { it, home, policies, activate } = await withRadio(t, []);
  await activate("Automatic");
  const order: string[] = [];
  it.manager.feed.queue.on(
    "service-state-changed",
    ({ service }) => void order.push(`${service.technology} ${service.state}`),
  );
  it.kernel.plug("eth0");
  await it.settle();
  assert.equal(home.state, "ready", "the other group is not cut before the quiet window");
  await quiet(it);
  assert.ok(order.indexOf("ethernet ready") < order.indexOf("wifi idle"), order.join());
  assert.deepEqual([policies.currentGroup, home.state, home.autoConnectRefusal], [0, "idle", refusal]);
  assert.throws(() => home.connect("a person"), /policy Automatic: group 0 is online/);
});

test("when the cable is lost the radio comes back by itself", async (t) => {
  const { it, home, policies, activate } = await withRadio(t, ["eth0"]);
  await activate("Automatic");
  assert.equal(home.state, "idle");
  it.kernel.unplug("eth0");
  await quiet(it);
  await quiet(it);
  assert.equal(home.state, "ready");
  assert.notEqual(policies.currentGroup, 0);
});

test("carrier of a worse group is ignored while a better one is online, and two cables are online together", async (t) => {
  const { it, home, activate } = await withRadio(t, ["eth0", "eth1"]);
  await activate("Automatic");
  home.requestSort("a better signal");
  await quiet(it);
  assert.deepEqual([home.state, it.service("eth0").state, it.service("eth1").state], ["idle", "ready", "ready"]);
});

test("a cable without a way out ends no radio's connection", async (t) => {
  const { it, home, policies, activate } = await withRadio(t, ["eth0"]);
  Object.defineProperty(it.service("eth0"), "hasWayOut", { get: () => false });
  await activate("Automatic");
  assert.deepEqual([policies.currentGroup, home.state], [undefined, "ready"]);
});

test("the policy is kept over a restart, and going back to All lets everything connect", async (t) => {
  const first = await withRadio(t, ["eth0"]);
  await first.activate("automatic");
  const later = await scene(t, ["eth0"], { storage: first.it.storage });
  assert.equal(later.policies.active, "Automatic");
  await first.activate("All");
  assert.equal(first.home.state, "ready");
  assert.throws(() => first.policies.activate("Nonsense"), /no policy Nonsense/);
});
