/** RTM_NEWROUTE and RTM_DELROUTE (include/uapi/linux/rtnetlink.h). */
import { formatRoute, MessageType } from "netlink/dist/rt/gen_structs.js";
import { putU16 } from "netlink/dist/structs.js";
import { addressBits, formatIpAddress, parseCidr, parseIpAddress } from "../base/ip-address.ts";
import { bytes, encodeMessage, encodeParts, inRange, type Part, putObject, u32 } from "./encode.ts";
import { addressLength, familyFromKernel, familyToKernel, ipBytes } from "./families.ts";
import type { Family, Route, RouteType } from "./rtnl.ts";
import { Attributes, afterFixedPart, NetlinkFormatError, readS32, readU16, readU32 } from "./wire.ts";

export const routeAttributes = {
  destination: 1,
  source: 2,
  outputLink: 4,
  gateway: 5,
  metric: 6,
  preferredSource: 7,
  metrics: 8,
  multipath: 9,
  cacheInfo: 12,
  table: 15,
  via: 18,
  preference: 20,
} as const;
const metricMtu = 2;

const headerLength = 12;
const nextHopHeaderLength = 8;
const localTable = 255;
/** RTM_F_CLONED: an entry of the cache, no route of a table. */
const flagCloned = 0x200;
/** RTNH_F_ONLINK */
const flagOnLink = 0x4;
/** RT_SCOPE_NOWHERE: of any scope, in a deletion. */
const anyScope = 255;

/** RTN_ numbers of the types that are kept; see {@link Snapshot.routes}. */
const keptTypes: ReadonlyMap<number, RouteType> = new Map([
  [1, "unicast"],
  [6, "blackhole"],
  [7, "unreachable"],
  [8, "prohibit"],
  [9, "throw"],
]);
export const keptTypeNumbers: readonly number[] = [...keptTypes.keys()];
const typeNumbers: ReadonlyMap<RouteType, number> = new Map([...keptTypes].map(([number, type]) => [type, number]));

type Writable<T> = { -readonly [K in keyof T]: T[K] };

export interface DecodedRoute {
  readonly route: Route;
  /**
   * TOS and IPv6 source prefix: they tell routes apart, but {@link Route} does not show them. "" when both are unset.
   */
  readonly extra: string;
}

/** Undefined for a route that is not kept; the fixed part decides, since a storm of links brings many of those. */
export function decodeRoute(data: Buffer, from: number, end: number): DecodedRoute | undefined {
  const attributesAt = afterFixedPart("route message", from, end, headerLength);
  const family = familyFromKernel(data[from]);
  const type = keptTypes.get(data[from + 7] as number);
  if (family === undefined || type === undefined || data[from + 4] === localTable) return undefined;
  const flags = readU32(data, from + 8);
  if ((flags & flagCloned) !== 0) return undefined;
  const route: Writable<Route> = {
    family,
    table: data[from + 4] as number,
    destination: family === 4 ? "0.0.0.0/0" : "::/0",
    metric: 0,
    protocol: data[from + 5] as number,
    scope: data[from + 6] as number,
    type,
  };
  const reader = new RouteReader(route, data, from);
  for (const attributes = new Attributes(data, attributesAt, end); attributes.next(); ) reader.read(attributes);
  if (route.table === localTable) return undefined;
  // IPv6 hangs routes that lead nowhere on `lo`.
  if (type !== "unicast") delete route.link;
  if ((flags & flagOnLink) !== 0) route.isOnLink = true;
  return { route, extra: reader.extra };
}

class RouteReader {
  private tos: number;
  private source = "";
  private readonly family: Family;

