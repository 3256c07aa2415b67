/** A section `interface` as addressing of a Service. Pure. */
import { canonicalServer } from "../../base/ip-address.ts";
import { builtInProtocols, type InterfaceConfig } from "../../config/uci/network-config.ts";
import { staticAddressing } from "../../config/uci/static-addressing.ts";
import type { ProtocolRequest } from "../../network/acquisition.ts";
import { emptyIpSettings, type IpSettings } from "../../network/ip-settings.ts";
import { defaultKeepalive, type PppoeConfig } from "../../network/protocols/ppp/pppd-options.ts";
import type { ScriptConfig } from "../../network/protocols/script/script-handler.ts";
import type { HandlerCatalogue } from "../../network/protocols/script/script-protocols.ts";
import { emptyStaticIp, type StaticIp } from "../../network/static-ip.ts";
import type { InterfaceErrorEntry } from "../../services/configured-interface.ts";

/** Why it cannot be set up as it is written; empty: it can. */
export function configurationErrors(
  { proto, values }: InterfaceConfig,
  handlers: HandlerCatalogue,
): readonly InterfaceErrorEntry[] {
  if (proto === "static") {
    const { addresses, ip6Addresses, errors } = staticAddressing(values);
    const missing =
      addresses.length + ip6Addresses.length === 0 ? [{ subsystem: "proto", code: "INVALID_ADDRESS", data: [] }] : [];
    return errors.length > 0 ? errors.map(({ subsystem, code, data }) => ({ subsystem, code, data })) : missing;
  }
  if (builtInProtocols.includes(proto)) return [];
  const handler = handlers.find(proto);
  const fault = handler?.needsNoDevice
    ? "handlers that work without a link are not supported yet"
    : handlers.whyNoOthers;
  if (handler && !handler.needsNoDevice) return [];
  return [{ subsystem: "proto", code: "INVALID_PROTO", data: fault === "" ? [] : [fault] }];
}

/** Request to a handler script; undefined: the protocol is one of ours. */
export function handlerRequest({ name, proto, options }: InterfaceConfig): ProtocolRequest | undefined {
  if (builtInProtocols.includes(proto)) return undefined;
  const config: ScriptConfig = { interfaceName: name, options };
  return { source: "handler", handler: proto, config };
}

export function staticIpOf({ proto, values, routes }: InterfaceConfig): StaticIp {
  const { dns = [], dns_search: searchDomains = [], mtu } = values;
  const { addresses, gateway, ip6Addresses, ip6Gateway } = staticAddressing(proto === "static" ? values : {});
  const single = severalAddressesOf({ proto, values }) ? undefined : addresses[0];
  const isWayOut = values.defaultroute !== false;
  return {
    ...emptyStaticIp,
    ...single,
    ...(single && isWayOut && gateway !== undefined && { gateway }),
    ...(ip6Addresses.length > 0 && {
      ipv6: { addresses: ip6Addresses, ...(isWayOut && ip6Gateway !== undefined && { gateway: ip6Gateway }) },
    }),
    // The MTU of a session is agreed on by both ends: pppd sets it.
    ...(mtu !== undefined && proto !== "pppoe" && { mtu }),
    nameServers: dns.flatMap((server) => canonicalServer(server) ?? []),
    searchDomains,
    routes,
  };
}

/** netifd leaves the kernel to hear routers on every link of its own, unless IPv6 is switched off there. */
export const hearsRouters = ({ proto, values }: Pick<InterfaceConfig, "proto" | "values">): boolean =>
  (proto === "static" || proto === "dhcp") && values.ipv6 !== "0" && values.ipv6 !== "false";

/** A single IPv4 address goes the way of a person's StaticIPConfig; several are as the link's own settings. */
export function severalAddressesOf({
  proto,
  values,
}: Pick<InterfaceConfig, "proto" | "values">): IpSettings | undefined {
  if (proto !== "static") return undefined;
  const { addresses, gateway } = staticAddressing(values);
  const [first, ...others] = addresses;
  if (!first || others.length === 0) return undefined;
  const isWayOut = values.defaultroute !== false && gateway !== undefined;
  return { ...emptyIpSettings, ipv4: { family: 4, ...first, others, ...(isWayOut && { gateway }) } };
}

/** Protocol to be run beside DHCP; undefined: none. */
export const protocolOf = (section: InterfaceConfig): ProtocolRequest | undefined =>
  section.proto === "pppoe" ? { source: "handler", handler: "pppoe", config: pppoeConfigOf(section) } : undefined;

function pppoeConfigOf({ values }: InterfaceConfig): PppoeConfig {
  const { username = "", password = "", ac, service, keepalive = defaultKeepalive, mtu } = values;
  return {
    ...{ userName: username, password, keepalive },
    ...(ac !== undefined && { accessConcentrator: ac }),
    ...(service !== undefined && { serviceName: service }),
    ...(mtu !== undefined && { mtu }),
    wantsDefaultRoute: values.defaultroute !== false,
    wantsNameServers: values.peerdns !== false,
  };
}

/** A lower metric goes before a higher one, and none before all: as a Priority, where the higher one goes first. */
export const priorityOf = ({ values }: InterfaceConfig): number => -Math.min(values.metric ?? 0, 0x7fffffff);
