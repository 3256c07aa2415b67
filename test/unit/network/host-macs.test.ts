import assert from "node:assert/strict";
import { test } from "node:test";
import { isMacOfHost } from "../../../src/network/address-conflicts.ts";
import { FakeKernel } from "../../fakes/fake-kernel.ts";

const stranger = "02:00:00:00:00:99";

test("the MAC addresses of all links are the host's: cables, bridges and their ports, links left alone", async () => {
  const kernel = new FakeKernel();
  kernel.addHardware({ name: "eth0", mac: "02:00:00:00:00:01" });
  kernel.addHardware({ name: "eth1", mac: "02:00:00:00:00:02" });
  await kernel.start();
  await kernel.request({ op: "add-link", link: { kind: "bridge", name: "br0", mac: "02:00:00:00:00:03" } });
  const [port, master] = ["eth1", "br0"].map((name) => kernel.snapshot.linkByName(name)?.index ?? 0);
  await kernel.request({ op: "set-link", link: port ?? 0, change: { master: master ?? 0 } });
  for (const last of [1, 2, 3]) assert.ok(isMacOfHost(`02:00:00:00:00:0${last}`, kernel.snapshot), String(last));
  assert.ok(!isMacOfHost(stranger, kernel.snapshot));
});

test("a link that goes by another address keeps its permanent one, and the former one is not the host's any more", async () => {
  const kernel = new FakeKernel();
  kernel.addHardware({ name: "eth0", mac: "02:00:00:00:00:01" });
  await kernel.start();
  const eth0 = kernel.snapshot.linkByName("eth0");
  assert.ok(eth0);
  const link = { ...eth0, mac: "02:00:00:00:00:0b", permanentMac: "02:00:00:00:00:0a" };
  const snapshot = { links: new Map([[link.index, link]]) };
  assert.ok(isMacOfHost("02:00:00:00:00:0a", snapshot));
  assert.ok(isMacOfHost("02:00:00:00:00:0b", snapshot));
  assert.ok(!isMacOfHost("02:00:00:00:00:01", snapshot));
});

test("the zeros of the loopback identify no host: a packet without a sender's address comes from outside", async () => {
  const kernel = new FakeKernel();
  await kernel.start();
  assert.equal(kernel.snapshot.linkByName("lo")?.isLoopback, true);
  assert.ok(!isMacOfHost("00:00:00:00:00:00", kernel.snapshot));
});
