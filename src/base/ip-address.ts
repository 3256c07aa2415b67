/** IP and hardware addresses between their text and their bytes. Text is always canonical: RFC 5952 for IPv6. */
import { isIPv4 } from "node:net";

export type IpFamily = 4 | 6;

export const addressBits = (family: IpFamily): 32 | 128 => (family === 4 ? 32 : 128);

/** The family of a plain address (no prefix length, no zone); undefined when it is none. */
export function familyOf(text: string): IpFamily | undefined {
  if (isIPv4(text)) return 4;
  return isIpv6Text(text) ? 6 : undefined;
}

/** The family of a name server's address, which has a zone where it is link-local: `fe80::1%eth0`. */
export const familyOfServer = (server: string): IpFamily | undefined => familyOf(server.replace(zone, ""));
/** In canonical text, with the zone of a link-local one; undefined: the text is no name server's address. */
export function canonicalServer(server: string): string | undefined {
  const [, address = "", zoneText = ""] = /^([^%]*)(%.*)?$/s.exec(server) ?? [];
  const family = familyOf(address);
  if (family === undefined) return undefined;
  const text = `${formatIpAddress(family, parseIpAddress(address))}${zoneText}`;
  return familyOfServer(text) === undefined ? undefined : text;
}
const zone = /(?<=^fe80:[\da-f:]*)%[\w.-]{1,15}$/;

/** 4 or 16 bytes in network order. Throws RangeError on anything but one plain IPv4 or IPv6 address. */
export function parseIpAddress(text: string): Buffer {
  const family = familyOf(text);
  if (family === undefined) throw new RangeError(`"${text}" is not an IP address`);
  return family === 4 ? parseIpv4(text) : parseIpv6(text);
}

function parseIpv4(text: string): Buffer {
  return Buffer.from(text.split(".").map(Number));
}

function parseIpv6(text: string): Buffer {
  const groups = withDottedTailAsGroups(text);
  const [head = "", tail] = groups.split("::");
  const first = head === "" ? [] : head.split(":");
  const last = tail === undefined || tail === "" ? [] : tail.split(":");
  const bytes = Buffer.alloc(16);
  first.forEach((group, at) => {
    bytes.writeUInt16BE(Number.parseInt(group, 16), at * 2);
  });
  last.forEach((group, at) => {
    bytes.writeUInt16BE(Number.parseInt(group, 16), 16 - (last.length - at) * 2);
  });
  return bytes;
}

/** `::ffff:192.0.2.1` -> `::ffff:c000:201` */
function withDottedTailAsGroups(text: string): string {
  if (!text.includes(".")) return text;
  const at = text.lastIndexOf(":") + 1;
  const bytes = parseIpv4(text.slice(at));
  return `${text.slice(0, at)}${bytes.readUInt16BE(0).toString(16)}:${bytes.readUInt16BE(2).toString(16)}`;
}

/** Reads an address out of a larger buffer. The caller has checked that the bytes are there. */
export function formatIpAddress(family: IpFamily, bytes: Uint8Array, at = 0): string {
  return family === 4 ? formatIpv4(bytes, at) : formatIpv6(bytes, at);
}

function formatIpv4(bytes: Uint8Array, at: number): string {
  return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;
}

// Strings put together with + stay trees of their parts for life; text written as bytes first is one flat string.
const scratch = Buffer.allocUnsafe(96);
const hexDigits = Buffer.from("0123456789abcdef", "latin1");
const colon = 0x3a;

function formatIpv6(bytes: Uint8Array, at: number): string {
  const [gapStart, gapEnd] = longestZeroRun(bytes, at);
  let length = 0;
  for (let group = 0; group < 8; group++) {
    if (group === gapStart) {
      scratch[length++] = colon;
      if (gapEnd === 8) scratch[length++] = colon;
      group = gapEnd - 1;
      continue;
    }
    if (group > 0) scratch[length++] = colon;
    length = writeGroup(((bytes[at + group * 2] as number) << 8) | (bytes[at + group * 2 + 1] as number), length);
  }
  return scratch.toString("latin1", 0, length);
}

/** The longest run of two or more zero groups, the first of equals (RFC 5952, 4.2). */
function longestZeroRun(bytes: Uint8Array, at: number): readonly [start: number, end: number] {
  let start = -1;
  let end = -1;
  for (let group = 0; group < 8; group++) {
    let after = group;
    while (after < 8 && bytes[at + after * 2] === 0 && bytes[at + after * 2 + 1] === 0) after++;
    if (after - group >= 2 && after - group > end - start) [start, end] = [group, after];
    group = Math.max(group, after - 1);
  }
  return [start, end];
}

