import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeMachine } from "../../fakes/fake-machine.ts";
import { mac, machine } from "./machine.ts";

test("a disabled Device is down and off the air, across a restart too", async (t) => {
  const first = await machine(t, ["eth0"]);
  await first.device("eth0").setEnabled(false, { isPersistent: true });
  await first.settle();
  assert.equal(first.device("eth0").link.isUp, false);
  assert.deepEqual(first.order, ["eth1 idle"], "its Service is gone");
  first.manager.stop();
  const { kernel, storage, dhcp } = first;
  kernel.restart();
  const second = new FakeMachine({ kernel, storage, dhcp });
  t.after(() => second.stop());
  await second.start();
  assert.deepEqual([second.device("eth0").isEnabled, second.device("eth0").link.isUp], [false, false]);
  assert.deepEqual(second.order, ["eth1 idle"]);
  await second.device("eth0").setEnabled(true, { isPersistent: true });
  await second.settle();
  assert.equal(second.service("eth0").state, "ready");
});

test("enabling what is prohibited is refused; prohibiting disables without forgetting", async (t) => {
  const it = await machine(t, ["eth0"]);
  it.manager.settings.setProperty("ProhibitedTechnologies", "ethernet");
  await it.settle();
  const eth0 = it.device("eth0");
  assert.deepEqual([eth0.isEnabled, eth0.isEnabledPersistently], [false, true]);
  await assert.rejects(eth0.setEnabled(true, { isPersistent: true }), { code: "PermissionDenied" });
});

test("a claimed link has no Device until it is released, and keeps its settings", async (t) => {
  const it = await machine(t, ["eth0"]);
  it.manager.deviceInfo.claim("eth0");
  await it.settle();
  assert.deepEqual(
    it.manager.devices.map(({ name }) => name),
    ["eth1"],
  );
  assert.doesNotMatch(it.kernel.toText(), /192\.0\.2\.10/);
  assert.throws(() => it.manager.deviceInfo.claim("eth0"), { code: "InvalidArguments" });
  it.manager.deviceInfo.release("eth0");
  await it.settle();
  assert.equal(it.service("eth0").state, "ready");
  assert.throws(() => it.manager.deviceInfo.release("eth0"), { code: "InvalidArguments" });
});

test("blocked links are never looked at; an allow list blocks all others", async (t) => {
  const blocked = await machine(t, ["eth0", "eth1"], { block: ["eth0"] });
  assert.deepEqual(
    blocked.manager.devices.map(({ name }) => name),
    ["eth1"],
  );
  const allowed = await machine(t, ["eth0", "eth1"], { allow: ["eth0"] });
  assert.deepEqual(
    allowed.manager.devices.map(({ name }) => name),
    ["eth0"],
  );
});

test("a renamed link is another Device", async (t) => {
  const it = await machine(t, ["eth0"]);
  const { index } = it.device("eth0").link;
  it.kernel.outside({ op: "set-link", link: index, change: { name: "lan0" } });
  it.dhcp.serve("lan0", 30);
  await it.settle();
  assert.deepEqual(it.manager.devices.map(({ name }) => name).sort(), ["eth1", "lan0"]);
  assert.equal(it.service("lan0").state, "ready");
});

test("a link with another program's address is left alone until a person connects it", async (t) => {
  const it = new FakeMachine();
  t.after(() => it.stop());
  const { index } = it.kernel.addHardware({ name: "eth0", mac: mac(1), isPlugged: true, isUp: true });
  it.kernel.outside({
    op: "put-address",
    address: { link: index, family: 4, address: "198.51.100.7", prefixLength: 24 },
  });
  it.dhcp.serve("eth0", 10);
  await it.start();
  assert.equal(it.service("eth0").autoConnectRefusal, "device is left alone");
  assert.match(it.kernel.toText(), /198\.51\.100\.7/);
  it.service("eth0").connect("a person");
  await it.settle();
  assert.equal(it.service("eth0").state, "ready");
});

