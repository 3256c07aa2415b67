import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { FakeMachine } from "../../fakes/fake-machine.ts";

const mac = (at: number) =>
  `02:00:00:00:${(at >> 8).toString(16).padStart(2, "0")}:${(at & 255).toString(16).padStart(2, "0")}`;

async function crowd(t: TestContext, links: number) {
  const it = new FakeMachine();
  t.after(() => it.stop());
  await it.start();
  for (let at = 0; at < links; at++) it.kernel.addHardware({ name: `p${at}`, mac: mac(at) });
  await it.clock.advanceSettled(500);
  return it;
}

test("of many links that come at once all are Devices, enabled and in the lists", async (t) => {
  const it = await crowd(t, 150);
  assert.equal(it.manager.devices.length, 150);
  assert.ok(it.manager.devices.every((device) => device.isEnabled && device.link.isUp));
  assert.equal((it.manager.settings.properties.value("Devices") as string[]).length, 150);
  assert.equal((it.manager.settings.properties.value("ServiceCompleteList") as string[]).length, 150);
});

test("among many a cable that is plugged in connects at once and comes first", async (t) => {
  const it = await crowd(t, 150);
  it.dhcp.serve("p117", 50);
  it.kernel.plug("p117");
  await it.settle();
  assert.equal(it.order[0], "p117 ready");
  it.dhcp.serve("p5", 51);
  it.kernel.plug("p5");
  await it.settle();
  assert.deepEqual(it.order.slice(0, 2).sort(), ["p117 ready", "p5 ready"]);
  it.kernel.unplug("p117");
  await it.settle();
  assert.equal(it.order[0], "p5 ready");
});

test("a long list is told less often than its parts come, and in the end it is right", async (t) => {
  const it = await crowd(t, 100);
  it.announced.length = 0;
  for (let at = 100; at < 200; at++) {
    it.kernel.addHardware({ name: `p${at}`, mac: mac(at) });
    await it.clock.advanceSettled(1);
  }
  await it.clock.advanceSettled(100);
  const told = it.changes("Devices").length;
  assert.ok(told >= 2 && told <= 20, `Devices was told ${told} times`);
  assert.equal((it.manager.settings.properties.value("Devices") as string[]).length, 200);
});

test("memory is given back once when a burst is over, and not for a few links", async (t) => {
  const it = await crowd(t, 300);
  assert.equal(it.memoryReleases, 1);
  it.kernel.addHardware({ name: "p999", mac: mac(999) });
  await it.clock.advanceSettled(3000);
  assert.equal(it.memoryReleases, 1);
});

test("when all links go, one bare Ethernet Service is left", async (t) => {
  const it = await crowd(t, 100);
  for (const device of [...it.manager.devices]) it.kernel.removeHardware(device.name);
  await it.clock.advanceSettled(500);
  assert.deepEqual([it.manager.devices.length, it.order], [0, ["- idle"]]);
  assert.deepEqual(it.manager.settings.properties.value("Devices"), []);
  assert.equal([...it.manager.deviceRegistry.claims.dump()].length, 0);
});
