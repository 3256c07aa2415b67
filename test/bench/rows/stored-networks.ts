import { setImmediate as nextTurn } from "node:timers/promises";
import { ServiceConfigurator } from "../../../src/manager/service-configurator.ts";
import { ServiceList } from "../../../src/manager/service-list.ts";
import { StoredService } from "../../../src/services/stored-service.ts";
import { FakeMachine } from "../../fakes/fake-machine.ts";
import type { Findings } from "../figures.ts";
import type { Subject } from "../subject.ts";
import { World } from "../world.ts";

const networks = 10_000;
const starts = 6;
const repeats = 20;

/** A life's worth of remembered networks: their cost at start, and at each search for the best or a certain one. */
export async function measureStoredNetworks(subject: Subject): Promise<Findings> {
  if (!subject.storeNetworks) return {};
  return { ...(await measureStarts(subject)), ...(await measureServices()) };
}

async function measureStarts(subject: Subject): Promise<Findings> {
  const world = await World.open(subject);
  try {
    await world.addServedCable("eth0", "10.1.0");
    const took: number[] = [];
    const start = async () => {
      took.push(await world.start());
      await world.settle();
      await world.stop();
    };
    for (let n = 0; n < starts; n++) await start();
    const empty = took.splice(0);
    subject.storeNetworks?.(world.place, networks);
    for (let n = 0; n < starts; n++) await start();
    return {
      "exec -> main call answers, nothing stored (ms)": empty,
      "exec -> main call answers, 10,000 networks stored (ms)": took,
    };
  } finally {
    world.close();
  }
}

/** In this process, on Services as the daemon has them: no technology keeps so many of them alive yet. */
async function measureServices(): Promise<Findings> {
  const machine = await new FakeMachine().start();
  let sortedAt = 0;
  const list = new ServiceList(machine.manager.services.technologyOrder, () => {
    sortedAt = performance.now();
  });
  const services = Array.from({ length: networks }, (_, at) => {
    const service = new StoredService(machine.manager.serviceRegistry, at, "wifi", `wifi_${at}`);
    service.guid = `guid ${at}`;
    list.add(service);
    return service;
  });
  const configurator = new ServiceConfigurator({
    profiles: machine.profiles,
    follower: { reviewEntry: () => {} },
    serviceRegistry: { list, providerOf: () => undefined },
  });
  const sort: number[] = [];
  const find: number[] = [];
  for (let round = 0; round < repeats; round++) {
    for (const [at, service] of services.entries()) service.priority = (at * 7919 + round * 104_729) % 1000;
    const from = performance.now();
    list.requestSort("all priorities are others");
    await nextTurn();
    sort.push(sortedAt - from);
    const last = list.all.at(-1)?.guid;
    const began = performance.now();
    configurator.findMatching(new Map([["GUID", { signature: "s", value: last }]]));
    find.push(performance.now() - began);
  }
  machine.stop();
  return { "sort of 10,000 Services (ms)": sort, "FindMatchingService among 10,000 (ms)": find };
}
