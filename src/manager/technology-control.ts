import { DaemonError } from "../base/errors.ts";
import { isTechnologyName, type Technology } from "../base/technology.ts";
import type { Device } from "../devices/device.ts";

/** The parts of the Manager that a switch reaches. */
export interface TechnologyControl {
  readonly devices: Iterable<Device>;
  /** Services that are on no Device end by themselves, and stay so until a client connects them. */
  readonly serviceRegistry: { disconnectTechnology(technology: string): void };
}

/**
 * Enables or disables every Device of a technology and remembers it; the first error is told when all have settled.
 * Links that are left alone stay as they are: a person who switches off all cables does not mean the bridge of a
 * container host.
 */
export async function setTechnologyEnabled(
  { devices, serviceRegistry }: TechnologyControl,
  name: string,
  enable: boolean,
): Promise<void> {
  if (!isTechnologyName(name)) throw new DaemonError("InvalidArguments", "Unknown technology");
  if (!enable) serviceRegistry.disconnectTechnology(name);
  const attempts = [...devices]
    .filter((device) => device.technology === name)
    .map((device) => device.setEnabled(enable, { isPersistent: true }));
  const failed = (await Promise.allSettled(attempts)).find((result) => result.status === "rejected");
  if (failed) throw explain(name, enable, failed.reason);
}

function explain(name: string, enable: boolean, cause: unknown): unknown {
  if (!(cause instanceof DaemonError)) return cause;
  return new DaemonError(cause.code, `${enable ? "Enable" : "Disable"} ${name} failed: ${cause.message}`, { cause });
}

/** Sorted and without doubles, as the bus shows lists of technologies. */
export function technologiesOf(
  devices: Iterable<Device>,
  counts: (device: Device) => boolean = () => true,
): readonly Technology[] {
  const found = new Set<Technology>();
  for (const device of devices) if (counts(device)) found.add(device.technology);
  return [...found].sort();
}
