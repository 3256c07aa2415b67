/** One family of a Network as clients are shown it (shill's doc/ipconfig-api.txt). */

import { familyOfServer } from "../base/ip-address.ts";
import type { Family } from "../rtnl/rtnl.ts";
import type { EffectiveSettings } from "./merge.ts";

/** The object's identity: as long as a family stays configured it is the same object. */
export interface IpConfigIdentity {
  /** Different for every one that this process ever made. */
  readonly id: number;
  /** Last part of its path; `dhcp` when it exists since a DHCP client was started. */
  readonly kind: "dhcp" | "ip";
  readonly family: Family;
}

export interface IpConfig extends IpConfigIdentity {
  readonly method: "dhcp" | "ipv4" | "ipv6";
  /** Without prefix length; empty until there is a first result. */
  readonly address: string;
  readonly prefixLength: number;
  /** `0.0.0.0` or `::` when there is none; empty until there is a first result. */
  readonly gateway: string;
  /** Bytes; 0: not known. */
  readonly mtu: number;
  /** Of this family only. */
  readonly nameServers: readonly string[];
  readonly searchDomains: readonly string[];
  readonly webProxyAutoDiscoveryUrl: string;
}

/** Has addressing that clients are shown as objects. */
export interface IpConfigHolder {
  /** IPv4 first. */
  readonly ipConfigs: readonly IpConfig[];
  ipConfigPath(config: IpConfigIdentity): string;
}

let lastId = 0;

export const newIpConfigIdentity = (kind: IpConfigIdentity["kind"], family: Family): IpConfigIdentity => ({
  id: ++lastId,
  kind,
  family,
});

/** `isFromDhcp`: whether the IPv4 part is, or waits to be, supplied by DHCP. */
export function describeIpConfig(
  identity: IpConfigIdentity,
  settings: EffectiveSettings | undefined,
  isFromDhcp: boolean,
): IpConfig {
  const { family } = identity;
  const own = family === 4 ? settings?.ipv4 : settings?.ipv6;
  const noGateway = family === 4 ? "0.0.0.0" : "::";
  return {
    ...identity,
    method: family === 6 ? "ipv6" : isFromDhcp ? "dhcp" : "ipv4",
    address: own?.address ?? "",
    prefixLength: own?.prefixLength ?? 0,
    gateway: own ? (own.gateway ?? noGateway) : "",
    mtu: settings?.mtu ?? 0,
    nameServers: settings?.nameServers.filter((server) => familyOfServer(server) === family) ?? [],
    searchDomains: settings?.searchDomains ?? [],
    webProxyAutoDiscoveryUrl: settings?.webProxyAutoDiscoveryUrl ?? "",
  };
}
