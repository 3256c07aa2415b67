import assert from "node:assert/strict";
import { test } from "node:test";
import { machine } from "../manager/machine.ts";

const waitingReason = "it has just appeared: udev, or the program that made it, is not done with it yet";

async function waitingMachine(t: { after(done: () => void): void }) {
  const waiting = new Map<number, () => void>();
  const it = await machine(t, ["eth0"], {
    whenSetUp: (index, done) => {
      waiting.set(index, done);
      return () => void waiting.delete(index);
    },
  });
  const finish = () => {
    for (const done of [...waiting.values()]) done();
  };
  const because = () => [...it.manager.deviceInfo.links()].map(({ because: reason }) => reason);
  return { it, waiting, finish, because };
}

test("a link is no Device, and stays down, until udev is done with it", async (t) => {
  const { it, finish, because } = await waitingMachine(t);
  assert.deepEqual(it.manager.devices, []);
  assert.ok(because().includes(waitingReason));
  finish();
  await it.settle();
  assert.deepEqual(it.order, ["eth0 ready", "eth1 idle"]);
});

test("a udev that never comes to an end keeps the link for ten seconds", async (t) => {
  const { it, waiting } = await waitingMachine(t);
  it.clock.advance(9_999);
  await it.settle();
  assert.deepEqual(it.manager.devices, []);
  it.clock.advance(1);
  await it.settle();
  assert.deepEqual(it.order, ["eth0 ready", "eth1 idle"]);
  assert.equal(waiting.size, 0);
});
