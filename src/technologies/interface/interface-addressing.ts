/** What a section `interface` says, in the terms of a Service. Pure. */
import type { InterfaceConfig } from "../../config/uci/network-config.ts";
import { type StaticAddress, staticAddressing } from "../../config/uci/static-addressing.ts";
import { emptyIpSettings, type IpFamilySettings, type IpSettings } from "../../network/ip-settings.ts";
import { emptyStaticIp, type StaticIp } from "../../network/static-ip.ts";
import type { Family } from "../../rtnl/rtnl.ts";
import type { InterfaceErrorEntry } from "../../services/configured-interface.ts";

/** Why it cannot be set up as it is written; empty: it can. */
export function configurationErrors({ proto, values }: InterfaceConfig): readonly InterfaceErrorEntry[] {
  if (proto === "static") {
    const { addresses, ip6Addresses, errors } = staticAddressing(values);
    const missing =
      addresses.length + ip6Addresses.length === 0 ? [{ subsystem: "proto", code: "INVALID_ADDRESS", data: [] }] : [];
    return errors.length > 0 ? errors.map(({ subsystem, code, data }) => ({ subsystem, code, data })) : missing;
  }
  return proto === "dhcp" || proto === "none" ? [] : [{ subsystem: "proto", code: "INVALID_PROTO", data: [] }];
}

export function staticIpOf({ proto, values, routes }: InterfaceConfig): StaticIp {
  const { dns = [], dns_search: searchDomains = [], mtu } = values;
  const { addresses, gateway } = staticAddressing(proto === "static" ? values : {});
  const single = severalAddressesOf({ proto, values }) ? undefined : addresses[0];
  const wantsGateway = gateway !== undefined && values.defaultroute !== false;
  return {
    ...emptyStaticIp,
    ...single,
    ...(single && wantsGateway && { gateway }),
    ...(mtu !== undefined && { mtu }),
    nameServers: dns,
    searchDomains,
    routes,
  };
}

/** One IPv4 address goes the way of a person's StaticIPConfig; more than that, or IPv6, is what the link itself says. */
export function severalAddressesOf({
  proto,
  values,
}: Pick<InterfaceConfig, "proto" | "values">): IpSettings | undefined {
  if (proto !== "static") return undefined;
  const { addresses, gateway, ip6Addresses, ip6Gateway } = staticAddressing(values);
  if (addresses.length < 2 && ip6Addresses.length === 0) return undefined;
  const isWayOut = values.defaultroute !== false;
  return {
    ...emptyIpSettings,
    ...familyOf("ipv4", 4, addresses, isWayOut ? gateway : undefined),
    ...familyOf("ipv6", 6, ip6Addresses, isWayOut ? ip6Gateway : undefined),
  };
}
function familyOf<K extends "ipv4" | "ipv6">(
  key: K,
  family: Family,
  [first, ...others]: readonly StaticAddress[],
  gateway: string | undefined,
): { [P in K]?: IpFamilySettings } {
  if (!first) return {};
  const own: IpFamilySettings = {
    ...{ family, ...first },
    ...(others.length > 0 && { others }),
    ...(gateway !== undefined && { gateway }),
  };
  return { [key]: own } as { [P in K]?: IpFamilySettings };
}

/** A lower metric goes before a higher one, and none before all: as a Priority, where the higher one goes first. */
export const priorityOf = ({ values }: InterfaceConfig): number => -Math.min(values.metric ?? 0, 0x7fffffff);
