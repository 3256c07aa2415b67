/** Addressing of `proto static`, with the error codes of netifd where it is impossible. Pure. */
import { familyOf, formatIpAddress, networkOf, parseCidr, parseIpAddress } from "../../base/ip-address.ts";
import { isHostIpv4, parseIpv4, prefixOfMask } from "../../base/ipv4.ts";

/** One entry of an interface's list of errors. */
export interface InterfaceError {
  readonly subsystem: string;
  readonly code: string;
  readonly data: readonly string[];
}
export interface StaticAddress {
  readonly address: string;
  readonly prefixLength: number;
}
export interface StaticAddressing {
  readonly addresses: readonly StaticAddress[];
  readonly gateway?: string;
  readonly ip6Addresses: readonly StaticAddress[];
  readonly ip6Gateway?: string;
  readonly errors: readonly StaticError[];
}
/** `option`: the one that is to blame. */
export type StaticError = InterfaceError & { readonly option: keyof StaticValues };

export interface StaticValues {
  readonly ipaddr?: readonly string[];
  readonly netmask?: string;
  readonly gateway?: string;
  readonly ip6addr?: readonly string[];
  readonly ip6gw?: string;
}

/** An address without a length takes that of `netmask`; without either it is a host of its own. */
export function staticAddressing({
  ipaddr = [],
  netmask,
  gateway,
  ip6addr = [],
  ip6gw,
}: StaticValues): StaticAddressing {
  const errors: StaticError[] = [];
  const refuse = (option: StaticError["option"], code: string, data: readonly string[]) =>
    errors.push({ subsystem: "proto", code, data, option });
  const length = netmask === undefined ? 32 : prefixLengthOf(netmask);
  if (length === undefined) refuse("netmask", "INVALID_NETMASK", []);
  const addresses = ipaddr.flatMap((text) => {
    const address = parseStaticAddress(text, length ?? 32);
    if (!address) refuse("ipaddr", "INVALID_ADDRESS", [text]);
    return address ? [address] : [];
  });
  const isGateway = gateway !== undefined && isHost(gateway);
  if (gateway !== undefined && !isGateway) refuse("gateway", "INVALID_GATEWAY", [gateway]);
  const ip6Addresses = ip6addr.flatMap((text) => {
    const address = parseIp6Address(text);
    if (!address) refuse("ip6addr", "INVALID_ADDRESS", [text]);
    return address ? [address] : [];
  });
  const isIp6Gateway = ip6gw !== undefined && familyOf(ip6gw) === 6;
  if (ip6gw !== undefined && !isIp6Gateway) refuse("ip6gw", "INVALID_GATEWAY", [ip6gw]);
  return {
    ...{ addresses, ip6Addresses, errors },
    ...(isGateway && { gateway }),
    ...(isIp6Gateway && { ip6Gateway: canonicalIpv6(ip6gw) }),
  };
}

/** Without a length it is a host of its own. */
function parseIp6Address(text: string): StaticAddress | undefined {
  const [address = "", length = "128", ...more] = text.split("/");
  const prefixLength = /^\d{1,3}$/.test(length) ? Number(length) : 0;
  const isRight = more.length === 0 && prefixLength >= 1 && prefixLength <= 128 && familyOf(address) === 6;
  return isRight ? { address: canonicalIpv6(address), prefixLength } : undefined;
}
const canonicalIpv6 = (text: string): string => formatIpAddress(6, parseIpAddress(text));

const isHost = (text: string): boolean => {
  const address = parseIpv4(text);
  return address !== undefined && isHostIpv4(address);
};
function parseStaticAddress(text: string, defaultLength: number): StaticAddress | undefined {
  const [address = "", length, ...more] = text.split("/");
  const prefixLength = length === undefined ? defaultLength : prefixLengthOf(length);
  if (more.length > 0 || prefixLength === undefined || prefixLength < 1 || !isHost(address)) return undefined;
  return { address, prefixLength };
}
/** `24`, or `255.255.255.0`. */
function prefixLengthOf(text: string): number | undefined {
  if (/^\d{1,2}$/.test(text)) return Number(text) <= 32 ? Number(text) : undefined;
  const mask = parseIpv4(text);
  return mask === undefined ? undefined : prefixOfMask(mask);
}

/** CIDR text of a route's destination, host bits cleared; undefined: it is none. */
export function routeDestination(target = "0.0.0.0/0", netmask?: string): string | undefined {
  const [address = "", length] = target.split("/");
  const prefixLength = length ?? (netmask === undefined ? undefined : prefixLengthOf(netmask)?.toString());
  try {
    return networkOf(parseCidr(`${address}/${prefixLength ?? (address === "0.0.0.0" ? 0 : 32)}`));
  } catch {
    return undefined;
  }
}

/** Undefined: it is no address of the destination's family. All zeros, and nothing, mean that there is none. */
export function routeGateway(gateway: string | undefined, destination: string): { gateway?: string } | undefined {
  if (gateway === undefined) return {};
  const family = familyOf(gateway);
  if (family === undefined || family !== parseCidr(destination).family) return undefined;
  const bytes = parseIpAddress(gateway);
  return bytes.some((octet) => octet !== 0) ? { gateway: formatIpAddress(family, bytes) } : {};
}
