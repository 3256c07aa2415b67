/**
 * The value of StaticIPv6Config: addresses of IPv6 that a person fixes, beside those that the kernel makes of a
 * router's prefix.
 */
import { DaemonError } from "../base/errors.ts";
import { familyOf, formatIpAddress, parseCidr, parseIpAddress } from "../base/ip-address.ts";
import type { WireVariant } from "../base/property.ts";

export interface FixedIpv6Address {
  readonly address: string;
  /** 1 to 128. */
  readonly prefixLength: number;
}

/** Immutable. All addresses are in canonical text. */
export interface StaticIpv6 {
  /** The first one is the source of new connections; none: the gateway alone is fixed. */
  readonly addresses: readonly FixedIpv6Address[];
  /** Takes the place of the router that advertisements name. */
  readonly gateway?: string;
}

/** More than any host has; bounds the memory that a client can fill. */
const mostAddresses = 16;

type Dictionary = ReadonlyMap<string, WireVariant>;

/**
 * Reads the D-Bus form: `Addresses` (as, CIDR) and `Gateway` (s). Unknown keys and values that are no addresses are
 * left out, as those of StaticIPConfig are; undefined: nothing is fixed.
 */
export function parseStaticIpv6(dictionary: Dictionary): StaticIpv6 | undefined {
  const texts = addressTexts(dictionary).slice(0, mostAddresses);
  const addresses = texts.map(parseFixed).filter((found) => found !== undefined);
  const gateway = hostAddress(gatewayText(dictionary));
  if (addresses.length === 0 && gateway === undefined) return undefined;
  return { addresses, ...(gateway !== undefined && { gateway }) };
}

/**
 * As a client sets it: an impossible value is refused with the rule that it breaks. Throws DaemonError
 * InvalidArguments.
 */
export function acceptStaticIpv6(dictionary: Dictionary): StaticIpv6 | undefined {
  const rule = brokenRule(dictionary);
  if (rule !== undefined) throw new DaemonError("InvalidArguments", `StaticIPv6Config: ${rule}`);
  return parseStaticIpv6(dictionary);
}

/** The D-Bus form; an unset value has no key. `parseStaticIpv6` of it gives an equal value. */
export function staticIpv6Dictionary(of: StaticIpv6 | undefined): Dictionary {
  const dictionary = new Map<string, WireVariant>();
  const cidrs = of?.addresses.map(({ address, prefixLength }) => `${address}/${prefixLength}`) ?? [];
  if (cidrs.length > 0) dictionary.set("Addresses", { signature: "as", value: cidrs });
  if (of?.gateway !== undefined) dictionary.set("Gateway", { signature: "s", value: of.gateway });
  return dictionary;
}

function brokenRule(dictionary: Dictionary): string | undefined {
  const texts = addressTexts(dictionary);
  if (texts.length > mostAddresses) return `Addresses has ${texts.length} entries, ${mostAddresses} are possible`;
  const unfit = texts.find((text) => parseFixed(text) === undefined);
  if (unfit !== undefined) return `${quoted(unfit)} is no address that a host can have, such as 2001:db8::5/64`;
  const gateway = gatewayText(dictionary);
  if (gateway === undefined || gateway === "") return undefined;
  const host = hostAddress(gateway);
  if (host === undefined) return `Gateway ${quoted(gateway)} is no IPv6 address that a host can have`;
  const isOwn = texts.some((text) => parseFixed(text)?.address === host);
  return isOwn ? `Gateway ${host} is an own address; a gateway is another host` : undefined;
}

function addressTexts(dictionary: Dictionary): readonly string[] {
  const { signature, value } = dictionary.get("Addresses") ?? {};
  return signature === "as" && Array.isArray(value) ? value : [];
}
function gatewayText(dictionary: Dictionary): string | undefined {
  const { signature, value } = dictionary.get("Gateway") ?? {};
  return signature === "s" && typeof value === "string" ? value : undefined;
}

/** Without a length it is a host of its own (/128), so that a forgotten one claims no subnet. */
function parseFixed(text: string): FixedIpv6Address | undefined {
  const address = hostAddress(text.split("/", 1)[0]);
  if (address === undefined) return undefined;
  try {
    const { prefixLength } = parseCidr(text);
    return prefixLength > 0 ? { address, prefixLength } : undefined;
  } catch {
    return undefined;
  }
}

/** In canonical text; undefined: none, or one that is no single host's on a link. */
function hostAddress(text: string | undefined): string | undefined {
  if (text === undefined || familyOf(text) !== 6) return undefined;
  const bytes = parseIpAddress(text);
  return isHostIpv6(bytes) ? formatIpAddress(6, bytes) : undefined;
}

/** Not unspecified, loopback, an IPv4 address in IPv6 clothes, or multicast (RFC 4291, 2.4). */
function isHostIpv6(bytes: Uint8Array): boolean {
  const isMulticast = bytes[0] === 0xff;
  const isOfTheFirstBlock = bytes.subarray(0, 10).every((byte) => byte === 0);
  return !isMulticast && !isOfTheFirstBlock;
}

const quoted = (text: string): string => JSON.stringify(text.slice(0, 60));
