/**
 * Meanings of options, one reader each. A reader takes the usable values and notes those it leaves out; it answers
 * undefined for data of which nothing is a value of its option. See docs/decisions/odd-dhcp-answers.md.
 */
import { formatIpv4, isHostIpv4, maskOfPrefix, prefixOfMask } from "../../../base/ipv4.ts";
import type { IpRoute } from "../../ip-settings.ts";
import { decodeSearchList, isDomainName } from "./domain-name.ts";

/** Receives each value that is left out, in words for the log. */
export type Note = (what: string) => void;
export type Reader<T> = (data: Buffer, note?: Note) => T | undefined;

/** The first bytes of an option of fixed length: some servers pad, or send a list where one value belongs. */
const fixed =
  (length: number, read: (data: Buffer) => number): Reader<number> =>
  (data, note) => {
    if (data.length > length) note?.(`${data.length - length} bytes after the value are ignored`);
    return data.length < length ? undefined : read(data);
  };

export const readUint32 = fixed(4, (data) => data.readUInt32BE(0));
const readUint16 = fixed(2, (data) => data.readUInt16BE(0));

/** Undefined for one without ones, or with holes. */
export const readMask: Reader<number> = (data, note) => {
  const mask = readUint32(data, note);
  return mask !== undefined && prefixOfMask(mask) ? mask : undefined;
};

/**
 * One or more addresses; those that no host can have (0.0.0.0 among them; docs/contract/shill.md, Addressing) are left
 * out.
 */
export const readHosts: Reader<readonly string[]> = (data, note) => {
  const addresses = readAddresses(data, note);
  // Settings panels pad their lists with 0.0.0.0.
  const others = addresses?.filter((address) => address !== 0 && !isHostIpv4(address)) ?? [];
  if (others.length > 0) note?.(`${others.slice(0, 4).map(formatIpv4).join(", ")}: not of a host, ignored`);
  return addresses?.filter(isHostIpv4).map(formatIpv4);
};

/** As {@link readHosts}, but 0.0.0.0 stays: that "router" says that every destination is on the link. */
export const readRouters: Reader<readonly string[]> = (data, note) => {
  const routers = readAddresses(data, note)?.filter((address) => address === 0 || isHostIpv4(address));
  return routers && routers.length > 0 ? routers.map(formatIpv4) : undefined;
};

/** Each once. */
function readAddresses(data: Buffer, note?: Note): readonly number[] | undefined {
  const rest = data.length % 4;
  if (data.length < 4) return undefined;
  if (rest > 0) note?.(`${rest} bytes after the addresses are ignored`);
  const addresses = new Set<number>();
  for (let at = 0; at + 4 <= data.length; at += 4) addresses.add(data.readUInt32BE(at));
  return [...addresses];
}

/** One address of a host. */
export const readHost: Reader<string> = (data, note) => {
  const address = readUint32(data, note);
  return address !== undefined && isHostIpv4(address) ? formatIpv4(address) : undefined;
};

/** Text as servers send it: some count a closing NUL, newline or dot in. */
const readText = (data: Buffer): string => data.toString("latin1").replace(/[\0\n\r ]+$/, "");

export function readDomainName(data: Buffer): string | undefined {
  const name = readText(data).replace(/\.$/, "");
  return isDomainName(name) ? name : undefined;
}

/** More than any resolver looks at. */
const mostDomains = 32;

/** Option 15 is for one name; cloud networks put several there, with blanks between. Control characters spoil it. */
export const readDomainNames: Reader<readonly string[]> = (data, note) => {
  const text = readText(data);
  if (/\p{Cc}/u.test(text)) return undefined;
  const words = [...new Set(text.split(/[ ,]+/).filter((word) => word !== ""))].map((word) => word.replace(/\.$/, ""));
  const names = words.filter(isDomainName).slice(0, mostDomains);
  if (names.length < words.length)
    note?.(`${words.length - names.length} of ${words.length} names are no domains, ignored`);
  else if (names.length > 1) note?.(`${names.length} names where one belongs: all are searched`);
  return names.length > 0 ? names : undefined;
};

export const readSearchList = decodeSearchList;

/**
 * Below, a link could not carry the packet size that every host must accept (used only above 576;
 * docs/contract/shill.md, Addressing).
 */
const largestUselessMtu = 576;
export const readMtu: Reader<number> = (data, note) => {
  const mtu = readUint16(data, note);
  return mtu !== undefined && mtu > largestUselessMtu ? mtu : undefined;
};

/** RFC 8910 wants https; every other scheme would let the network start things. */
export const readCaptivePortal = (data: Buffer): string | undefined => readUrl(data, ["https:"]);
export const readProxyUrl = (data: Buffer): string | undefined => readUrl(data, ["http:", "https:"]);

function readUrl(data: Buffer, schemes: readonly string[]): string | undefined {
  const text = readText(data);
  if (!/^[\x21-\x7e]+$/.test(text) || !URL.canParse(text)) return undefined;
  return schemes.includes(new URL(text).protocol) ? text : undefined;
}

export interface ClasslessRoutes {
  readonly routes: readonly IpRoute[];
  /** Of the 0/0 entries; 0.0.0.0: every destination is on the link. */
  readonly routers: readonly string[];
}

/** Option 121 (RFC 3442) and its twin 249. One bad entry spoils all (docs/contract/shill.md, Addressing). */
export function readClasslessRoutes(data: Buffer): ClasslessRoutes | undefined {
  const routes: IpRoute[] = [];
  const routers: string[] = [];
  for (let at = 0; at < data.length; ) {
    const prefixLength = data[at] as number;
    const significant = Math.ceil(prefixLength / 8);
    const routerAt = at + 1 + significant;
    if (prefixLength > 32 || routerAt + 4 > data.length) return undefined;
    const router = data.readUInt32BE(routerAt);
    if (router !== 0 && !isHostIpv4(router)) return undefined;
    const network = readNetwork(data, at + 1, significant, prefixLength);
    if (prefixLength === 0) routers.push(formatIpv4(router));
    else if (isRoutable(network)) routes.push(makeRoute(network, prefixLength, router));
    at = routerAt + 4;
  }
  return { routes, routers };
}

/** Bits beyond the prefix count as zero (RFC 3442, "Local Subnet Routes" and after). */
function readNetwork(data: Buffer, at: number, bytes: number, prefixLength: number): number {
  const value = bytes === 0 ? 0 : data.readUIntBE(at, bytes) * 2 ** (8 * (4 - bytes));
  return (value & maskOfPrefix(prefixLength)) >>> 0;
}

/** Never a route that would take the loopback or multicast addresses away from this host. */
const isRoutable = (network: number): boolean => network >>> 24 !== 127 && network >>> 24 < 224;

function makeRoute(network: number, prefixLength: number, router: number): IpRoute {
  const destination = `${formatIpv4(network)}/${prefixLength}`;
  // Router 0.0.0.0: the subnet is on this link (RFC 3442, "Local Subnet Routes").
  return router === 0 ? { destination } : { destination, gateway: formatIpv4(router) };
}
