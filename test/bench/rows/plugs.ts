import { setTimeout as pause } from "node:timers/promises";
import type { Findings } from "../figures.ts";
import { cpuMs, minorFaults } from "../process-figures.ts";
import type { Subject } from "../subject.ts";
import { World } from "../world.ts";
import { link, plug, unplug } from "./cable.ts";

/** A person's rhythm: by then caches are cold, and a runtime has tidied up. */
const restMs = 5_000;
const replugs = 5;

/** The same figures as of a cable, with ten seconds from plug to plug, and how much the processor does for one. */
export async function measurePlugs(subject: Subject): Promise<Findings> {
  const world = await World.open(subject);
  try {
    const { cable } = await world.addServedCable(link, "10.1.0");
    await world.start();
    await world.untilReadyForCable(link);
    const first = await restedPlug(world, cable.plug);
    const again: Plug[] = [];
    for (let round = 0; round < replugs; round++) {
      await pause(restMs);
      await unplug(world, cable.unplug);
      again.push(await restedPlug(world, cable.plug));
    }
    await unplug(world, cable.unplug);
    await world.stop();
    await world.start();
    await world.untilReadyForCable(link);
    const known = await restedPlug(world, cable.plug);
    return {
      "10 s apart: cable -> address, first time (ms)": [first.address],
      "10 s apart: cable -> API, first time (ms)": [first.api],
      "10 s apart: replug -> address (ms)": again.map(({ address }) => address),
      "10 s apart: replug -> API (ms)": again.map(({ api }) => api),
      "10 s apart: known lease -> address (ms)": [known.address],
      "10 s apart: known lease -> API (ms)": [known.api],
      "CPU per replug (ms)": again.map(({ cpu }) => cpu),
      "page faults per replug": again.map(({ faults }) => faults),
    };
  } finally {
    world.close();
  }
}

interface Plug {
  readonly address: number;
  readonly api: number;
  readonly cpu: number;
  readonly faults: number;
}

async function restedPlug(world: World, act: () => void): Promise<Plug> {
  await pause(restMs);
  const before = { cpu: cpuMs(world.pid), faults: minorFaults(world.pid) };
  const { address, api } = await plug(world, act);
  await world.settle();
  return { address, api, cpu: cpuMs(world.pid) - before.cpu, faults: minorFaults(world.pid) - before.faults };
}
