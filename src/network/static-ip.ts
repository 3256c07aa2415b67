/** The value of StaticIPConfig: addressing that a person or a policy lays over the settings of the network. */
import { DaemonError } from "../base/errors.ts";
import { familyOf, formatIpAddress, networkOf, parseCidr, parseIpAddress } from "../base/ip-address.ts";
import { broadcastOf, isHostIpv4, maskOfPrefix, parseIpv4 } from "../base/ipv4.ts";
import { isSameValue, type WireVariant } from "../base/property.ts";
import type { IpRoute } from "./ip-settings.ts";
import { type StaticIpv6, staticIpv6Dictionary } from "./static-ipv6.ts";

/** Immutable. All addresses are in canonical text. */
export interface StaticIp {
  readonly address?: string;
  /** 1 to 32; present exactly when `address` is. */
  readonly prefixLength?: number;
  /** With `address` its gateway; alone it takes the place of the gateway that the network names. */
  readonly gateway?: string;
  /** Bytes, 1 to 65535. */
  readonly mtu?: number;
  readonly nameServers: readonly string[];
  readonly searchDomains: readonly string[];
  /** CIDR text. When not empty, only these go through the network, and it gives no default route. */
  readonly includedRoutes: readonly string[];
  /** CIDR text of destinations that must not go through the network. */
  readonly excludedRoutes: readonly string[];
  /** Beside those of the network. The network configuration has them; clients neither see nor set them. */
  readonly routes?: readonly IpRoute[];
  /** Addressing of the other family: not in the dictionary, as shill's has IPv4 alone. */
  readonly ipv6?: StaticIpv6;
}

export const emptyStaticIp: StaticIp = { nameServers: [], searchDomains: [], includedRoutes: [], excludedRoutes: [] };

/** More than any resolver or person uses; bounds the memory that a client can fill. */
const mostEntries = { NameServers: 32, SearchDomains: 64, IncludedRoutes: 512, ExcludedRoutes: 512 } as const;
const longestDomain = 255;
const highestMtu = 65535;

type Dictionary = ReadonlyMap<string, WireVariant>;
type ListKey = keyof typeof mostEntries;

/**
 * Reads the D-Bus form: unknown keys are dropped, values that do not parse are ignored (docs/contract/shill.md,
 * Addressing), also single entries of lists. An address without Prefixlen is a host of its own (/32), so that a
 * forgotten key claims no subnet. Throws DaemonError InvalidArguments only for lists beyond all use.
 */
export function parseStaticIp(dictionary: Dictionary): StaticIp {
  if (dictionary.size === 0) return emptyStaticIp;
  return {
    ...parseAddress(dictionary),
    ...optional("mtu", parseMtu(dictionary)),
    nameServers: list(dictionary, "NameServers", canonicalAddress),
    searchDomains: list(dictionary, "SearchDomains", plausibleDomain),
    includedRoutes: list(dictionary, "IncludedRoutes", canonicalCidr),
    excludedRoutes: list(dictionary, "ExcludedRoutes", canonicalCidr),
  };
}

/**
 * As a client sets it. An address that is one and that no host can have is refused with the rule that it breaks: to
 * drop it would leave a person with a success and without the address. 0.0.0.0 stands for none. Throws DaemonError
 * InvalidArguments.
 */
export function acceptStaticIp(dictionary: Dictionary): StaticIp {
  const rule = brokenRule(dictionary);
  if (rule !== undefined) throw new DaemonError("InvalidArguments", `StaticIPConfig: ${rule}`);
  return parseStaticIp(dictionary);
}

/** One for all: nearly every Service has it. */
const nothing: ReadonlyMap<string, WireVariant> = new Map();

/** The D-Bus form; an unset value has no key. `parseStaticIp` of it gives an equal value. */
export function staticIpDictionary(of: StaticIp): ReadonlyMap<string, WireVariant> {
  if (of === emptyStaticIp) return nothing;
  const dictionary = new Map<string, WireVariant>();
  const put = (key: string, signature: string, value: unknown) => dictionary.set(key, { signature, value });
  if (of.address !== undefined) put("Address", "s", of.address);
  if (of.prefixLength !== undefined) put("Prefixlen", "i", of.prefixLength);
  if (of.gateway !== undefined) put("Gateway", "s", of.gateway);
  if (of.mtu !== undefined) put("Mtu", "i", of.mtu);
  if (of.nameServers.length > 0) put("NameServers", "as", of.nameServers);
  if (of.searchDomains.length > 0) put("SearchDomains", "as", of.searchDomains);
  if (of.includedRoutes.length > 0) put("IncludedRoutes", "as", of.includedRoutes);
  if (of.excludedRoutes.length > 0) put("ExcludedRoutes", "as", of.excludedRoutes);
  return dictionary;
}