test("links whose names differ only in what a path cannot have are Devices of their own", async (t) => {
  const it = await machine(t, []);
  for (const [at, name] of ["a.1", "a_1", "a-1"].entries()) it.kernel.addHardware({ name, mac: mac(20 + at) });
  await it.settle();
  const paths = () => it.manager.devices.map(({ path }) => path).filter((path) => path.includes("a_1"));
  const [first = "", second = "", third = ""] = paths();
  assert.equal(first, "/device/a_1");
  assert.equal(new Set(paths()).size, 3);
  for (const path of [second, third]) assert.match(path, /^\/device\/a_1_\d+$/);
  assert.equal(it.service("a-1").device?.path, third);
  it.kernel.removeHardware("a.1");
  it.kernel.addHardware({ name: "a+1", mac: mac(30) });
  await it.settle();
  assert.equal(new Set(paths()).size, paths().length);
});

test("a prohibition that comes while a Device is being enabled holds", async (t) => {
  const it = await machine(t, ["eth0"]);
  const eth0 = it.device("eth0");
  await eth0.setEnabled(false, { isPersistent: false });
  const enabling = eth0.setEnabled(true, { isPersistent: false });
  it.manager.settings.setProperty("ProhibitedTechnologies", "ethernet");
  await enabling;
  await it.settle();
  assert.deepEqual([eth0.isEnabled, eth0.link.isUp], [false, false]);
});

test("a link that is connected stays so over a restart, also with another program's addresses", async (t) => {
  const first = await machine(t, ["eth0"]);
  const foreign = {
    link: first.device("eth0").link.index,
    family: 4,
    address: "198.51.100.7",
    prefixLength: 24,
  } as const;
  first.kernel.outside({ op: "put-address", address: foreign });
  await first.settle();
  first.manager.stop();
  first.applier.close();
  const { kernel, storage, dhcp } = first;
  const before = kernel.toText();
  kernel.restart();
  const second = new FakeMachine({ kernel, storage, dhcp });
  t.after(() => second.stop());
  await second.start();
  await second.clock.advanceSettled(3000);
  assert.equal(second.service("eth0").state, "ready");
  assert.equal(kernel.toText(), before);
});

test("an attempt yields to a program that gives the link an address, and is made anew when that is gone", async (t) => {
  const it = await machine(t, []);
  it.dhcp.servers.delete("eth0");
  it.kernel.plug("eth0");
  await it.settle();
  const { index } = it.device("eth0").link;
  const address = { link: index, family: 4, address: "198.51.100.7", prefixLength: 24 } as const;
  it.kernel.outside({ op: "put-address", address });
  await it.settle();
  const service = it.service("eth0");
  assert.deepEqual([service.state, service.autoConnectRefusal], ["idle", "device is left alone"]);
  assert.equal(service.connection.reason, "left alone");
  it.dhcp.serve("eth0", 10);
  it.kernel.outside({ op: "delete-address", address });
  await it.settle();
  assert.equal(service.state, "ready");
});

test("a connected link to which another program adds an address stays ours, also for the next cable", async (t) => {
  const it = await machine(t, ["eth0"]);
  const { index } = it.device("eth0").link;
  const address = { link: index, family: 4, address: "198.51.100.7", prefixLength: 24 } as const;
  it.kernel.outside({ op: "put-address", address });
  await it.settle();
  assert.equal(it.service("eth0").state, "ready");
  it.kernel.unplug("eth0");
  await it.settle();
  it.kernel.plug("eth0");
  await it.settle();
  assert.equal(it.service("eth0").state, "ready");
  assert.match(it.kernel.toText(), /198\.51\.100\.7/);
});

test("a VLAN has the address of the link below it, and settings and leases of its own", async (t) => {
  const it = await machine(t, ["eth0"]);
  const link = { kind: "vlan", name: "eth0.5", lowerLink: it.device("eth0").link.index, vlanId: 5 } as const;
  await it.kernel.request({ op: "add-link", link });
  await it.settle();
  const [eth0, vlan] = [it.device("eth0"), it.device("eth0.5")];
  assert.equal(vlan.permanentMac, eth0.permanentMac);
  assert.equal(eth0.storageId, "device_020000000001");
  assert.equal(vlan.storageId, "device_020000000001_eth0.5");
  assert.notEqual(it.service("eth0.5").storageId, it.service("eth0").storageId);
  it.dhcp.session("eth0").config.leases?.save("{}", it.clock.wallTime() + 3_600_000, "net");
  assert.equal(it.dhcp.session("eth0").config.leases?.load(), "{}");
  assert.equal(it.dhcp.session("eth0.5").config.leases?.load(), undefined);
});
