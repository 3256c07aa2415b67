import assert from "node:assert/strict";
import { test } from "node:test";
import { DaemonError } from "../../../src/base/errors.ts";
import type { WireVariant } from "../../../src/base/property.ts";
import type { Service } from "../../../src/services/service.ts";
import { FakeMachine } from "../../fakes/fake-machine.ts";
import { machine } from "./machine.ts";

const variant = (signature: string, value: unknown): WireVariant => ({ signature, value });
const fixed = (last: number) =>
  new Map([
    ["Address", variant("s", `203.0.113.${last}`)],
    ["Prefixlen", variant("i", 24)],
  ]);
const settings: Readonly<Record<string, unknown>> = {
  StaticIPConfig: fixed(5),
  GUID: "mine",
  UIData: "a panel's words",
  ProxyConfig: '{"mode":"direct"}',
  Metered: true,
  CheckPortal: "http-only",
  SaveCredentials: false,
};
const past = ["LastConnected", "LastManualConnectAttempt", "StartTime"];
const values = (service: Service, names: readonly string[]) => names.map((name) => service.properties.value(name));

function setAll(service: Service): void {
  for (const [name, value] of Object.entries(settings)) service.setProperty(name, value);
}
async function restarted(t: Parameters<typeof machine>[0], first: FakeMachine): Promise<FakeMachine> {
  first.manager.stop();
  first.kernel.restart();
  const second = new FakeMachine({ kernel: first.kernel, storage: first.storage, dhcp: first.dhcp });
  t.after(() => second.stop());
  return second.start();
}

const ways: Readonly<Record<string, (it: FakeMachine) => void>> = {
  "its cable is pulled": (it) => it.kernel.unplug("eth0"),
  "the other one is preferred": (it) => it.service("eth1").setProperty("Priority", 5),
};
for (const [way, act] of Object.entries(ways)) {
  test(`another cable becomes the best because ${way}: the old one keeps its settings and times, and nothing is told of them`, async (t) => {
    const it = await machine(t, ["eth0", "eth1"]);
    const old = it.service("eth0");
    setAll(old);
    await it.clock.advanceSettled(1);
    const before = values(old, [...Object.keys(settings), ...past]);
    it.announced.length = 0;
    act(it);
    await it.clock.advanceSettled(1);
    assert.deepEqual([old.storageId, it.service("eth1").storageId], ["ethernet_020000000001", "ethernet_any"]);
    assert.deepEqual(values(old, [...Object.keys(settings), ...past]), before);
    const told = it.announced.filter((line) => line.startsWith(`${old.path} `)).map((line) => line.split(/[ =]/)[1]);
    for (const name of [...Object.keys(settings), ...past]) assert.ok(!told.includes(name), name);

    const second = await restarted(t, it);
    const names = Object.keys(settings);
    assert.deepEqual(values(second.service("eth0"), names), before.slice(0, names.length), "after a restart");
  });
}

test("a connected cable is not set up anew because another one fell out, and still has its own when that is back", async (t) => {
  const it = await machine(t, ["eth0", "eth1"]);
  it.service("eth0").setProperty("StaticIPConfig", fixed(5));
  it.service("eth1").setProperty("UIData", "of the second");
  const times = values(it.service("eth1"), past);
  it.kernel.unplug("eth0");
  await it.clock.advanceSettled(1);
  const other = it.service("eth1");
  assert.deepEqual([other.storageId, other.state, other.uiData], ["ethernet_any", "ready", "of the second"]);
  assert.deepEqual(other.properties.value("StaticIPConfig"), new Map());
  assert.deepEqual(values(other, past), times);
  it.kernel.plug("eth0");
  await it.clock.advanceSettled(1);
  assert.equal(it.service("eth0").storageId, "ethernet_any");
  assert.deepEqual(it.service("eth0").properties.value("StaticIPConfig"), fixed(5));
  assert.equal(it.service("eth1").uiData, "of the second");
  const second = await restarted(t, it);
  assert.deepEqual(second.service("eth0").properties.value("StaticIPConfig"), fixed(5));
  assert.equal(second.service("eth1").uiData, "of the second");
});

test("a cable that was never set up takes the settings of the best one when it becomes that", async (t) => {
  const it = await machine(t, ["eth0"]);
  setAll(it.service("eth0"));
  it.kernel.unplug("eth0");
  await it.settle();
  it.kernel.plug("eth1");
  await it.clock.advanceSettled(1);
  const next = it.service("eth1");
  assert.deepEqual([next.storageId, next.uiData, next.guid], ["ethernet_any", "a panel's words", "mine"]);
  assert.deepEqual([next.hasEverConnected, it.service("eth0").uiData], [true, "a panel's words"]);
});

