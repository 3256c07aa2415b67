import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { ServiceList } from "../../../src/manager/service-list.ts";
import { StoredService } from "../../../src/services/stored-service.ts";
import { FakeMachine } from "../../fakes/fake-machine.ts";

/** More than are sorted as a whole. */
const count = 100;

async function manyServices(t: TestContext) {
  const machine = await new FakeMachine().start();
  t.after(() => machine.stop());
  const told: string[][] = [];
  const list = new ServiceList([], ({ changed }) => told.push(changed.map(({ guid }) => guid)));
  const services = Array.from({ length: count }, (_, at) => {
    const service = new StoredService(machine.manager.serviceRegistry, at, "wifi", `wifi_${at}`);
    service.guid = String(at);
    list.add(service);
    return service;
  });
  const sort = async () => {
    await Promise.resolve();
    return told.splice(0);
  };
  await sort();
  const guids = () => list.all.map(({ guid }) => guid);
  return { list, services: services as [StoredService, StoredService], sort, guids };
}

test("a Service that changed moves to its place, and nothing else is looked at", async (t) => {
  const { list, services, sort, guids } = await manyServices(t);
  const before = guids();
  services[1].priority = 5;
  list.requestSort("its priority", services[1]);
  assert.deepEqual(await sort(), [["1"]]);
  assert.deepEqual(guids(), ["1", ...before.filter((guid) => guid !== "1")]);
});

test("a Service that is gone and asks for a sort moves nothing and does not come back", async (t) => {
  const { list, services, sort, guids } = await manyServices(t);
  list.remove(services[0]);
  await sort();
  const before = guids();
  list.requestSort("its cooldown is over", services[0]);
  assert.deepEqual(await sort(), [[]]);
  assert.deepEqual(guids(), before);
  assert.equal(list.reasonOf(services[0]), undefined);
});
