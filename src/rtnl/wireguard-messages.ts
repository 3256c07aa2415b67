/** Commands of the generic netlink family `wireguard` (include/uapi/linux/wireguard.h). Pure. */
import { familyOf, formatIpAddress, parseCidr, parseIpAddress } from "../base/ip-address.ts";
import { bytes, encodeParts, nest, type Part, u8, u16, u32 } from "./encode.ts";
import { familyToKernel } from "./families.ts";
import type { GenericCommand } from "./generic-netlink.ts";
import { Attributes, readU16, readU32 } from "./wire.ts";
import type { WireguardPeerSettings, WireguardPeerState, WireguardSettings } from "./wireguard.ts";

export const wireguardFamily = "wireguard";
const version = 1;
const command = { get: 0, set: 1 } as const;
const device = { index: 1, privateKey: 3, flags: 5, listenPort: 6, peers: 8 } as const;
const peer = {
  publicKey: 1,
  presharedKey: 2,
  flags: 3,
  endpoint: 4,
  keepalive: 5,
  lastHandshake: 6,
  received: 7,
  sent: 8,
  allowedIps: 9,
} as const;
const allowedIp = { family: 1, address: 2, prefixLength: 3 } as const;
const replacePeers = 1;
const replaceAllowedIps = 2;
const updateOnly = 4;
const keyLength = 32;
/** A message holds 64 KiB; an allowed address takes 40 bytes at most, a peer 130 without any. */
const mostPerMessage = 800;

/** Several commands when the peers are many: the first one removes those that were there. */
export function setDevice(linkIndex: number, settings: WireguardSettings): readonly GenericCommand[] {
  const own: Part[] = [
    bytes(device.privateKey, key("private key", settings.privateKey)),
    u32(device.flags, "flags", replacePeers),
    ...(settings.listenPort === undefined ? [] : [u16(device.listenPort, "port", settings.listenPort)]),
  ];
  const batches = batchesOf(settings.peers);
  return batches.map((peers, at) => setCommand(linkIndex, [...(at === 0 ? own : []), peersPart(peers.map(peerPart))]));
}

export const setEndpoint = (
  linkIndex: number,
  publicKey: Buffer,
  endpoint: NonNullable<WireguardPeerSettings["endpoint"]>,
): GenericCommand => setPeer(linkIndex, publicKey, bytes(peer.endpoint, socketAddress(endpoint)));

/** Seconds; 0: off. */
export const setKeepalive = (linkIndex: number, publicKey: Buffer, seconds: number): GenericCommand =>
  setPeer(linkIndex, publicKey, u16(peer.keepalive, "keepalive", seconds));

/** One setting of a peer that is there. */
const setPeer = (linkIndex: number, publicKey: Buffer, setting: Part): GenericCommand =>
  setCommand(linkIndex, [
    peersPart([[bytes(peer.publicKey, key("public key", publicKey)), u32(peer.flags, "flags", updateOnly), setting]]),
  ]);

export const getDevice = (linkIndex: number): GenericCommand => ({
  name: `wireguard get link ${linkIndex}`,
  number: command.get,
  version,
  attributes: encodeParts([u32(device.index, "link", linkIndex)]),
});

const setCommand = (linkIndex: number, parts: readonly Part[]): GenericCommand => ({
  name: `wireguard set link ${linkIndex}`,
  number: command.set,
  version,
  attributes: encodeParts([u32(device.index, "link", linkIndex), ...parts]),
});

const peersPart = (peers: readonly (readonly Part[])[]): Part =>
  nest(
    device.peers,
    peers.map((parts) => nest(0, parts)),
  );

/** A peer with very many addresses is sent in parts: only its first part replaces the former addresses. */
function batchesOf(peers: readonly WireguardPeerSettings[]): readonly (readonly PeerPart[])[] {
  const batches: PeerPart[][] = [[]];
  let left = mostPerMessage;
  for (const settings of peers) {
    for (let at = 0, isFirst = true; isFirst || at < settings.allowedIps.length; isFirst = false) {
      if (left <= 4) {
        batches.push([]);
        left = mostPerMessage;
      }
      const allowedIps = settings.allowedIps.slice(at, at + left - 4);
      batches.at(-1)?.push({ settings, allowedIps, isFirst });
      at += allowedIps.length;
      left -= allowedIps.length + 4;
    }
  }
  return batches;
}
interface PeerPart {
  readonly settings: WireguardPeerSettings;
  readonly allowedIps: readonly string[];
  readonly isFirst: boolean;
}

