/** What a section `interface` says, in the terms of a Service. Pure. */
import type { InterfaceConfig } from "../../config/uci/network-config.ts";
import { staticAddressing } from "../../config/uci/static-addressing.ts";
import { emptyStaticIp, type StaticIp } from "../../network/static-ip.ts";
import type { InterfaceErrorEntry } from "../../services/configured-interface.ts";

/** Why it cannot be set up as it is written; empty: it can. */
export function configurationErrors({ proto, values }: InterfaceConfig): readonly InterfaceErrorEntry[] {
  if (proto === "static") {
    const { addresses, errors } = staticAddressing(values);
    const missing = addresses.length === 0 ? [{ subsystem: "proto", code: "INVALID_ADDRESS", data: [] }] : [];
    return errors.length > 0 ? errors.map(({ subsystem, code, data }) => ({ subsystem, code, data })) : missing;
  }
  return proto === "dhcp" || proto === "none" ? [] : [{ subsystem: "proto", code: "INVALID_PROTO", data: [] }];
}

export function staticIpOf({ proto, values, routes }: InterfaceConfig): StaticIp {
  const { dns = [], dns_search: searchDomains = [], mtu } = values;
  const { addresses, gateway } = staticAddressing(proto === "static" ? values : {});
  const wantsGateway = gateway !== undefined && values.defaultroute !== false;
  return {
    ...emptyStaticIp,
    ...addresses[0],
    ...(wantsGateway && { gateway }),
    ...(mtu !== undefined && { mtu }),
    nameServers: dns,
    searchDomains,
    routes,
  };
}

/** A lower metric goes before a higher one, and none before all: as a Priority, where the higher one goes first. */
export const priorityOf = ({ values }: InterfaceConfig): number => -Math.min(values.metric ?? 0, 0x7fffffff);
