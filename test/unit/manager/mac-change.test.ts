import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { ProtocolLink } from "../../../src/network/protocols/handler.ts";
import { emptyStaticIp } from "../../../src/network/static-ip.ts";
import type { FakeMachine, FakeMachineOptions } from "../../fakes/fake-machine.ts";
import { mac, machine } from "./machine.ts";

const newMac = "02:00:00:aa:bb:01";

async function connected(t: TestContext, options: FakeMachineOptions = {}) {
  const it = await machine(t, ["eth0"], options);
  assert.equal(it.service("eth0").state, "ready");
  return it;
}
async function changeMac(it: FakeMachine, to = newMac): Promise<void> {
  const link = it.kernel.snapshot.linkByName("eth0")?.index ?? 0;
  await it.kernel.request({ op: "set-link", link, change: { mac: to } });
}
const addressesOf = (it: FakeMachine) =>
  it.kernel.snapshot
    .addresses(it.kernel.snapshot.linkByName("eth0")?.index ?? 0)
    .filter(({ family }) => family === 4)
    .map(({ address }) => address);

test("another MAC address while connected: DHCP begins anew with it, and the old lease is gone", async (t) => {
  const it = await connected(t);
  const old = it.dhcp.session("eth0");
  it.dhcp.serve("eth0", 99);
  await changeMac(it);
  await it.settle();
  const session = it.dhcp.session("eth0");
  assert.notEqual(session, old);
  assert.equal(session.link.mac, newMac);
  assert.equal(old.end, "dropped", "nothing is said in the name of an address that is not on the wire any more");
  assert.deepEqual(addressesOf(it), ["192.0.2.99"]);
  assert.equal(it.service("eth0").state, "ready");
  const reasons = it.manager.feed.history.newest().map(({ because }) => because);
  assert.ok(reasons.includes(`ready -> configuration: the MAC address is ${newMac} now`), reasons.join("\n"));
  assert.deepEqual(it.changes("Address"), ["/device/eth0 Address=020000aabb01"]);
});

test("without an answer to the new MAC address there is no connection with the lease of the old one", async (t) => {
  const it = await connected(t);
  it.dhcp.servers.clear();
  await changeMac(it);
  await it.settle();
  assert.equal(it.service("eth0").state, "configuration");
  assert.deepEqual(addressesOf(it), []);
});

test("another MAC address while a lease is asked for: it is asked for with the new one", async (t) => {
  const it = await machine(t, []);
  it.dhcp.servers.clear();
  it.kernel.plug("eth0");
  await it.settle();
  assert.equal(it.service("eth0").state, "configuration");
  it.dhcp.serve("eth0", 99);
  await changeMac(it);
  await it.settle();
  assert.equal(it.dhcp.session("eth0").link.mac, newMac);
  assert.equal(it.service("eth0").state, "ready");
});

test("a fixed address stays through a change of the MAC address, and is probed and announced anew", async (t) => {
  const guarded: ProtocolLink[] = [];
  const it = await connected(t, {
    guard: (link) => {
      guarded.push(link);
      return { watch() {}, again() {}, stop() {} };
    },
  });
  it.service("eth0").setStaticIp({ ...emptyStaticIp, address: "192.0.2.77", prefixLength: 24 });
  await it.settle();
  await changeMac(it);
  await it.settle();
  assert.deepEqual(
    guarded.map((link) => link.mac),
    [mac(1), newMac],
  );
  assert.deepEqual(addressesOf(it), ["192.0.2.77"]);
  assert.equal(it.service("eth0").state, "ready");
});

test("the MAC address of a link without carrier changes: nothing outlives it, and the cable's return asks with the new one", async (t) => {
  const it = await connected(t, { carrierGraceMs: 5_000 });
  it.kernel.unplug("eth0");
  await it.settle();
  assert.notDeepEqual(addressesOf(it), [], "the grace holds it");
  await changeMac(it);
  await it.settle();
  assert.deepEqual(addressesOf(it), []);
  it.kernel.plug("eth0");
  await it.settle();
  assert.equal(it.dhcp.session("eth0").link.mac, newMac);
  assert.equal(it.service("eth0").state, "ready");
});

test("the same MAC address told again changes nothing", async (t) => {
  const it = await connected(t);
  const session = it.dhcp.session("eth0");
  await changeMac(it, mac(1));
  await it.settle();
  assert.equal(it.dhcp.session("eth0"), session);
  assert.equal(session.end, "running");
});

test("settings stay with the link whose MAC address is changed, also with one that has no permanent address", async (t) => {
  const it = await connected(t);
  await it.kernel.request({ op: "add-link", link: { kind: "veth", name: "eth7", peerName: "far", mac: mac(7) } });
  await it.settle();
  const { storageId } = it.device("eth7");
  const index = it.kernel.snapshot.linkByName("eth7")?.index ?? 0;
  await it.kernel.request({ op: "set-link", link: index, change: { mac: newMac } });
  await it.settle();
  assert.equal(it.device("eth7").mac, newMac);
  assert.equal(it.device("eth7").storageId, storageId);
});
