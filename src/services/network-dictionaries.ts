/** The dictionaries NetworkConfig and SavedIPConfig of a Service. */
import type { WireVariant } from "../base/property.ts";
import { addressesOf, type IpSettings } from "../network/ip-settings.ts";
import type { EffectiveSettings } from "../network/merge.ts";
import { staticIpDictionary } from "../network/static-ip.ts";

/** The part of a Network that the dictionaries show. */
export interface ConfigSource {
  readonly sessionId: number;
  /** Undefined while nothing is configured. */
  readonly effective: EffectiveSettings | undefined;
  /** Settings of DHCP or the link, before the static configuration. */
  readonly saved: IpSettings | undefined;
}

type Dictionary = ReadonlyMap<string, WireVariant>;

/** One for all: most Services of a machine with many links are not connected. */
const nothing: Dictionary = new Map();

/** NetworkConfig: {} or all keys; empty text and 0 for unknown values. */
export function networkConfigDictionary(of: ConfigSource | undefined): Dictionary {
  const effective = of?.effective;
  if (!of || !effective) return nothing;
  const { ipv4, ipv6 } = effective;
  const text = (value: string | undefined): WireVariant => ({ signature: "s", value: value ?? "" });
  const texts = (value: readonly string[]): WireVariant => ({ signature: "as", value });
  const number = (value: number): WireVariant => ({ signature: "i", value });
  return new Map([
    ["SessionID", number(of.sessionId)],
    ["IPv4Address", text(ipv4 && `${ipv4.address}/${ipv4.prefixLength}`)],
    ["IPv4Gateway", text(ipv4?.gateway)],
    ["IPv6Addresses", texts(addressesOf(ipv6).map(({ address, prefixLength }) => `${address}/${prefixLength}`))],
    ["IPv6Gateway", text(ipv6?.gateway)],
    ["NameServers", texts(effective.nameServers)],
    ["SearchDomains", texts(effective.searchDomains)],
    ["IncludedRoutes", texts(effective.includedRoutes)],
    ["ExcludedRoutes", texts(effective.excludedRoutes)],
    ["Pref64", text(effective.pref64)],
    ["MTU", number(effective.mtu ?? 0)],
  ]);
}

/** SavedIPConfig: keys as StaticIPConfig, absent where nothing was offered. */
export function savedConfigDictionary(of: ConfigSource | undefined): Dictionary {
  const saved = of?.saved;
  if (!saved) return nothing;
  const { ipv4 } = saved;
  return staticIpDictionary({
    ...(ipv4 && { address: ipv4.address, prefixLength: ipv4.prefixLength }),
    ...(ipv4?.gateway !== undefined && { gateway: ipv4.gateway }),
    ...(saved.mtu !== undefined && { mtu: saved.mtu }),
    nameServers: saved.nameServers,
    searchDomains: saved.searchDomains,
    includedRoutes: saved.includedRoutes ?? [],
    excludedRoutes: saved.excludedRoutes ?? [],
  });
}
