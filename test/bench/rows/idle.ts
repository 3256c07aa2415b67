import { setTimeout as pause } from "node:timers/promises";
import type { Findings } from "../figures.ts";
import { pssKib, wakeupsBetween, wakeupsByThread } from "../process-figures.ts";
import type { Subject } from "../subject.ts";
import { World } from "../world.ts";

/** The aftermath of a connection is over by then: announcements of the address, and the wait for an IPv6 router (30 s). */
const restMs = 35_000;
const watchMs = 30_000;

/** Connected and left alone. */
export async function measureIdle(subject: Subject): Promise<Findings> {
  const world = await World.open(subject);
  try {
    const { cable } = await world.addServedCable("eth0", "10.1.0");
    await world.start();
    await world.untilReadyForCable("eth0");
    const from = world.probe.mark;
    cable.plug();
    await world.wait("says connected", (event) => subject.saysConnected(event), from, 20_000);
    await pause(restMs);
    const before = wakeupsByThread(world.pid);
    await pause(watchMs);
    return {
      "idle, wakeups in 30 s": [wakeupsBetween(before, wakeupsByThread(world.pid))],
      "idle, PSS (MiB)": [pssKib(world.pid) / 1024],
    };
  } finally {
    world.close();
  }
}
