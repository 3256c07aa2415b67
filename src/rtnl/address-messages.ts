/** RTM_NEWADDR and RTM_DELADDR (include/uapi/linux/if_addr.h). */
import { formatAddress, formatAddressCacheInfo, MessageType } from "netlink/dist/rt/gen_structs.js";
import { addressBits, formatIpAddress } from "../base/ip-address.ts";
import { bytes, encodeMessage, inRange, type Part, putObject, u8, u32 } from "./encode.ts";
import { addressLength, familyFromKernel, familyToKernel, ipBytes } from "./families.ts";
import type { Address, AddressRequest, Family } from "./rtnl.ts";
import { Attributes, afterFixedPart, NetlinkFormatError, readU32 } from "./wire.ts";

const attribute = {
  address: 1,
  local: 2,
  broadcast: 4,
  cacheInfo: 6,
  flags: 8,
  protocol: 11,
} as const;
const headerLength = 8;
const cacheInfoLength = 16;
const forever = 0xffffffff;
const flagNoPrefixRoute = 0x200;

export interface DecodedAddress {
  readonly address: Address;
  /** When the lifetimes were last set (hundredths of a second since boot); 0 for an address without an end. */
  readonly lifetimesSetAt: number;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** The attributes as read, before it is known which of them is the address. */
interface Found {
  address: string | undefined;
  local: string | undefined;
  broadcast: string | undefined;
  protocol: number;
  flags: number;
  valid: number;
  preferred: number;
  lifetimesSetAt: number;
}

/** Undefined for families other than IP. */
export function decodeAddress(data: Buffer, from: number, end: number): DecodedAddress | undefined {
  const attributesAt = afterFixedPart("address message", from, end, headerLength);
  const family = familyFromKernel(data[from]);
  if (family === undefined) return undefined;
  const found: Found = {
    address: undefined,
    local: undefined,
    broadcast: undefined,
    protocol: 0,
    // The old field holds the lowest eight flags only; IFA_FLAGS replaces it.
    flags: data[from + 2] as number,
    valid: forever,
    preferred: forever,
    lifetimesSetAt: 0,
  };
  for (const attributes = new Attributes(data, attributesAt, end); attributes.next(); ) {
    readAttribute(found, family, attributes, data);
  }
  return assemble(family, data, from, found);
}

function readAttribute(found: Found, family: Family, value: Attributes, data: Buffer): void {
  switch (value.type) {
    case attribute.address:
      found.address = readIp(family, value, data);
      break;
    case attribute.local:
      found.local = readIp(family, value, data);
      break;
    case attribute.broadcast:
      found.broadcast = readIp(family, value, data);
      break;
    case attribute.flags:
      found.flags = value.u32();
      break;
    case attribute.protocol:
      found.protocol = value.u8();
      break;
    case attribute.cacheInfo:
      value.need(cacheInfoLength);
      found.preferred = readU32(data, value.at);
      found.valid = readU32(data, value.at + 4);
      found.lifetimesSetAt = readU32(data, value.at + 12);
      break;
  }
}

function readIp(family: Family, value: Attributes, data: Buffer): string {
  value.need(addressLength(family));
  return formatIpAddress(family, data, value.at);
}

function assemble(family: Family, data: Buffer, from: number, found: Found): DecodedAddress {
  // IFA_LOCAL is the address itself; IFA_ADDRESS then is the other end of a point-to-point link (rtnetlink(7)).
  const own = found.local ?? found.address;
  const prefixLength = data[from + 1] as number;
  if (own === undefined) throw new NetlinkFormatError("address message without an address");
  if (prefixLength > addressBits(family)) throw new NetlinkFormatError(`prefix length ${prefixLength}`);
  const address: Writable<Address> = {
    link: readU32(data, from + 4),
    family,
    address: own,
    prefixLength,
    scope: data[from + 3] as number,
    flags: found.flags,
  };
  if (found.address !== undefined && found.address !== own) address.peer = found.address;
  if (found.broadcast !== undefined) address.broadcast = found.broadcast;
  if (found.protocol !== 0) address.protocol = found.protocol;
  if (found.valid !== forever) address.validSeconds = found.valid;
  if (found.preferred !== forever) address.preferredSeconds = found.preferred;
  const hasEnd = found.valid !== forever || found.preferred !== forever;
  return { address, lifetimesSetAt: hasEnd ? found.lifetimesSetAt : 0 };
}

export const encodePutAddress = (request: AddressRequest): Buffer =>
  encodeMessage(MessageType.NEWADDR, putObject, [...identity(request), ...settings(request)]);

export const encodeDeleteAddress = (request: AddressRequest): Buffer =>
  encodeMessage(MessageType.DELADDR, 0, identity(request));

function identity(request: AddressRequest): Part[] {
  const { family, address, peer, link } = request;
  const prefixlen = inRange("prefixLength", request.prefixLength, addressBits(family));
  return [
    formatAddress({
      family: familyToKernel[family],
      prefixlen,
      index: inRange("link", link, 0x7fffffff),
      scope: inRange("scope", request.scope ?? 0, 0xff),
    }),
    bytes(attribute.local, ipBytes(family, address)),
    bytes(attribute.address, ipBytes(family, peer ?? address)),
  ];
}

function settings(request: AddressRequest): Part[] {
  const { family, broadcast, protocol, validSeconds, preferredSeconds } = request;
  const parts: Part[] = [];
  if (broadcast !== undefined) parts.push(bytes(attribute.broadcast, ipBytes(family, broadcast)));
  if (protocol !== undefined) parts.push(u8(attribute.protocol, "protocol", protocol));
  if (request.noPrefixRoute) parts.push(u32(attribute.flags, "flags", flagNoPrefixRoute));
  if (validSeconds !== undefined || preferredSeconds !== undefined) {
    const ifaValid = inRange("validSeconds", validSeconds ?? forever, forever);
    const ifaPrefered = inRange("preferredSeconds", preferredSeconds ?? ifaValid, forever);
    parts.push(bytes(attribute.cacheInfo, formatAddressCacheInfo({ ifaValid, ifaPrefered })));
  }
  return parts;
}
