/** Router advertisements (RFC 4861, 4.2) as tests write them down, and their bytes for the real kernel. */
import { addressBits, parseCidr, parseIpAddress, parseMac } from "../../src/base/ip-address.ts";
import { nativeAddon } from "../../src/native/native.ts";
import type { RouterOption } from "../../src/rtnl/rtnl.ts";

export interface AdvertisedPrefix {
  /** CIDR text. */
  readonly prefix: string;
  readonly validSeconds: number;
  readonly preferredSeconds: number;
}

export interface Advertisement {
  /** Link-local address of the router. */
  readonly router: string;
  /** 0: no default route through this router (any more). */
  readonly lifetimeSeconds: number;
  readonly preference?: "low" | "high";
  readonly isManaged?: boolean;
  readonly isOtherConfigured?: boolean;
  readonly prefixes?: readonly AdvertisedPrefix[];
  readonly options?: readonly RouterOption[];
}

const preferenceBits = { high: 1, low: 3 } as const;
const forever = 0xffffffff;

/** ICMPv6 message with its IPv6 header, to all nodes. */
function buildAdvertisement(ad: Advertisement): Buffer {
  const head = Buffer.alloc(16);
  head[0] = 134;
  head[4] = 64;
  const preference = ad.preference === undefined ? 0 : preferenceBits[ad.preference];
  head[5] = (ad.isManaged ? 0x80 : 0) | (ad.isOtherConfigured ? 0x40 : 0) | (preference << 3);
  head.writeUInt16BE(ad.lifetimeSeconds, 6);
  const parts = [head, ...(ad.prefixes ?? []).map(prefixOption), ...(ad.options ?? []).map(encodeOption)];
  return datagram(ad.router, "ff02::1", Buffer.concat(parts));
}

function prefixOption({ prefix, validSeconds, preferredSeconds }: AdvertisedPrefix): Buffer {
  const { bytes, prefixLength } = parseCidr(prefix);
  const option = Buffer.alloc(32);
  option.set([3, 4, prefixLength, 0xc0]);
  option.writeUInt32BE(validSeconds, 4);
  option.writeUInt32BE(preferredSeconds, 8);
  option.set(bytes, 16);
  return option;
}

export function encodeOption(option: RouterOption): Buffer {
  switch (option.kind) {
    case "name-servers":
      return padded(25, [
        0,
        0,
        ...lifetime(option.lifetimeSeconds),
        ...option.servers.flatMap((ip) => [...parseIpAddress(ip)]),
      ]);
    case "search-domains":
      return padded(31, [0, 0, ...lifetime(option.lifetimeSeconds), ...option.domains.flatMap(wireName)]);
    case "captive-portal":
      return padded(37, [...Buffer.from(option.uri, "latin1")]);
    case "pref64": {
      const { bytes, prefixLength } = parseCidr(option.prefix);
      const scaled = ((option.lifetimeSeconds / 8) << 3) | [96, 64, 56, 48, 40, 32].indexOf(prefixLength);
      return padded(38, [scaled >> 8, scaled & 0xff, ...bytes.subarray(0, 12)]);
    }
  }
}

function lifetime(seconds = forever): readonly number[] {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(seconds);
  return [...bytes];
}
const wireName = (name: string): readonly number[] => [
  ...name.split(".").flatMap((label) => [label.length, ...Buffer.from(label, "latin1")]),
  0,
];

/** Options count in units of eight bytes. */
function padded(type: number, value: readonly number[]): Buffer {
  const option = Buffer.alloc(Math.ceil((value.length + 2) / 8) * 8);
  option.set([type, option.length / 8, ...value]);
  return option;
}

function datagram(source: string, destination: string, message: Buffer): Buffer {
  const addresses = Buffer.concat([parseIpAddress(source), parseIpAddress(destination)]);
  const pseudo = Buffer.alloc(8);
  pseudo.writeUInt32BE(message.length, 0);
  pseudo[7] = 58;
  message.writeUInt16BE(0, 2);
  message.writeUInt16BE(checksum(Buffer.concat([addresses, pseudo, message])), 2);
  const header = Buffer.alloc(8);
  header.writeUInt32BE(0x60000000, 0);
  header.writeUInt16BE(message.length, 4);
  // Next header ICMPv6, and a hop limit that no router has let through.
  header.set([58, 255], 6);
  return Buffer.concat([header, addresses, message]);
}

function checksum(data: Buffer): number {
  let sum = 0;
  for (let at = 0; at < data.length; at += 2) sum += data.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** Out of the link of that index, as a router at the other end of its cable would send it. */
export function sendAdvertisement(linkIndex: number, ad: Advertisement): void {
  const socket = nativeAddon().openSocket(17, 2, 0);
  const address = Buffer.alloc(20);
  address.writeUInt16LE(17, 0);
  address.writeUInt16BE(0x86dd, 2);
  address.writeInt32LE(linkIndex, 4);
  address[11] = 6;
  address.set(parseMac("33:33:00:00:00:01"), 12);
  socket.send(buildAdvertisement(ad), { address });
  socket.close();
}

/** The address that a host makes of a prefix and its MAC (RFC 4291, appendix A). */
export function eui64(prefix: string, mac: string): Buffer {
  const { bytes, prefixLength } = parseCidr(prefix);
  if (prefixLength !== 64 || bytes.length * 8 !== addressBits(6)) throw new Error(`${prefix} is no /64`);
  const octets = parseMac(mac);
  const address = Buffer.from(bytes);
  address.set([(octets[0] as number) ^ 2, octets[1] as number, octets[2] as number, 0xff, 0xfe], 8);
  address.set(octets.subarray(3), 13);
  return address;
}
