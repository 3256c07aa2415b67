import { rmSync, symlinkSync } from "node:fs";
import { formatIpAddress } from "../../../src/base/ip-address.ts";
import type { ShownNames } from "../../contract/resolved/resolved-cases.ts";
import type { BusClient } from "../../harness/bus-client.ts";
import { run } from "../../harness/processes.ts";

const unit = "systemd-resolved.service";
const name = "org.freedesktop.resolve1";

/** The guest's own systemd-resolved, which sleeps elsewhere; /etc/resolv.conf leads to it. */
export function startResolved(): void {
  rmSync(`/etc/systemd/system/${unit}`, { force: true });
  rmSync("/etc/resolv.conf", { force: true });
  symlinkSync("../run/systemd/resolve/stub-resolv.conf", "/etc/resolv.conf");
  run("systemctl", ["daemon-reload"]);
  run("systemctl", ["start", unit]);
}
/** Its state that outlives a restart goes, too. */
export function restartResolved(): void {
  run("systemctl", ["stop", unit]);
  rmSync("/run/systemd/resolve/netif", { recursive: true, force: true });
  run("systemctl", ["start", unit]);
}

/** Its names of a link, asked by this process: resolvectl(1) takes an emulated processor half a second. */
export async function shownNames(bus: BusClient, link: number): Promise<ShownNames> {
  const [path] = await bus.call(name, "/org/freedesktop/resolve1", `${name}.Manager`, "GetLink", "i", [link]);
  const get = async (property: string) => {
    const args = [`${name}.Link`, property];
    const [value] = await bus.call(name, String(path), "org.freedesktop.DBus.Properties", "Get", "ss", args);
    return value;
  };
  const servers = (await get("DNS")) as readonly [number, Buffer][];
  const domains = (await get("Domains")) as readonly [string, boolean][];
  return {
    nameServers: servers.map(([family, bytes]) => formatIpAddress(family === 2 ? 4 : 6, bytes)),
    searchDomains: domains.map(([domain]) => domain),
    isDefault: (await get("DefaultRoute")) === true,
  };
}
