/** What options mean, one reader each. A reader answers undefined for data that is not a value of its option. */
import { formatIpv4, isHostIpv4, maskOfPrefix } from "../../../base/ipv4.ts";
import type { IpRoute } from "../../ip-settings.ts";
import { decodeSearchList, isDomainName } from "./domain-name.ts";

export const readUint32 = (data: Buffer): number | undefined => (data.length === 4 ? data.readUInt32BE(0) : undefined);

export const readUint16 = (data: Buffer): number | undefined => (data.length === 2 ? data.readUInt16BE(0) : undefined);

/** One or more addresses; those that no host can have (0.0.0.0 among them, shill-behaviour 9.3) are left out. */
export function readHosts(data: Buffer): readonly string[] | undefined {
  if (data.length === 0 || data.length % 4 !== 0) return undefined;
  const hosts = new Set<number>();
  for (let at = 0; at < data.length; at += 4) hosts.add(data.readUInt32BE(at));
  return [...hosts].filter(isHostIpv4).map(formatIpv4);
}

/** Exactly one address of a host. */
export function readHost(data: Buffer): string | undefined {
  const address = readUint32(data);
  return address !== undefined && isHostIpv4(address) ? formatIpv4(address) : undefined;
}

/** Text as servers send it: some count a closing NUL, newline or dot in. */
const readText = (data: Buffer): string => data.toString("latin1").replace(/[\0\n\r ]+$/, "");

export function readDomainName(data: Buffer): string | undefined {
  const name = readText(data).replace(/\.$/, "");
  return isDomainName(name) ? name : undefined;
}

export const readSearchList = decodeSearchList;

/** Below, a link could not carry what every host must accept (shill-behaviour 9.3: used only above 576). */
const largestUselessMtu = 576;
export function readMtu(data: Buffer): number | undefined {
  const mtu = readUint16(data);
  return mtu !== undefined && mtu > largestUselessMtu ? mtu : undefined;
}

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
  /** Router of the 0/0 entry. */
  readonly gateway?: string;
}

/** Option 121 (RFC 3442) and its twin 249. One bad entry spoils all (shill-behaviour 9.3). */
export function readClasslessRoutes(data: Buffer): ClasslessRoutes | undefined {
  const routes: IpRoute[] = [];
  let gateway: string | undefined;
  for (let at = 0; at < data.length; ) {
    const prefixLength = data[at] as number;
    const significant = Math.ceil(prefixLength / 8);
    const routerAt = at + 1 + significant;
    if (prefixLength > 32 || routerAt + 4 > data.length) return undefined;
    const router = data.readUInt32BE(routerAt);
    if (router !== 0 && !isHostIpv4(router)) return undefined;
    const network = readNetwork(data, at + 1, significant, prefixLength);
    if (prefixLength === 0) gateway ??= router === 0 ? undefined : formatIpv4(router);
    else if (isRoutable(network)) routes.push(makeRoute(network, prefixLength, router));
    at = routerAt + 4;
  }
  return gateway === undefined ? { routes } : { routes, gateway };
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
