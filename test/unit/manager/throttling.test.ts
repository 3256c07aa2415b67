import assert from "node:assert/strict";
import { test } from "node:test";
import { ingressBlock } from "../../../src/network/kernel/marks.ts";
import { FakeKernel } from "../../fakes/fake-kernel.ts";
import { onBus, shillError } from "../dbus/machine-on-bus.ts";
import { machine } from "./machine.ts";

const both = { uploadKbps: 8, downloadKbps: 16 };
const limited = (name: string) => `${name} up 1000 down 2000`;

test("all connected links are limited, those that connect later too, and none after the end", async (t) => {
  const it = await machine(t, ["eth0"]);
  const { throttling } = it.manager;
  await throttling.set(both);
  assert.deepEqual(it.kernel.qdiscsByLink.limits(), [limited("eth0")]);
  it.kernel.plug("eth1");
  await it.settle();
  assert.deepEqual(it.kernel.qdiscsByLink.limits(), [limited("eth0"), limited("eth1")]);
  it.kernel.unplug("eth0");
  await it.settle();
  assert.deepEqual(it.kernel.qdiscsByLink.limits(), [limited("eth1")]);
  await throttling.set({ uploadKbps: 24, downloadKbps: 0 });
  assert.deepEqual(it.kernel.qdiscsByLink.limits(), ["eth1 up 3000"]);
  await throttling.set({ uploadKbps: 0, downloadKbps: 24 });
  assert.deepEqual(it.kernel.qdiscsByLink.limits(), ["eth1 down 3000"]);
  await throttling.set(undefined);
  assert.deepEqual(it.kernel.qdiscsByLink.limits(), []);
  it.kernel.plug("eth0");
  await it.settle();
  assert.deepEqual(it.kernel.qdiscsByLink.limits(), []);
});

test("the same limit again asks nothing of the kernel", async (t) => {
  const it = await machine(t, ["eth0"]);
  await it.manager.throttling.set(both);
  const requests = it.kernel.requested.length;
  await it.manager.throttling.set({ ...both });
  assert.equal(it.kernel.requested.length, requests);
});

test("stopping gives the links back; what a killed daemon left goes at the next start", async (t) => {
  const it = await machine(t, ["eth0"]);
  await it.manager.throttling.set(both);
  await it.manager.throttling.stop();
  assert.deepEqual(it.kernel.qdiscsByLink.limits(), []);
  await it.manager.throttling.set(both);
  it.manager.throttling.start();
  await it.settle();
  assert.deepEqual(it.kernel.qdiscsByLink.limits(), []);
});

for (const lacking of ["tbf", "ingress", "police"] as const) {
  test(`a kernel without ${lacking} cannot limit both directions, and nothing half done is left`, async (t) => {
    const it = await machine(t, ["eth0", "eth1"]);
    it.kernel.qdiscsByLink.lacking.add(lacking);
    const before = it.kernel.qdiscsByLink.all();
    await assert.rejects(it.manager.throttling.set(both), { code: "NotSupported" });
    assert.deepEqual(it.kernel.qdiscsByLink.all(), before);
    assert.deepEqual(it.manager.throttling.state, { wanted: null, limitedLinks: [] });
  });
}

test("refused, the limit is the one before", async (t) => {
  const it = await machine(t, ["eth0"]);
  await it.manager.throttling.set({ uploadKbps: 8, downloadKbps: 0 });
  it.kernel.qdiscsByLink.lacking.add("police");
  await assert.rejects(it.manager.throttling.set(both), { code: "NotSupported" });
  assert.deepEqual(it.kernel.qdiscsByLink.limits(), ["eth0 up 1000"]);
});

