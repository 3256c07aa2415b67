import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeMachine } from "../../fakes/fake-machine.ts";
import { machine } from "./machine.ts";

const now = { isPersistent: false };
const fixed = new Map([
  ["Address", { signature: "s", value: "203.0.113.5" }],
  ["Prefixlen", { signature: "i", value: 24 }],
]);

test("cables that wait for their carrier alone are prepared, once each", async (t) => {
  const it = await machine(t, []);
  assert.equal(it.dhcp.waiting, "eth0 ready, eth1 ready");
  it.service("eth1").setProperty("Priority", 5);
  await it.settle();
  assert.equal(it.dhcp.standbys.length, 2, "another sort makes no other question");
});

test("the question leaves with the carrier, before the Service connects, which takes it over", async (t) => {
  const it = await machine(t, []);
  const told: string[] = [];
  it.kernel.onDelta((delta) => {
    if (delta.kind === "link-changed") told.push(it.dhcp.standbys[0]?.state ?? "none");
  });
  it.kernel.plug("eth0");
  assert.ok(told.includes("asking") || told.includes("taken"), `on the news of the carrier: ${told}`);
  await it.settle();
  assert.deepEqual([it.dhcp.standbys[0]?.state, it.dhcp.sessions.length], ["taken", 1]);
  assert.equal(it.service("eth0").state, "ready");
  assert.equal(it.dhcp.waiting, "eth1 ready");
});

test("after the loss of the carrier it is prepared again, and a second cable is as fast", async (t) => {
  const it = await machine(t, ["eth0"]);
  for (const round of [1, 2]) {
    it.kernel.unplug("eth0");
    await it.settle();
    assert.match(it.dhcp.waiting, /eth0 ready/, `round ${round}`);
    it.kernel.plug("eth0");
    await it.settle();
    assert.doesNotMatch(it.dhcp.waiting, /eth0/);
    assert.equal(it.service("eth0").state, "ready");
  }
});

test("new settings make another question", async (t) => {
  const it = await machine(t, []);
  it.manager.settings.setProperty("DHCPProperty.Hostname", "laptop");
  it.service("eth0").setProperty("Priority", 1);
  await it.settle();
  it.kernel.plug("eth0");
  await it.settle();
  assert.equal(it.dhcp.session("eth0").config.hostname, "laptop");
  assert.equal(it.dhcp.standbys.find(({ state }) => state === "taken")?.config.hostname, "laptop");
});

test("the host name of a Profile that is read anew is in the question that waits", async (t) => {
  const it = await machine(t, []);
  it.manager.settings.setProperty("DHCPProperty.Hostname", "laptop");
  await it.settle();
  assert.equal(hostnameReady(it), "laptop", "set by a client");
  it.manager.settings.restore(new Map([["DHCPProperty.Hostname", '"desk"']]), assert.fail);
  await it.settle();
  assert.equal(hostnameReady(it), "desk", "of a Profile");
  it.manager.settings.restore(new Map(), assert.fail);
  await it.settle();
  assert.equal(hostnameReady(it), undefined, "taken back");
});
const hostnameReady = ({ dhcp }: FakeMachine): string | undefined =>
  dhcp.standbys.findLast(({ link, state }) => link.name === "eth0" && state === "ready")?.config.hostname;

const obstacles: Readonly<Record<string, (it: FakeMachine) => unknown>> = {
  "a Device that is disabled": (it) => it.device("eth0").setEnabled(false, now),
  "a technology that may not connect by itself": (it) =>
    it.manager.settings.setProperty("NoAutoConnectTechnologies", "ethernet"),
  "a fixed address": (it) => it.service("eth0").setProperty("StaticIPConfig", fixed),
  "a link that goes": (it) => it.kernel.removeHardware("eth0"),
};
for (const [what, obstruct] of Object.entries(obstacles)) {
  test(`${what} is not prepared any more`, async (t) => {
    const it = await machine(t, []);
    await obstruct(it);
    await it.settle();
    assert.doesNotMatch(it.dhcp.waiting, /eth0/);
    assert.deepEqual(
      it.dhcp.standbys.filter(({ link }) => link.name === "eth0").map(({ state }) => state),
      ["ended"],
    );
  });
}

test("a Service that a policy keeps from connecting is not prepared", async (t) => {
  const it = await machine(t, []);
  t.mock.method(it.manager.automation.policies, "refusal", () => "policy Test: not here");
  it.manager.services.requestSort("a policy changed");
  await it.settle();
  assert.equal(it.dhcp.waiting, "");
});

test("a cable that a person disconnected is not prepared", async (t) => {
  const it = await machine(t, ["eth0"]);
  it.service("eth0").disconnect("D-Bus RPC");
  it.kernel.unplug("eth0");
  await it.settle();
  assert.equal(it.service("eth0").autoConnectRefusal, "explicitly disconnected");
  assert.equal(it.dhcp.waiting, "eth1 ready");
});

test("nor one that a person disconnected while nothing was plugged in", async (t) => {
  const it = await machine(t, []);
  assert.throws(() => it.service("eth0").disconnect("D-Bus RPC"), { code: "NotConnected" });
  await it.settle();
  assert.equal(it.dhcp.waiting, "eth1 ready");
});

test("a link that is left alone is not prepared", async (t) => {
  const it = new FakeMachine();
  t.after(() => it.stop());
  const { index } = it.kernel.addHardware({ name: "eth0", mac: "02:00:00:00:00:01" });
  it.kernel.outside({
    op: "put-address",
    address: { link: index, family: 4, address: "198.51.100.7", prefixLength: 24 },
  });
  await it.start();
  assert.equal(it.service("eth0").autoConnectRefusal, "device is left alone");
  assert.deepEqual(it.dhcp.standbys, []);
});

test("of more than sixteen links none is prepared, also not those that were", async (t) => {
  const it = new FakeMachine();
  t.after(() => it.stop());
  const add = (at: number) => it.kernel.addHardware({ name: `eth${at}`, mac: `02:00:00:00:01:${10 + at}` });
  for (let at = 0; at < 16; at++) add(at);
  await it.start();
  assert.equal(it.dhcp.waiting.split(", ").length, 16);
  add(16);
  await it.settle();
  it.manager.services.requestSort("a test");
  await it.settle();
  assert.equal(it.dhcp.waiting, "");
});

test("a link that vanishes between the first question and its answer leaves nothing behind", async (t) => {
  const it = await machine(t, []);
  const { index } = it.device("eth0").link;
  it.dhcp.servers.delete("eth0");
  it.kernel.plug("eth0");
  it.kernel.removeHardware("eth0");
  await it.settle();
  const [standby] = it.dhcp.standbys;
  assert.ok(standby?.state === "ended" || standby?.state === "taken", standby?.state);
  assert.equal(it.preparedLinks.has(index), false);
  assert.equal(it.manager.devices.length, 1);
  assert.deepEqual(
    it.clock.pendingTimers().filter(({ name }) => /eth0|dhcp/.test(name)),
    [],
  );
});
