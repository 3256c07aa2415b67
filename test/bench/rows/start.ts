import { addLinks } from "../crowd.ts";
import type { Findings } from "../figures.ts";
import { cpuMs } from "../process-figures.ts";
import type { Subject } from "../subject.ts";
import { World } from "../world.ts";

/** A start with one link and nothing stored, then starts with the files of the first. */
export async function measureStart(subject: Subject): Promise<Findings> {
  const took = await startsOf(subject, 0, 6);
  return { "exec -> main call answers, 1 link (ms)": took.map(({ ms }) => ms) };
}

export async function measureStartWithManyLinks(subject: Subject): Promise<Findings> {
  const took = await startsOf(subject, 1000, 2);
  return {
    "exec -> main call answers, 1000 links (ms)": took.map(({ ms }) => ms),
    "... CPU until quiet, 1000 links (s)": took.map(({ cpu }) => cpu / 1000),
  };
}

async function startsOf(subject: Subject, links: number, times: number): Promise<{ ms: number; cpu: number }[]> {
  const world = await World.open(subject);
  try {
    await world.addServedCable("eth0", "10.1.0");
    if (links > 0) addLinks(links);
    const found: { ms: number; cpu: number }[] = [];
    for (let n = 0; n < times; n++) {
      const ms = await world.start();
      await world.settle();
      found.push({ ms, cpu: cpuMs(world.pid) });
      await world.stop();
    }
    return found;
  } finally {
    world.close();
  }
}
