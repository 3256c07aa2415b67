import { until } from "../../harness/until.ts";
import type { Findings } from "../figures.ts";
import { cpuMs } from "../process-figures.ts";
import type { Subject } from "../subject.ts";
import { World } from "../world.ts";

const reads = 2000;
const writes = 100;

/** With one connected cable: the cost of reading all properties of it, and the time of a change that is kept. */
export async function measureCalls(subject: Subject): Promise<Findings> {
  const world = await World.open(subject);
  try {
    const { cable } = await world.addServedCable("eth0", "10.1.0");
    await world.start();
    await world.untilReadyForCable("eth0");
    const from = world.probe.mark;
    cable.plug();
    await world.wait("says connected", (event) => subject.saysConnected(event), from, 20_000);
    await world.settle();
    return { ...(await readProperties(world)), ...(await setProperties(world, "1 link")) };
  } finally {
    world.close();
  }
}

async function readProperties({ subject, probe, pid }: World): Promise<Findings> {
  const list = await probe.call(subject.mainCall);
  const call = subject.serviceProperties?.(list.body);
  if (!call) return {};
  // The first calls pay for compiling the code of the later ones.
  await probe.call(call, { times: reads, body: false });
  const before = cpuMs(pid);
  const { took, isGood } = await probe.call(call, { times: reads, body: false });
  if (!isGood) throw new Error(`${subject.name} refuses ${call.member}`);
  return {
    "all properties of a Service, CPU in the daemon (us)": [((cpuMs(pid) - before) * 1000) / reads],
    "... round trip (ms)": took,
  };
}

/** Each change is another value, so that each is written. */
export async function setProperties(world: World, load: string): Promise<Findings> {
  const { subject, probe } = world;
  if (!subject.setProperty) return {};
  const { body } = await until(
    `${subject.name} lists what can be set`,
    async () => {
      const list = await probe.call(subject.mainCall);
      return subject.setProperty?.(list.body, 0) ? list : undefined;
    },
    10_000,
  );
  const took: number[] = [];
  for (let round = 1; round <= writes; round++) {
    const reply = await probe.call(subject.setProperty(body, round));
    if (!reply.isGood) throw new Error(`${subject.name} refuses to set a property: ${JSON.stringify(reply.body)}`);
    took.push(...reply.took);
  }
  return { [`persistent property set, ${load} (ms)`]: took };
}
