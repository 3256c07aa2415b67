/** IPConfig objects, for tables and JSON. */
import type { BusObject } from "./snapshot.ts";

const noGateways: ReadonlySet<string> = new Set(["", "0.0.0.0", "::"]);

/** `192.0.2.5/24`; empty while there is none. */
export function addressOf(config: BusObject): string {
  const address = config.text("Address");
  return address === "" ? "" : `${address}/${config.number("Prefixlen")}`;
}
/** Empty: none. */
export function gatewayOf(config: BusObject): string {
  const gateway = config.text("Gateway");
  return noGateways.has(gateway) ? "" : gateway;
}

export const plainIpConfig = (config: BusObject) => ({
  path: config.path,
  method: config.text("Method"),
  address: config.text("Address"),
  prefixLength: config.number("Prefixlen"),
  gateway: gatewayOf(config),
  nameServers: config.list("NameServers"),
  searchDomains: config.list("SearchDomains"),
  mtu: config.number("Mtu"),
});
