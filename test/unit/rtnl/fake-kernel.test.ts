import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeKernel } from "../../fakes/fake-kernel.ts";

const defaultRoute = {
  family: 4,
  table: 254,
  destination: "0.0.0.0/0",
  gateway: "10.0.0.1",
  metric: 100,
  protocol: 87,
  scope: 0,
  type: "unicast",
} as const;

async function onlineCable() {
  const kernel = new FakeKernel();
  const { index } = kernel.addHardware({ name: "eth0", mac: "02:00:00:00:00:01", isPlugged: true });
  await kernel.start();
  await kernel.request({ op: "set-link", link: index, change: { isUp: true } });
  await kernel.request({
    op: "put-address",
    address: { link: index, family: 4, address: "10.0.0.2", prefixLength: 24, protocol: 87 },
  });
  await kernel.request({ op: "put-route", route: { ...defaultRoute, link: index } });
  return { kernel, index };
}

test("the fake kernel's state reads like the output of ip", async () => {
  const { kernel } = await onlineCable();
  assert.equal(
    kernel.toText(),
    `link lo up carrier mtu 65536 mac 00:00:00:00:00:00
link eth0 up carrier mtu 1500 mac 02:00:00:00:00:01
address 10.0.0.2/24 dev eth0 proto 87
address 127.0.0.1/8 dev lo scope host
address ::1/128 dev lo scope host proto kernel_lo
route 10.0.0.0/24 dev eth0 scope link src 10.0.0.2 proto kernel
route default via 10.0.0.1 dev eth0 metric 100 proto 87
rule 0: from all lookup local proto kernel
rule 32766: from all lookup main proto kernel
rule 32767: from all lookup default proto kernel
rule -6 0: from all lookup local proto kernel
rule -6 32766: from all lookup main proto kernel
`,
  );
});

test("nothing is seen before start, and everything is told as added in it", async () => {
  const kernel = new FakeKernel();
  kernel.addHardware({ name: "eth0" });
  const told: string[] = [];
  kernel.onDelta((delta) => told.push(delta.kind));
  assert.equal(kernel.snapshot.links.size, 0);
  await kernel.start();
  assert.equal(kernel.snapshot.links.size, 2);
  assert.equal(told.filter((kind) => kind === "link-added").length, 2);
});

test("a pulled cable is told once, as a change of carrier, and takes no address with it", async () => {
  const { kernel, index } = await onlineCable();
  const told: string[] = [];
  kernel.onDelta((delta) => told.push(delta.kind));
  kernel.unplug("eth0");
  assert.deepEqual(told, ["link-changed"]);
  assert.equal(kernel.snapshot.links.get(index)?.hasCarrier, false);
  assert.equal(kernel.snapshot.addresses(index).length, 1);
});

test("an injected refusal meets one request of its kind and changes nothing", async () => {
  const { kernel, index } = await onlineCable();
  const before = kernel.toText();
  kernel.refuseNext("set-link", "EPERM", "not allowed");
  await assert.rejects(kernel.request({ op: "set-link", link: index, change: { mtu: 1400 } }), {
    code: "EPERM",
    detail: "not allowed",
  });
  assert.equal(kernel.toText(), before);
  await kernel.request({ op: "set-link", link: index, change: { mtu: 1400 } });
  assert.equal(kernel.snapshot.links.get(index)?.mtu, 1400);
});

test("another program's change during an overrun is told as a resync", async () => {
  const { kernel, index } = await onlineCable();
  const told: string[] = [];
  kernel.onDelta((delta) => told.push(`${delta.reason} ${delta.kind}`));
  kernel.overrun((outside) => outside({ op: "set-link", link: index, change: { name: "uplink" } }));
  assert.deepEqual(told, ["resync link-changed"]);
  assert.equal(kernel.counters.overruns, 1);
});
