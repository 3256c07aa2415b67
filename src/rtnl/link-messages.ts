/** RTM_NEWLINK and RTM_DELLINK (include/uapi/linux/if_link.h), and requests about links. */
import { formatLink, MessageType } from "netlink/dist/rt/gen_structs.js";
import { formatMac, parseMac } from "../base/ip-address.ts";
import { bytes, encodeMessage, newObject, type Part, text, u32 } from "./encode.ts";
import { encodeLinkInfo } from "./linkinfo.ts";
import type { Link, LinkChange, NewLink } from "./rtnl.ts";
import { Attributes, afterFixedPart, NetlinkFormatError, readS32, readU16, readU32 } from "./wire.ts";

export const linkAttributes = {
  address: 1,
  name: 3,
  mtu: 4,
  lowerLink: 5,
  master: 10,
  wireless: 11,
  txQueueLength: 13,
  operState: 16,
  linkInfo: 18,
  netnsOfPid: 19,
  alias: 20,
  extendedMask: 29,
  lowerLinkNetnsId: 37,
  physicalPortName: 38,
  minMtu: 50,
  maxMtu: 51,
  properties: 52,
  alternativeName: 53,
  permanentAddress: 54,
} as const;
const infoKind = 1;

const flagUp = 0x1;
const flagLoopback = 0x8;
const flagLowerUp = 0x10000;
const headerLength = 16;

type Writable<T> = { -readonly [K in keyof T]: T[K] };
const noNames: readonly string[] = [];

// Every link of a kind would hold a copy of its name for life.
const kinds = new Map<string, string>();
const mostKinds = 256;
function sharedKind(kind: string): string {
  const known = kinds.get(kind);
  if (known !== undefined) return known;
  if (kinds.size < mostKinds) kinds.set(kind, kind);
  return kind;
}

/**
 * Undefined for messages that are not about the link itself: bridge ports speak in the same message types with
 * ifi_family AF_BRIDGE (an RTM_DELLINK then means that the port left its bridge), events of wireless
 * extensions (IFLA_WIRELESS) hold little or nothing else.
 */
export function decodeLink(data: Buffer, from: number, end: number): Link | undefined {
  const attributesAt = afterFixedPart("link message", from, end, headerLength);
  if (data[from] !== 0) return undefined;
  const flags = readU32(data, from + 8);
  const link: Writable<Link> = {
    index: readS32(data, from + 4),
    name: "",
    isUp: (flags & flagUp) !== 0,
    hasCarrier: (flags & flagLowerUp) !== 0,
    isLoopback: (flags & flagLoopback) !== 0,
    flags,
    hardwareType: readU16(data, from + 2),
    mtu: 0,
    txQueueLength: 0,
    operState: 0,
    isLowerLinkForeign: false,
    alternativeNames: noNames,
  };
  if (link.index <= 0) throw new NetlinkFormatError(`link index ${link.index}`);
  for (const attributes = new Attributes(data, attributesAt, end); attributes.next(); ) {
    if (attributes.type === linkAttributes.wireless) return undefined;
    readLinkAttribute(link, attributes, data);
  }
  return link.name === "" ? undefined : link;
}

// Statistics, per-family settings and virtual functions make up nine tenths of the message; they are stepped over.
function readLinkAttribute(link: Writable<Link>, value: Attributes, data: Buffer): void {
  switch (value.type) {
    case linkAttributes.name:
      link.name = value.text();
      break;
    case linkAttributes.address:
      if (value.length > 0) link.mac = formatMac(data, value.at, value.length);
      break;
    case linkAttributes.permanentAddress:
      if (value.length > 0) link.permanentMac = formatMac(data, value.at, value.length);
      break;
    case linkAttributes.mtu:
      link.mtu = value.u32();
      break;
    case linkAttributes.minMtu:
      link.minMtu = value.u32();
      break;
    case linkAttributes.maxMtu:
      link.maxMtu = value.u32();
      break;
    case linkAttributes.txQueueLength:
      link.txQueueLength = value.u32();
      break;
    case linkAttributes.operState:
      link.operState = value.u8();
      break;
    case linkAttributes.master:
      link.master = value.u32();
      break;
    case linkAttributes.lowerLink:
      // 0: a tunnel that is bound to no link.
      if (value.u32() !== 0) link.lowerLink = value.u32();
      break;
    case linkAttributes.lowerLinkNetnsId:
      link.isLowerLinkForeign = true;
      break;
    case linkAttributes.linkInfo:
      readKind(link, value.nested());
      break;
    case linkAttributes.physicalPortName:
      link.portName = value.text();
      break;
    case linkAttributes.alias:
      if (value.length > 1) link.alias = value.text();
      break;
    case linkAttributes.properties:
      link.alternativeNames = readNames(value.nested());
      break;
  }
}

function readKind(link: Writable<Link>, info: Attributes): void {
  while (info.next()) if (info.type === infoKind) link.kind = sharedKind(info.text());
}

function readNames(properties: Attributes): readonly string[] {
  const names: string[] = [];
  while (properties.next()) if (properties.type === linkAttributes.alternativeName) names.push(properties.text());
  return names;
}

const change = linkAttributes;

export function encodeLinkChange(index: number, wish: LinkChange): Buffer {
  const flags = wish.isUp ? { up: true as const } : {};
  const parts: Part[] = [formatLink({ index, ...(wish.isUp !== undefined && { flags, change: { up: true } }) })];
  if (wish.mac !== undefined) parts.push(bytes(change.address, parseMac(wish.mac)));
  if (wish.mtu !== undefined) parts.push(u32(change.mtu, "mtu", wish.mtu));
  if (wish.name !== undefined) parts.push(text(change.name, "name", wish.name));
  if (wish.master !== undefined) parts.push(u32(change.master, "master", wish.master));
  if (wish.txQueueLength !== undefined) parts.push(u32(change.txQueueLength, "txQueueLength", wish.txQueueLength));
  if (wish.alias !== undefined) parts.push(aliasPart(wish.alias));
  if (wish.namespaceOfPid !== undefined) parts.push(u32(change.netnsOfPid, "namespaceOfPid", wish.namespaceOfPid));
  return encodeMessage(MessageType.SETLINK, 0, parts);
}

/** IFALIASZ, with the ending zero. */
const longestAlias = 255;
function aliasPart(alias: string): Part {
  if (Buffer.byteLength(alias) > longestAlias) throw new RangeError(`an alias has at most ${longestAlias} bytes`);
  // The kernel takes an attribute without content for "none".
  return alias === "" ? bytes(change.alias, Buffer.alloc(0)) : text(change.alias, "alias", alias);
}

export function encodeNewLink(link: NewLink): Buffer {
  const parts: Part[] = [formatLink({}), text(linkAttributes.name, "name", link.name)];
  if (link.mac !== undefined) parts.push(bytes(linkAttributes.address, parseMac(link.mac)));
  if (link.mtu !== undefined) parts.push(u32(linkAttributes.mtu, "mtu", link.mtu));
  if ("lowerLink" in link) parts.push(u32(linkAttributes.lowerLink, "lowerLink", link.lowerLink));
  parts.push(bytes(linkAttributes.linkInfo, encodeLinkInfo(link)));
  return encodeMessage(MessageType.NEWLINK, newObject, parts);
}

export const encodeDeleteLink = (index: number): Buffer =>
  encodeMessage(MessageType.DELLINK, 0, [formatLink({ index })]);