function peerPart({ settings, allowedIps, isFirst }: PeerPart): readonly Part[] {
  const { publicKey, presharedKey, endpoint, keepaliveSeconds } = settings;
  return [
    bytes(peer.publicKey, key("public key", publicKey)),
    ...(presharedKey ? [bytes(peer.presharedKey, key("preshared key", presharedKey))] : []),
    u32(peer.flags, "flags", isFirst ? replaceAllowedIps : 0),
    ...(endpoint ? [bytes(peer.endpoint, socketAddress(endpoint))] : []),
    u16(peer.keepalive, "keepalive", keepaliveSeconds ?? 0),
    nest(
      peer.allowedIps,
      allowedIps.map((cidr) => nest(0, allowedIpParts(cidr))),
    ),
  ];
}
function allowedIpParts(cidr: string): readonly Part[] {
  const { family, bytes: address, prefixLength } = parseCidr(cidr);
  return [
    u16(allowedIp.family, "family", familyToKernel[family]),
    bytes(allowedIp.address, address),
    u8(allowedIp.prefixLength, "prefix length", prefixLength),
  ];
}

function key(what: string, value: Buffer): Buffer {
  if (value.length !== keyLength) throw new RangeError(`a ${what} has ${keyLength} bytes`);
  return value;
}

/** struct sockaddr_in or sockaddr_in6. */
function socketAddress({ address, port }: NonNullable<WireguardPeerSettings["endpoint"]>): Buffer {
  const family = familyOf(address);
  if (family === undefined || !(port >= 1 && port <= 65_535))
    throw new RangeError("an endpoint is an address and a port");
  const raw = Buffer.alloc(family === 4 ? 16 : 28);
  raw.set(new Uint8Array(new Uint16Array([familyToKernel[family]]).buffer));
  raw.writeUInt16BE(port, 2);
  raw.set(parseIpAddress(address), family === 4 ? 4 : 8);
  return raw;
}

/** The peers in one message of the kernel's answer; a peer with many addresses may be in several. */
export function peersIn(answer: Buffer): readonly WireguardPeerState[] {
  const found: WireguardPeerState[] = [];
  for (const attributes = new Attributes(answer, 0, answer.length); attributes.next(); ) {
    if (attributes.type !== device.peers) continue;
    for (const list = attributes.nested(); list.next(); ) {
      const state = peerIn(answer, list.nested());
      if (state) found.push(state);
    }
  }
  return found;
}

function peerIn(data: Buffer, value: Attributes): WireguardPeerState | undefined {
  let publicKey: Buffer | undefined;
  let endpoint: WireguardPeerState["endpoint"];
  let lastHandshakeMs = 0;
  let [receivedBytes, sentBytes] = [0n, 0n];
  while (value.next()) {
    const raw = data.subarray(value.at, value.at + value.length);
    if (value.type === peer.publicKey && raw.length === keyLength) publicKey = Buffer.from(raw);
    else if (value.type === peer.endpoint) endpoint = endpointIn(raw);
    else if (value.type === peer.lastHandshake && raw.length >= 16) lastHandshakeMs = timeIn(raw);
    else if (value.type === peer.received && raw.length >= 8) receivedBytes = u64In(raw);
    else if (value.type === peer.sent && raw.length >= 8) sentBytes = u64In(raw);
  }
  if (!publicKey) return undefined;
  const known = { ...(endpoint ? { endpoint } : {}), ...(lastHandshakeMs > 0 ? { lastHandshakeMs } : {}) };
  return { publicKey, ...known, receivedBytes, sentBytes };
}
/** In the byte order of the machine. */
const u64In = (raw: Buffer, at = 0): bigint => {
  const [first, second] = [BigInt(readU32(raw, at)), BigInt(readU32(raw, at + 4))];
  const isLittle = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
  return isLittle ? first + (second << 32n) : second + (first << 32n);
};
/** struct __kernel_timespec. */
const timeIn = (raw: Buffer): number => Number(u64In(raw)) * 1000 + Math.floor(Number(u64In(raw, 8)) / 1e6);

function endpointIn(raw: Buffer): WireguardPeerState["endpoint"] {
  const family =
    raw.length >= 2 ? ({ [familyToKernel[4]]: 4, [familyToKernel[6]]: 6 } as const)[readU16(raw, 0)] : undefined;
  if (family === undefined || raw.length < (family === 4 ? 16 : 28)) return undefined;
  return { address: formatIpAddress(family, raw, family === 4 ? 4 : 8), port: raw.readUInt16BE(2) };
}