test("one with settings of its own keeps them also while it connects", async (t) => {
  const it = await machine(t, ["eth0"]);
  setAll(it.service("eth0"));
  it.service("eth1").setProperty("StaticIPConfig", fixed(9));
  it.kernel.unplug("eth0");
  it.kernel.plug("eth1");
  await it.clock.advanceSettled(1);
  assert.equal(it.service("eth1").storageId, "ethernet_any");
  assert.deepEqual(it.service("eth1").properties.value("StaticIPConfig"), fixed(9));
  assert.equal(it.service("eth1").uiData, "");
  const second = await restarted(t, it);
  assert.deepEqual(second.service("eth1").properties.value("StaticIPConfig"), fixed(9));
  assert.deepEqual(second.service("eth0").properties.value("StaticIPConfig"), fixed(5));
});

test("a card that was taken out finds its settings again, with any settings of the next best one", async (t) => {
  const it = await machine(t, ["eth0", "eth1"]);
  setAll(it.service("eth0"));
  it.service("eth1").setProperty("UIData", "of the second");
  it.kernel.removeHardware("eth0");
  await it.clock.advanceSettled(1);
  assert.equal(it.service("eth1").uiData, "of the second");
  it.kernel.addHardware({ name: "eth0", mac: "02:00:00:00:00:01", isPlugged: true });
  await it.clock.advanceSettled(1);
  assert.deepEqual(it.service("eth0").properties.value("StaticIPConfig"), fixed(5));
  assert.ok(it.service("eth0").connection.lastConnected > 0n);
});

test("an administrator's settings for any cable are in force on the best one, and the second keeps its own", async (t) => {
  const it = await machine(t, ["eth0", "eth1"]);
  it.service("eth0").setProperty("UIData", "own");
  it.service("eth1").setProperty("UIData", "second");
  const text = '[ethernet_any]\nUIData = "for any"\n';
  await it.manager.profileEntries.import(it.profiles.profiles[0] ?? assert.fail(), text);
  await it.settle();
  assert.deepEqual([it.service("eth0").uiData, it.service("eth1").uiData], ["for any", "second"]);
});

test("entries that are exported are imported again, with whose settings they are", async (t) => {
  const it = await machine(t, ["eth0", "eth1"]);
  setAll(it.service("eth0"));
  it.service("eth1").setProperty("UIData", "second");
  const [profile = assert.fail()] = it.profiles.profiles;
  const { exportProfile } = await import("../../../src/manager/profile-exchange.ts");
  const text = await exportProfile(profile, true);
  const rows = () => profile.store.entries().map((entry) => [entry, profile.store.read(entry)]);
  const before = rows();
  await it.manager.profileEntries.import(profile, text);
  assert.deepEqual(rows(), before);
  assert.equal(it.service("eth0").uiData, "a panel's words");
});

test("settings made for one socket by hand are in force when another one is the best", async (t) => {
  const it = await machine(t, ["eth0", "eth1"]);
  it.profiles.profiles[0]?.store.write("ethernet_020000000001", new Map([["UIData", '"by hand"']]));
  it.kernel.unplug("eth0");
  await it.settle();
  assert.equal(it.service("eth0").uiData, "by hand");
});

test("a user's settings for any cable are in force on whichever is the best, and gone with the user", async (t) => {
  const it = await machine(t, ["eth0", "eth1"]);
  it.service("eth1").setProperty("UIData", "second");
  it.profiles.create("~alice/work", (store) => store.write("ethernet_any", new Map([["UIData", '"alice"']])));
  it.profiles.push("~alice/work");
  await it.settle();
  assert.equal(it.service("eth0").uiData, "alice");
  it.kernel.unplug("eth0");
  await it.settle();
  assert.equal(it.service("eth1").uiData, "alice");
  it.profiles.pop("~alice/work");
  await it.settle();
  for (const name of ["eth0", "eth1"]) assert.notEqual(it.service(name).uiData, "alice", name);
});

test("a store that takes nothing keeps no cable from its settings and times", async (t) => {
  const it = await machine(t, ["eth0", "eth1"]);
  setAll(it.service("eth0"));
  const { store } = it.profiles.profiles[0] ?? assert.fail("no Profile");
  t.mock.method(store, "write", () => {
    throw new DaemonError("InternalError", "the disk is full");
  });
  const before = values(it.service("eth0"), [...Object.keys(settings), ...past]);
  it.kernel.unplug("eth0");
  await it.settle();
  assert.deepEqual(values(it.service("eth0"), [...Object.keys(settings), ...past]), before);
});
