import type { Device } from "../devices/device.ts";
import type { Neighbour } from "../rtnl/rtnl.ts";

/** How one connected link stands, in a line for the log. `rank`: its place among the connected, 0 the first. */
export function connectivityReport(device: Device, neighbours: readonly Neighbour[], rank: number): string {
  const settings = device.network?.effective;
  const own = settings?.ipv4 ?? settings?.ipv6;
  const gateway = own?.gateway;
  const entry = neighbours.find(({ address }) => address === gateway);
  return [
    `${device.name}: ${device.selectedService?.state ?? "idle"}, rank ${rank}`,
    `address ${own ? `${own.address}/${own.prefixLength}` : "none"}`,
    `gateway ${gateway ?? "none"}${gateway === undefined ? "" : ` (${entry?.mac ?? "no answer known"})`}`,
    `name servers ${settings?.nameServers.join(" ") || "none"}`,
  ].join("; ");
}