test("another program's discipline stays: the limit is refused, and a link that comes later keeps its own", async (t) => {
  const it = await machine(t, ["eth0"]);
  const link = (name: string) => it.device(name).link.index;
  const foreign = { bytesPerSecond: 1, burstBytes: 1, queueBytes: 1 };
  it.kernel.qdiscsByLink.putShaper(link("eth0"), 0x10000, foreign, "htb");
  await assert.rejects(it.manager.throttling.set(both), { code: "Failure", message: /eth0 cannot.*somebody else/ });
  it.kernel.qdiscsByLink.deleteShaper(link("eth0"), 0x10000);
  it.kernel.qdiscsByLink.addIngress(link("eth0"), undefined);
  await assert.rejects(it.manager.throttling.set(both), { code: "Failure", message: /somebody else/ });
  assert.deepEqual(it.kernel.qdiscsByLink.limits(), []);
  it.kernel.qdiscsByLink.deleteIngress(link("eth0"));

  await it.manager.throttling.set(both);
  it.kernel.qdiscsByLink.addIngress(link("eth1"), undefined);
  it.kernel.plug("eth1");
  await it.settle();
  assert.deepEqual(it.kernel.qdiscsByLink.limits(), [limited("eth0")]);
  await it.manager.throttling.set(undefined);
  const kept = it.kernel.qdiscsByLink.all().filter(({ kind }) => kind === "ingress");
  assert.deepEqual(
    kept.map(({ link: index }) => index),
    [link("eth1")],
  );
});

test("another program's discipline in the place of our limit is not taken away with it", async (t) => {
  const it = await machine(t, ["eth0"]);
  const link = it.device("eth0").link.index;
  await it.manager.throttling.set(both);
  it.kernel.qdiscsByLink.linkGone(link);
  it.kernel.qdiscsByLink.addIngress(link, ingressBlock(link) + 1);
  await it.manager.throttling.set(undefined);
  assert.ok(it.kernel.qdiscsByLink.all().some(({ kind }) => kind === "ingress"));
});

test("changes asked for at once are made one after the other, the last one counts", async (t) => {
  const it = await machine(t, ["eth0"]);
  const { throttling } = it.manager;
  const rates = [8, 16, 24, 32];
  await Promise.all(rates.map((uploadKbps) => throttling.set({ uploadKbps, downloadKbps: 0 })));
  assert.deepEqual(it.kernel.qdiscsByLink.limits(), ["eth0 up 4000"]);
});

test("a link that goes while it is limited is no reason to complain", async (t) => {
  const it = await machine(t, ["eth0", "eth1"]);
  await it.manager.throttling.set(both);
  it.kernel.removeHardware("eth0");
  await it.settle();
  await it.manager.throttling.set({ uploadKbps: 8, downloadKbps: 0 });
  assert.deepEqual(it.kernel.qdiscsByLink.limits(), ["eth1 up 1000"]);
});

test("SetNetworkThrottlingStatus takes rates in kilobits, and refuses none at all and more than the kernel counts", async (t) => {
  const kernel = new FakeKernel();
  const { it, call } = await onBus(t, { kernel });
  kernel.plug("eth0");
  await it.settle();
  const set = (...args: [boolean, number, number]) => call("/", "SetNetworkThrottlingStatus", "buu", args);
  await set(true, 8, 16);
  assert.deepEqual(kernel.qdiscsByLink.limits(), [limited("eth0")]);
  const refused = { busName: shillError("InvalidArguments") };
  await assert.rejects(set(true, 0, 0), refused);
  await assert.rejects(set(true, 0xffffffff, 1), refused);
  await assert.rejects(set(true, 1, 34_359_739), refused);
  assert.deepEqual(kernel.qdiscsByLink.limits(), [limited("eth0")]);
  await set(false, 0, 0);
  assert.deepEqual(kernel.qdiscsByLink.limits(), []);
  await set(false, 0xffffffff, 0xffffffff);
});

test("a user who does not sit at the machine limits no traffic", async (t) => {
  const { call } = await onBus(t, { uid: 1000 });
  await assert.rejects(call("/", "SetNetworkThrottlingStatus", "buu", [true, 8, 8]), {
    busName: shillError("PermissionDenied"),
  });
});
