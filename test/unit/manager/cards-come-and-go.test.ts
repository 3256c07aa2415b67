import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeMachine } from "../../fakes/fake-machine.ts";

test("of a card that is gone nothing is kept, at any moment of its going", async (t) => {
  const it = new FakeMachine();
  t.after(() => it.stop());
  await it.start();
  const turns = async (count: number) => {
    for (let turn = 0; turn < count; turn++) await Promise.resolve();
  };
  for (let moment = 0; moment < 40; moment++) {
    const name = `eth${moment}`;
    it.kernel.addHardware({ name, mac: `02:00:00:00:01:${moment.toString(16).padStart(2, "0")}` });
    await turns(moment);
    it.kernel.removeHardware(name);
    await it.settle();
    assert.deepEqual([...it.preparedLinks], [], `gone after ${moment} turns`);
  }
  assert.deepEqual(it.manager.devices, []);
});

test("a card that stays is prepared, and one that is disabled and gone is no Device that is switched on", async (t) => {
  const it = new FakeMachine();
  t.after(() => it.stop());
  await it.start();
  it.kernel.addHardware({ name: "eth0", mac: "02:00:00:00:00:01" });
  await it.settle();
  const [device] = it.manager.devices;
  assert.deepEqual([device?.isEnabled, it.preparedLinks.size], [true, 1]);
  it.kernel.removeHardware("eth0");
  await it.settle();
  assert.deepEqual([device?.isEnabled, it.preparedLinks.size], [false, 0]);
});