  constructor(
    private readonly route: Writable<Route>,
    private readonly data: Buffer,
    private readonly from: number,
  ) {
    this.family = route.family;
    this.tos = data[from + 3] as number;
  }
  get extra(): string {
    return `${this.tos === 0 ? "" : `tos ${this.tos}`}${this.source}`;
  }
  read(value: Attributes): void {
    const { route } = this;
    switch (value.type) {
      case routeAttributes.destination:
        route.destination = this.block(value, this.from + 1);
        break;
      case routeAttributes.source:
        this.source = `from ${this.block(value, this.from + 2)}`;
        break;
      case routeAttributes.table:
        route.table = value.u32();
        break;
      case routeAttributes.outputLink:
        route.link = value.u32();
        break;
      case routeAttributes.metric:
        route.metric = value.u32();
        break;
      case routeAttributes.gateway:
        route.gateway = this.address(value);
        break;
      case routeAttributes.preferredSource:
        route.preferredSource = this.address(value);
        break;
      case routeAttributes.via:
        this.readVia(value);
        break;
      case routeAttributes.metrics:
        this.readMetrics(value.nested());
        break;
      case routeAttributes.multipath:
        this.readMultipath(value);
        break;
      case routeAttributes.preference:
        this.readPreference(value.u8());
        break;
      case routeAttributes.cacheInfo:
        this.readExpiry(value);
        break;
    }
  }
  private address(value: Attributes): string {
    value.need(addressLength(this.family));
    return formatIpAddress(this.family, this.data, value.at);
  }
  private block(value: Attributes, prefixLengthAt: number): string {
    const prefixLength = this.data[prefixLengthAt] as number;
    if (prefixLength > addressBits(this.family)) throw new NetlinkFormatError(`prefix length ${prefixLength}`);
    return `${this.address(value)}/${prefixLength}`;
  }
  /** An IPv4 route over an IPv6 gateway (RFC 5549): the family, then the address. */
  private readVia(value: Attributes): void {
    const family = value.length >= 2 ? familyFromKernel(readU16(this.data, value.at)) : undefined;
    if (family === undefined) return;
    value.need(2 + addressLength(family));
    this.route.gateway = formatIpAddress(family, this.data, value.at + 2);
  }
  private readMetrics(metrics: Attributes): void {
    while (metrics.next()) if (metrics.type === metricMtu) this.route.mtu = metrics.u32();
  }
  /** Two bits, as in the advertisement (RFC 4191, 2.1). */
  private readPreference(bits: number): void {
    if (bits === 1) this.route.preference = "high";
    else if (bits === 3) this.route.preference = "low";
  }
  /** rta_expires of struct rta_cacheinfo, in hundredths of a second; 0: has no end, less: is over. */
  private readExpiry(value: Attributes): void {
    value.need(12);
    const hundredths = readS32(this.data, value.at + 8);
    if (hundredths !== 0) this.route.expirySeconds = Math.max(0, Math.ceil(hundredths / 100));
  }
  /** Next hops follow one another, each with its own length: rtnexthop, then attributes. */
  private readMultipath(value: Attributes): void {
    let count = 0;
    const end = value.at + value.length;
    for (let at = value.at; end - at >= nextHopHeaderLength; count++) {
      const length = readU16(this.data, at);
      if (length < nextHopHeaderLength || length > end - at)
        throw new NetlinkFormatError(`next hop of ${length} bytes`);
      if (count === 0) this.readNextHop(at, at + length);
      at += (length + 3) & ~3;
    }
    if (count < 2) return;
    this.route.hasSeveralNextHops = true;
    delete this.route.link;
    delete this.route.gateway;
  }
  private readNextHop(at: number, end: number): void {
    this.route.link = readS32(this.data, at + 4);
    const attributes = new Attributes(this.data, at + nextHopHeaderLength, end);
    while (attributes.next())
      if (attributes.type === routeAttributes.gateway) this.route.gateway = this.address(attributes);
  }
}

export const encodePutRoute = (route: Route): Buffer =>
  encodeMessage(MessageType.NEWROUTE, putObject, routeParts(route, route.scope));

export const encodeDeleteRoute = (route: Route): Buffer =>
  encodeMessage(MessageType.DELROUTE, 0, routeParts(route, anyScope));

function routeParts(route: Route, scope: number): Part[] {
  const { family, gateway, link, preferredSource, mtu } = route;
  const { bytes: destination, prefixLength, family: destinationFamily } = parseCidr(route.destination);
  if (destinationFamily !== family) throw new RangeError(`"${route.destination}" is not an IPv${family} destination`);
  const parts: Part[] = [header(route, prefixLength, scope)];
  if (prefixLength > 0) parts.push(bytes(routeAttributes.destination, destination));
  parts.push(u32(routeAttributes.table, "table", route.table));
  parts.push(u32(routeAttributes.metric, "metric", route.metric));
  if (gateway !== undefined) parts.push(encodeGateway(family, gateway));
  if (link !== undefined) parts.push(u32(routeAttributes.outputLink, "link", link));
  if (preferredSource !== undefined)
    parts.push(bytes(routeAttributes.preferredSource, ipBytes(family, preferredSource)));
  if (mtu !== undefined) parts.push(bytes(routeAttributes.metrics, encodeParts([u32(metricMtu, "mtu", mtu)])));
  return parts;
}

function header(route: Route, dstLen: number, scope: number): Buffer {
  const type = typeNumbers.get(route.type);
  if (type === undefined) throw new RangeError(`routes of type ${route.type} are left to the kernel`);
  return formatRoute({
    family: familyToKernel[route.family],
    dstLen,
    // Larger numbers stand in RTA_TABLE only.
    table: route.table < 256 ? inRange("table", route.table, 255) : 0,
    protocol: inRange("protocol", route.protocol, 0xff),
    scope: inRange("scope", scope, 0xff),
    type,
    ...(route.isOnLink && { flags: { __unknown: flagOnLink } }),
  });
}

function encodeGateway(family: Family, gateway: string): Part {
  const address = parseIpAddress(gateway);
  if (address.length === addressLength(family)) return bytes(routeAttributes.gateway, address);
  const viaFamily = address.length === 4 ? 4 : 6;
  return (out) => out.push(routeAttributes.via, [putU16(familyToKernel[viaFamily]), address]);
}
