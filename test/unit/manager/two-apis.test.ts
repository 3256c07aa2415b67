import assert from "node:assert/strict";
import { test } from "node:test";
import type { ManagerObserver } from "../../../src/manager/event-feed.ts";
import { FakeMachine } from "../../fakes/fake-machine.ts";

/** An API that notes the calls to it, or fails at them. */
function api(told: string[], fail = false): ManagerObserver {
  const note = (line: string) => {
    if (fail) throw new Error("of no use");
    told.push(line);
  };
  return {
    serviceAdded: (service) => {
      note(`service ${service.path}`);
      service.properties.listen((name, _signature, value) => name === "State" && told.push(String(value)));
    },
    serviceRemoved: () => {},
    deviceAdded: (device) => note(`device ${device.path}`),
    deviceRemoved: () => {},
    ipConfigsChanged: () => {},
    profilesChanged: () => {},
    happened: () => {},
  };
}

async function plugIn(it: FakeMachine): Promise<void> {
  it.kernel.addHardware({ name: "eth0" });
  it.kernel.setCarrier("eth0", true);
  await it.settle();
}

test("two APIs hear of the same objects and of each change", async (t) => {
  const it = new FakeMachine();
  t.after(() => it.stop());
  const [first, second]: [string[], string[]] = [[], []];
  it.manager.feed.observers.add(api(first));
  it.manager.feed.observers.add(api(second));
  await it.start();
  await plugIn(it);
  for (const line of ["device /device/eth0", "service /service/0"]) assert.ok(first.includes(line), first.join());
  assert.ok(first.includes("configuration"), first.join());
  assert.deepEqual(second, first);
});

test("an API that fails keeps neither the machine nor another API from working", async (t) => {
  const it = new FakeMachine();
  t.after(() => it.stop());
  const told: string[] = [];
  it.manager.feed.observers.add(api([], true));
  it.manager.feed.observers.add(api(told));
  await it.start();
  await plugIn(it);
  assert.ok(told.includes("service /service/0"), told.join());
});

test("an API that was removed hears nothing more", async (t) => {
  const it = new FakeMachine();
  t.after(() => it.stop());
  const told: string[] = [];
  it.manager.feed.observers.add(api(told))();
  await it.start();
  await plugIn(it);
  assert.deepEqual(told, []);
});