function writeGroup(value: number, length: number): number {
  let shift = value >= 0x1000 ? 12 : value >= 0x100 ? 8 : value >= 0x10 ? 4 : 0;
  let next = length;
  for (; shift >= 0; shift -= 4) scratch[next++] = hexDigits[(value >> shift) & 15] as number;
  return next;
}

/** Lower-case colon form of `length` bytes: 6 for IEEE 802, 20 for InfiniBand, 32 at most (MAX_ADDR_LEN). */
export function formatMac(bytes: Uint8Array, at: number, length: number): string {
  let end = 0;
  for (let octet = 0; octet < Math.min(length, 32); octet++) {
    if (octet > 0) scratch[end++] = colon;
    const value = bytes[at + octet] as number;
    scratch[end++] = hexDigits[value >> 4] as number;
    scratch[end++] = hexDigits[value & 15] as number;
  }
  return scratch.toString("latin1", 0, end);
}

/** Throws RangeError on anything but six colon-separated octets. */
export function parseMac(text: string): Buffer {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text)) throw new RangeError(`"${text}" is not a MAC address`);
  return Buffer.from(text.replaceAll(":", ""), "hex");
}

/** An address block, host bits as given. */
export interface Cidr {
  readonly family: IpFamily;
  readonly bytes: Buffer;
  readonly prefixLength: number;
}

/** `10.0.0.0/8`; without a length the whole address. Throws RangeError. */
export function parseCidr(text: string): Cidr {
  const slash = text.indexOf("/");
  const bytes = parseIpAddress(slash < 0 ? text : text.slice(0, slash));
  const family = bytes.length === 4 ? 4 : 6;
  const digits = slash < 0 ? String(addressBits(family)) : text.slice(slash + 1);
  const prefixLength = /^(0|[1-9]\d{0,2})$/.test(digits) ? Number(digits) : Number.NaN;
  if (!(prefixLength <= addressBits(family))) throw new RangeError(`"${text}" has no valid prefix length`);
  return { family, bytes, prefixLength };
}

/** Whether `address` lies in the block; addresses of the other family never do. */
export function cidrContains(block: Cidr, address: Uint8Array): boolean {
  if (address.length !== block.bytes.length) return false;
  const whole = block.prefixLength >> 3;
  for (let at = 0; at < whole; at++) if (address[at] !== block.bytes[at]) return false;
  const mask = (0xff00 >> (block.prefixLength & 7)) & 0xff;
  return mask === 0 || ((address[whole] as number) & mask) === ((block.bytes[whole] as number) & mask);
}

/** `10.0.0.7/24` -> `10.0.0.0/24` */
export function networkOf({ family, bytes, prefixLength }: Cidr): string {
  const masked = Buffer.from(bytes);
  for (let at = 0; at < masked.length; at++) {
    const kept = Math.min(8, Math.max(0, prefixLength - at * 8));
    masked[at] = (masked[at] as number) & ((0xff00 >> kept) & 0xff);
  }
  return `${formatIpAddress(family, masked)}/${prefixLength}`;
}

const group = /^[0-9a-f]{1,4}$/i;

/**
 * Whether `text` is one IPv6 address (RFC 4291, 2.2), without zone or prefix length; the same answer as net.isIPv6 for
 * such texts. That one is a single regular expression which takes 3 ms to prepare, a good part of the daemon's start.
 */
export function isIpv6Text(text: string): boolean {
  if (text.length < 2 || text.length > 45) return false;
  const [head = "", tail, ...more] = text.split("::");
  if (more.length > 0) return false;
  const isWhole = tail === undefined;
  const first = groupsOf(head, isWhole);
  const last = isWhole ? 0 : groupsOf(tail, true);
  if (first === undefined || last === undefined) return false;
  // "::" stands for at least one group.
  return isWhole ? first === 8 : first + last <= 7;
}

/** How many groups of 16 bits; undefined: it is malformed. Only the end of the whole may be a dotted IPv4 address. */
function groupsOf(text: string, mayEndDotted: boolean): number | undefined {
  if (text === "") return 0;
  const parts = text.split(":");
  const isDotted = mayEndDotted && isIPv4(parts.at(-1) ?? "");
  const plain = isDotted ? parts.slice(0, -1) : parts;
  if (!plain.every((part) => group.test(part))) return undefined;
  return plain.length + (isDotted ? 2 : 0);
}
