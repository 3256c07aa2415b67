import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeMachine } from "../../fakes/fake-machine.ts";
import { machine } from "./machine.ts";

/** A person's Disconnect while the cable is out: refused by its name, and meant. */
async function disconnectedWhileIdle(t: Parameters<typeof machine>[0]) {
  const it = await machine(t, []);
  const service = it.service("eth0");
  assert.throws(() => service.disconnect("D-Bus RPC"), { code: "NotConnected" });
  it.kernel.plug("eth0");
  await it.settle();
  assert.deepEqual([service.state, service.autoConnectRefusal], ["idle", "explicitly disconnected"]);
  return { it, service };
}

test("Disconnect while nothing is connected is meant: the cable's arrival does not connect", async (t) => {
  const { it, service } = await disconnectedWhileIdle(t);
  it.kernel.unplug("eth0");
  await it.settle();
  it.kernel.plug("eth0");
  await it.settle();
  assert.equal(service.state, "idle", "nor does the next one");
});

test("Connect takes it back, also while the cable is out", async (t) => {
  const { it, service } = await disconnectedWhileIdle(t);
  service.connect("a person");
  await it.settle();
  assert.equal(service.state, "ready");

  const other = await machine(t, []);
  assert.throws(() => other.service("eth0").disconnect("D-Bus RPC"), { code: "NotConnected" });
  other.service("eth0").connect("a person");
  other.kernel.plug("eth0");
  await other.settle();
  assert.equal(other.service("eth0").state, "ready");
});

test("a Profile that comes or goes takes it back", async (t) => {
  const { it, service } = await disconnectedWhileIdle(t);
  it.profiles.create("test");
  it.profiles.push("test");
  await it.settle();
  assert.equal(service.state, "ready");
  service.disconnect("D-Bus RPC");
  await it.settle();
  it.profiles.pop("test");
  await it.settle();
  assert.equal(service.state, "ready");
});

test("a restart takes it back", async (t) => {
  const { it } = await disconnectedWhileIdle(t);
  it.manager.stop();
  it.kernel.restart();
  const second = new FakeMachine({ kernel: it.kernel, storage: it.storage, dhcp: it.dhcp });
  t.after(() => second.stop());
  await second.start();
  assert.equal(second.service("eth0").state, "ready");
});

test("Disconnect of a Service that failed keeps it from being tried again", async (t) => {
  const it = await machine(t, []);
  it.dhcp.servers.clear();
  it.kernel.plug("eth0");
  await it.settle();
  const service = it.service("eth0");
  service.fail("dhcp-failed", "");
  assert.throws(() => service.disconnect("D-Bus RPC"), { code: "NotConnected" });
  it.dhcp.serve("eth0", 10);
  await it.clock.advanceSettled(120_000);
  assert.deepEqual([service.state, service.autoConnectRefusal], ["failure", "explicitly disconnected"]);
});

test("the policies that end a connection mean nothing beyond it", async (t) => {
  const it = await machine(t, []);
  assert.throws(() => it.service("eth0").disconnect("Stop"), { code: "NotConnected" });
  it.kernel.plug("eth0");
  await it.settle();
  assert.equal(it.service("eth0").state, "ready");
});

test("every attempt of a person is noted, also one that is refused, and the first one of ours where there is none", async (t) => {
  const it = await machine(t, []);
  const service = it.service("eth0");
  assert.equal(service.connection.lastManualConnectAttempt, 0n);
  it.kernel.plug("eth0");
  await it.settle();
  const first = service.connection.lastManualConnectAttempt;
  assert.ok(first > 0n, "the first attempt of all");
  await it.clock.advanceSettled(5_000);
  it.kernel.unplug("eth0");
  await it.settle();
  it.kernel.plug("eth0");
  await it.settle();
  assert.equal(service.connection.lastManualConnectAttempt, first, "later ones of ours are not noted");
  it.announced.length = 0;
  assert.throws(() => service.connect("a person"), { code: "AlreadyConnected" });
  assert.ok(service.connection.lastManualConnectAttempt > first);
  assert.deepEqual(it.announced, [
    `${service.path} LastManualConnectAttempt=${service.connection.lastManualConnectAttempt}`,
  ]);
});
