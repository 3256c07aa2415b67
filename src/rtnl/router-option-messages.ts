/** RTM_NEWNDUSEROPT: options of router advertisements that are for programs (struct nduseroptmsg). */
import { formatIpAddress } from "../base/ip-address.ts";
import type { HeardRouterOption, RouterOption } from "./rtnl.ts";
import { Attributes, afterFixedPart, readS32, readU16 } from "./wire.ts";

export const newRouterOption = 68;

const headerLength = 16;
const inet6 = 10;
const routerAdvertisement = 134;
const sourceAttribute = 1;
/** Option numbers: RFC 8106, RFC 8910, RFC 8781. */
const optionType = { nameServers: 25, searchDomains: 31, captivePortal: 37, pref64: 38 } as const;
const forever = 0xffffffff;

/**
 * The options of one message; none for a message that is not from a router. An option that breaks its own rules is left
 * out (RFC 4861, 6.1.2 allows that for all but its length), as the router is not trusted.
 */
export function decodeRouterOptions(data: Buffer, from: number, end: number): readonly HeardRouterOption[] {
  const optionsAt = afterFixedPart("router option message", from, end, headerLength);
  if (data[from] !== inet6 || data[from + 8] !== routerAdvertisement) return [];
  const optionsEnd = optionsAt + readU16(data, from + 2);
  afterFixedPart("router options", optionsAt, end, optionsEnd - optionsAt);
  const link = readS32(data, from + 4);
  const router = routerOf(data, optionsAt + ((optionsEnd - optionsAt + 3) & ~3), end);
  if (router === undefined || link <= 0) return [];
  return readOptions(data.subarray(optionsAt, optionsEnd)).map((option) => ({ link, router, option }));
}

function routerOf(data: Buffer, at: number, end: number): string | undefined {
  for (const attributes = new Attributes(data, at, end); attributes.next(); ) {
    if (attributes.type !== sourceAttribute) continue;
    attributes.need(16);
    return formatIpAddress(6, data, attributes.at);
  }
  return undefined;
}

function readOptions(options: Buffer): readonly RouterOption[] {
  const found: RouterOption[] = [];
  for (let at = 0; at + 2 <= options.length; ) {
    const length = (options[at + 1] as number) * 8;
    if (length === 0 || length > options.length - at) break;
    const option = readOption(options.subarray(at, at + length));
    if (option) found.push(option);
    at += length;
  }
  return found;
}

/** `option`: whole, of at least eight bytes. */
function readOption(option: Buffer): RouterOption | undefined {
  switch (option[0]) {
    case optionType.nameServers:
      return readNameServers(option);
    case optionType.searchDomains:
      return readSearchDomains(option);
    case optionType.captivePortal:
      return readCaptivePortal(option);
    case optionType.pref64:
      return readPref64(option);
    default:
      return undefined;
  }
}

function lifetimeOf(option: Buffer): { readonly lifetimeSeconds?: number } {
  const lifetimeSeconds = option.readUInt32BE(4);
  return lifetimeSeconds === forever ? {} : { lifetimeSeconds };
}

function readNameServers(option: Buffer): RouterOption | undefined {
  if (option.length < 24 || option.length % 16 !== 8) return undefined;
  const servers: string[] = [];
  for (let at = 8; at < option.length; at += 16)
    if (isUnicast(option, at)) servers.push(formatIpAddress(6, option, at));
  return servers.length === 0 ? undefined : { kind: "name-servers", servers, ...lifetimeOf(option) };
}

/** No host is ::, ::1 or a group. */
function isUnicast(bytes: Buffer, at: number): boolean {
  if (bytes[at] === 0xff) return false;
  return bytes.subarray(at, at + 15).some((octet) => octet !== 0) || (bytes[at + 15] as number) > 1;
}

function readSearchDomains(option: Buffer): RouterOption | undefined {
  if (option.length < 16) return undefined;
  const domains = readNames(option.subarray(8));
  return domains === undefined || domains.length === 0
    ? undefined
    : { kind: "search-domains", domains, ...lifetimeOf(option) };
}

const longestLabel = 63;
const longestName = 253;

/**
 * Names of RFC 1035 without compression, filled up with zeros; undefined: not such a list. Names with other characters
 * are left out, as in option 119 of DHCP.
 */
function readNames(bytes: Buffer): readonly string[] | undefined {
  const names: string[] = [];
  for (let at = 0, labels: string[] = []; at < bytes.length; ) {
    const length = bytes[at++] as number;
    if (length > longestLabel || length > bytes.length - at) return undefined;
    if (length > 0) {
      labels.push(bytes.toString("latin1", at, at + length));
      at += length;
      continue;
    }
    if (labels.length > 0) names.push(labels.join("."));
    labels = [];
  }
  return names.filter(isPlainName);
}

/** Letters, digits, hyphens and underscores: all else would be noise, or an attack, in a resolver file. */
const isPlainName = (name: string): boolean => name.length <= longestName && /^[\w-]+(\.[\w-]+)*$/.test(name);

/** RFC 3986 has no others. */
const uriCharacters = /^[\x21-\x7e]+$/;

function readCaptivePortal(option: Buffer): RouterOption | undefined {
  const uri = option.toString("latin1", 2).replace(/\0+$/, "");
  return uriCharacters.test(uri) ? { kind: "captive-portal", uri } : undefined;
}

/** By prefix length code; RFC 8781, 4. */
const pref64Lengths = [96, 64, 56, 48, 40, 32] as const;

function readPref64(option: Buffer): RouterOption | undefined {
  const scaled = option.readUInt16BE(2);
  const prefixLength = pref64Lengths[scaled & 7];
  if (option.length !== 16 || prefixLength === undefined) return undefined;
  const bytes = Buffer.alloc(16);
  option.copy(bytes, 0, 4, 4 + prefixLength / 8);
  return {
    kind: "pref64",
    prefix: `${formatIpAddress(6, bytes, 0)}/${prefixLength}`,
    lifetimeSeconds: (scaled >> 3) * 8,
  };
}