export const isSameStaticIp = (a: StaticIp, b: StaticIp): boolean =>
  a === b ||
  (isSameValue(staticIpDictionary(a), staticIpDictionary(b)) &&
    isSameValue(staticIpv6Dictionary(a.ipv6), staticIpv6Dictionary(b.ipv6)) &&
    isSameValue(routeTexts(a), routeTexts(b)));
const routeTexts = ({ routes = [] }: StaticIp): readonly string[] =>
  routes.map(({ destination, gateway }) => `${destination} ${gateway ?? ""}`);

function parseAddress(dictionary: Dictionary): Pick<StaticIp, "address" | "prefixLength" | "gateway"> {
  const address = hostAddress(value(dictionary, "Address", "s"));
  const gateway = hostAddress(value(dictionary, "Gateway", "s"));
  const prefixLength = value(dictionary, "Prefixlen", "i") ?? 32;
  return {
    ...(address !== undefined && isHostOf(prefixLength, address) ? { address, prefixLength } : {}),
    // A host that is its own gateway is a slip of the hand; the kernel would refuse the route.
    ...(gateway === address ? {} : optional("gateway", gateway)),
  };
}

const isHostOf = (prefixLength: unknown, text: string): prefixLength is number =>
  ruleBrokenBy(prefixLength, text) === undefined;

/** The first and the last address of a subnet belong to no host, except where there is no room for them (RFC 3021). */
function ruleBrokenBy(prefixLength: unknown, text: string): string | undefined {
  const isLength = typeof prefixLength === "number" && prefixLength >= 1 && prefixLength <= 32;
  if (!isLength || !Number.isInteger(prefixLength)) return `Prefixlen must be from 1 to 32, not ${prefixLength}`;
  if (prefixLength > 30) return undefined;
  const address = parseIpv4(text) ?? 0;
  const network = networkOf(parseCidr(`${text}/${prefixLength}`));
  if (address === broadcastOf(address, prefixLength)) return `Address ${text} is the broadcast address of ${network}`;
  const isNetwork = (address & ~maskOfPrefix(prefixLength)) === 0;
  return isNetwork ? `Address ${text} is that of the network ${network} itself, and of no host in it` : undefined;
}

function brokenRule(dictionary: Dictionary): string | undefined {
  const [address, gateway] = [value(dictionary, "Address", "s"), value(dictionary, "Gateway", "s")];
  const unfit = Object.entries({ Address: address, Gateway: gateway }).find(([, text]) => isAddressOfNoHost(text));
  if (unfit) return `${unfit[0]} ${unfit[1]} is an address that no host can have`;
  const own = hostAddress(address);
  if (own === undefined) return undefined;
  if (gateway === own) return `Gateway ${own} is the own Address; a gateway is another host`;
  return ruleBrokenBy(value(dictionary, "Prefixlen", "i") ?? 32, own);
}

function parseMtu(dictionary: Dictionary): number | undefined {
  const mtu = value(dictionary, "Mtu", "i");
  return typeof mtu === "number" && Number.isInteger(mtu) && mtu > 0 && mtu <= highestMtu ? mtu : undefined;
}

function list(dictionary: Dictionary, key: ListKey, parse: (text: string) => string | undefined): readonly string[] {
  const texts = value(dictionary, key, "as");
  if (!Array.isArray(texts)) return [];
  if (texts.length > mostEntries[key]) {
    throw new DaemonError(
      "InvalidArguments",
      `StaticIPConfig ${key} has ${texts.length} entries, ${mostEntries[key]} are possible`,
    );
  }
  return texts.map((text) => (typeof text === "string" ? parse(text) : undefined)).filter((text) => text !== undefined);
}

function value(dictionary: Dictionary, key: string, signature: string): unknown {
  const entry = dictionary.get(key);
  return entry?.signature === signature ? entry.value : undefined;
}

function hostAddress(text: unknown): string | undefined {
  if (typeof text !== "string") return undefined;
  const address = parseIpv4(text);
  return address !== undefined && isHostIpv4(address) ? text : undefined;
}

/** Loopback, multicast, reserved or broadcast. */
function isAddressOfNoHost(text: unknown): boolean {
  const address = typeof text === "string" ? parseIpv4(text) : undefined;
  return address !== undefined && address !== 0 && !isHostIpv4(address);
}

function canonicalAddress(text: string): string | undefined {
  const family = familyOf(text);
  return family && formatIpAddress(family, parseIpAddress(text));
}

/** Host bits are cleared, as `ip route` would demand. */
function canonicalCidr(text: string): string | undefined {
  try {
    return networkOf(parseCidr(text));
  } catch {
    return undefined;
  }
}

/** An invalid name is only left out where it would do harm, in the resolver file: clients get their own values back. */
const plausibleDomain = (text: string): string | undefined =>
  text.length > 0 && text.length <= longestDomain && /^[\x21-\x7e\u0080-\uffff]+$/.test(text) ? text : undefined;

const optional = <K extends string, V>(key: K, present: V | undefined): { [P in K]?: V } =>
  (present === undefined ? {} : { [key]: present }) as { [P in K]?: V };
