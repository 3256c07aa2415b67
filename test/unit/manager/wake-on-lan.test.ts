import assert from "node:assert/strict";
import { test } from "node:test";
import { setMagicPacketCommand } from "../../../src/rtnl/kernel-wake-on-lan.ts";
import type { FakeMachine } from "../../fakes/fake-machine.ts";
import { machine } from "./machine.ts";

const quietMs = 2_500;
/** `eth0 true`, for the cards that something was said to. */
const cards = (it: FakeMachine) =>
  [...it.wakeOnLan.isEnabled].map(([link, isEnabled]) => `${it.kernel.snapshot.links.get(link)?.name} ${isEnabled}`);

test("a card whose cable goes in wakes the machine by magic packet; one without a cable is not touched", async (t) => {
  const it = await machine(t, ["eth0"]);
  await it.clock.advanceSettled(quietMs);
  assert.deepEqual(cards(it), ["eth0 true"]);
  it.kernel.plug("eth1");
  await it.clock.advanceSettled(quietMs);
  assert.deepEqual(cards(it), ["eth0 true", "eth1 true"]);
});

test("the setting is in force at once on cards with a cable, at each link-up, and after a restart", async (t) => {
  const it = await machine(t, ["eth0"]);
  it.manager.settings.setProperty("WakeOnLanEnabled", false);
  await it.clock.advanceSettled(quietMs);
  assert.deepEqual(cards(it), ["eth0 false"]);
  it.wakeOnLan.isEnabled.clear();
  it.kernel.unplug("eth0");
  await it.clock.advanceSettled(quietMs);
  assert.deepEqual(cards(it), []);
  it.kernel.plug("eth0");
  await it.clock.advanceSettled(quietMs);
  assert.deepEqual(cards(it), ["eth0 false"]);
  assert.equal(it.profiles.profiles[0]?.store.read("global")?.get("WakeOnLanEnabled"), "false");
});

test("a burst of link-ups is one order a card, and a disabled Device gets none", async (t) => {
  const it = await machine(t, ["eth1"]);
  await it.device("eth1").setEnabled(false, { isPersistent: false });
  await it.clock.advanceSettled(quietMs);
  const before = it.wakeOnLan.orders;
  for (let flap = 0; flap < 5; flap++) {
    it.kernel.plug("eth0");
    await it.settle();
    if (flap < 4) it.kernel.unplug("eth0");
    await it.settle();
  }
  await it.clock.advanceSettled(quietMs);
  assert.equal(it.wakeOnLan.orders - before, 1);
});

test("a card that cannot, or is gone, is no fault", async (t) => {
  const it = await machine(t, ["eth0"]);
  t.mock.method(it.wakeOnLan, "setMagicPacket", async () => {
    throw new Error("the driver hangs");
  });
  it.manager.settings.setProperty("WakeOnLanEnabled", false);
  await it.clock.advanceSettled(quietMs);
  assert.equal(it.service("eth0").state, "ready");
  it.kernel.plug("eth1");
  await it.settle();
  it.kernel.removeHardware("eth1");
  await it.clock.advanceSettled(quietMs);
  assert.deepEqual(it.order, ["eth0 ready"]);
});

test("the order names the link and the one bit, with its value as a flag", () => {
  const on = setMagicPacketCommand(7, true);
  const off = setMagicPacketCommand(7, false);
  assert.deepEqual([on.number, on.version], [10, 1]);
  assert.equal(
    on.attributes.toString("hex"),
    // header { dev-index 7 }, modes { bits { bit { index 5, value } } }
    "0c000180" + "0800010007000000" + "18000280" + "14000380" + "10000180" + "0800010005000000" + "04000300",
  );
  assert.equal(
    off.attributes.toString("hex"),
    "0c000180" + "0800010007000000" + "14000280" + "10000380" + "0c000180" + "0800010005000000",
  );
});
