/** The answer of Status: the names of netifd's `status`, so that scripts need few changes. Pure. */
import type { WireVariant } from "../../base/property.ts";
import { addressesOf } from "../../network/ip-settings.ts";
import type { EffectiveSettings } from "../../network/merge.ts";
import type { ConfiguredInterface, InterfaceErrorEntry } from "../../services/configured-interface.ts";

const flag = (value: boolean): WireVariant => ({ signature: "b", value });
const text = (value: string): WireVariant => ({ signature: "s", value });
const number = (value: number): WireVariant => ({ signature: "u", value });
const texts = (value: readonly string[]): WireVariant => ({ signature: "as", value });
type Dictionary = ReadonlyMap<string, WireVariant>;
const table = (value: readonly Dictionary[]): WireVariant => ({ signature: "aa{sv}", value });
const dictionary = (of: Readonly<Record<string, WireVariant>>): Dictionary => new Map(Object.entries(of));

export function statusOf(
  of: ConfiguredInterface,
  device: string,
  metric: number,
  settings: EffectiveSettings | undefined,
): Dictionary {
  return dictionary({
    up: flag(of.interfaceState === "UP"),
    pending: flag(of.interfaceState === "SETUP"),
    available: flag(of.isAvailable),
    autostart: flag(of.isWanted),
    dynamic: flag(false),
    uptime: number(of.uptimeSeconds),
    l3_device: text(of.l3Device),
    proto: text(of.proto),
    device: text(device),
    metric: number(metric),
    "ipv4-address": table(addressOf(settings?.ipv4)),
    "ipv6-address": table(addressOf(settings?.ipv6)),
    route: table(settings ? routesOf(settings) : []),
    "dns-server": texts(settings?.nameServers ?? []),
    "dns-search": texts(settings?.searchDomains ?? []),
    errors: table(of.errors.map(errorOf)),
  });
}

const errorOf = ({ subsystem, code, data }: InterfaceErrorEntry): Dictionary =>
  dictionary({ subsystem: text(subsystem), code: text(code), data: texts(data) });
const addressOf = (own: EffectiveSettings["ipv4"]): readonly Dictionary[] =>
  addressesOf(own).map(({ address, prefixLength }) =>
    dictionary({ address: text(address), mask: number(prefixLength) }),
  );

function routesOf({ ipv4, ipv6, routes }: EffectiveSettings): readonly Dictionary[] {
  const byGateway = (destination: string, gateway: string | undefined) =>
    gateway === undefined ? [] : [{ destination, gateway }];
  const defaults = [...byGateway("0.0.0.0/0", ipv4?.gateway), ...byGateway("::/0", ipv6?.gateway)];
  return [...defaults, ...routes].map(({ destination, gateway }) => {
    const nexthop = gateway ?? (destination.includes(":") ? "::" : "0.0.0.0");
    const [target = "", mask = ""] = destination.split("/");
    return dictionary({ target: text(target), mask: number(Number(mask)), nexthop: text(nexthop) });
  });
}
