import { until } from "../../harness/until.ts";
import { addLinks, removeLinks } from "../crowd.ts";
import type { Findings } from "../figures.ts";
import { cpuMs, peakRssKib, pssKib } from "../process-figures.ts";
import type { Subject } from "../subject.ts";
import { World } from "../world.ts";
import { setProperties } from "./calls.ts";

/** The slowest of the field needs 20 s for 4000 links. */
const limitMs = 120_000;

export const measure1000Links = (subject: Subject): Promise<Findings> => measureLinks(subject, 1000);
export const measure4000Links = (subject: Subject): Promise<Findings> => measureLinks(subject, 4000);

/** Links appear at once beside a connected cable, are all listed, and vanish; and the cable is still followed. */
async function measureLinks(subject: Subject, count: number): Promise<Findings> {
  const world = await World.open(subject);
  try {
    const { cable } = await world.addServedCable("eth0", "10.1.0");
    await world.start();
    await world.untilReadyForCable("eth0");
    await connect(world, cable.plug);
    const before = { listed: await countListed(world), cpu: cpuMs(world.pid), pss: pssKib(world.pid) };

    const startedAt = performance.now();
    addLinks(count);
    await untilListed(world, before.listed + count);
    const listedS = (performance.now() - startedAt) / 1000;
    await world.settle();
    const withLinks = { cpu: cpuMs(world.pid), pss: pssKib(world.pid) };
    const loaded = await measureLoaded(world, count);
    const outMs = await followedAfter(world, cable.unplug);

    await world.settle();
    const beforeDeletion = cpuMs(world.pid);
    removeLinks();
    await untilListed(world, before.listed);
    await world.settle();
    return {
      [`${count} links at once -> all listed (s)`]: [listedS],
      [`... CPU, ${count} added (s)`]: [(withLinks.cpu - before.cpu) / 1000],
      [`... CPU, ${count} deleted (s)`]: [(cpuMs(world.pid) - beforeDeletion) / 1000],
      [`... memory per link, ${count} (kB)`]: [((withLinks.pss - before.pss) * 1.024) / count],
      [`... peak RSS with ${count} (MiB)`]: [peakRssKib(world.pid) / 1024],
      [`... with ${count}, cable out -> API says so (ms)`]: [outMs],
      ...loaded,
    };
  } finally {
    world.close();
  }
}

async function connect(world: World, plug: () => void): Promise<void> {
  await world.settle();
  const from = world.probe.mark;
  plug();
  await world.wait("says connected", (event) => world.subject.saysConnected(event), from, limitMs);
  await world.settle();
}

/** Calls that may become slower with the number of links; measured at 1000. */
async function measureLoaded(world: World, count: number): Promise<Findings> {
  if (count !== 1000) return {};
  const { everything } = world.subject;
  const all = everything && (await world.probe.call(everything, { times: 20, body: false }));
  return {
    ...(all ? { "everything about 1000 links in one call (ms)": all.took } : {}),
    ...(await setProperties(world, "1000 links")),
  };
}

async function followedAfter(world: World, unplug: () => void): Promise<number> {
  const from = world.probe.mark;
  unplug();
  const lost = await world.wait(
    "the kernel tells of the lost carrier",
    ({ event, link, carrier }) => event === "link" && link === "eth0" && carrier === false,
    from,
    // The kernel tells of a hundred links a second, and of the thousands first.
    limitMs,
  );
  const told = await world.wait("says lost", (event) => world.subject.saysLost(event), from, limitMs);
  return told.at - lost.at;
}

async function countListed({ subject, probe }: World): Promise<number> {
  const { body } = await probe.call(subject.mainCall);
  const count = subject.countLinks?.(body);
  if (count === undefined) throw new Error(`${subject.name} lists no links`);
  return count;
}

function untilListed(world: World, count: number): Promise<unknown> {
  return until(`${world.subject.name} lists ${count} links`, async () => (await countListed(world)) === count, limitMs);
}
