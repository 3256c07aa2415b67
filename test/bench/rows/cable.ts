import type { Findings } from "../figures.ts";
import type { ProbeEvent } from "../probe.ts";
import type { Subject } from "../subject.ts";
import { World } from "../world.ts";

export const link = "eth0";
/** The slowest of the field takes a tenth of it. */
const limitMs = 20_000;

const carrierIs = (carrier: boolean) => (event: ProbeEvent) =>
  event.event === "link" && event.link === link && event.carrier === carrier;
const hasAddress = (event: ProbeEvent) => event.event === "address" && event.link === link;

/**
 * A cable goes in for the first time, out, in again, out, and in after a restart. Each figure counts from the kernel's
 * own event for the carrier: to the address (RTM_NEWADDR), and to the signal that tells clients.
 */
export async function measureCable(subject: Subject): Promise<Findings> {
  const world = await World.open(subject);
  try {
    const { cable } = await world.addServedCable(link, "10.1.0");
    await world.start();
    await world.untilReadyForCable(link);
    const first = await plug(world, cable.plug);
    const out = await unplug(world, cable.unplug);
    const again = await plug(world, cable.plug);
    await unplug(world, cable.unplug);
    await world.stop();
    await world.start();
    await world.untilReadyForCable(link);
    const known = await plug(world, cable.plug);
    return {
      "cable -> address, first time (ms)": [first.address],
      "cable -> API says connected, first time (ms)": [first.api],
      "replug -> address (ms)": [again.address],
      "replug -> API says connected (ms)": [again.api],
      "known lease after a restart -> address (ms)": [known.address],
      "known lease after a restart -> API (ms)": [known.api],
      "cable out -> API says so (ms)": [out],
    };
  } finally {
    world.close();
  }
}

export async function plug(world: World, act: () => void): Promise<{ address: number; api: number }> {
  await world.settle();
  const from = world.probe.mark;
  act();
  const carrier = await world.wait("the kernel tells of the carrier", carrierIs(true), from, limitMs);
  const address = await world.wait("has an address", hasAddress, from, limitMs);
  const api = await world.wait("says connected", (event) => world.subject.saysConnected(event), from, limitMs);
  return { address: address.at - carrier.at, api: api.at - carrier.at };
}

export async function unplug(world: World, act: () => void): Promise<number> {
  await world.settle();
  const from = world.probe.mark;
  act();
  const carrier = await world.wait("the kernel tells of the lost carrier", carrierIs(false), from, limitMs);
  const api = await world.wait("says lost", (event) => world.subject.saysLost(event), from, limitMs);
  await world.wait("has settled", (event) => world.subject.saysSettled(event), from, limitMs);
  return api.at - carrier.at;
}
