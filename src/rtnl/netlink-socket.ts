/** Netlink sockets as the two channels need them: options, groups, and the sender of a message. */
import { type NativeAddon, type NativeSocket, nativeAddon, type ReceivedMessage } from "../native/native.ts";
import { readU32 } from "./wire.ts";

// Linux numbers, the same on all architectures that Node runs on (include/uapi/linux/{socket,netlink}.h).
const netlinkDomain = 16;
const rawType = 3;
/** NETLINK_ROUTE and NETLINK_GENERIC. */
const protocols = { route: 0, generic: 16 } as const;
export type NetlinkProtocol = keyof typeof protocols;
const netlinkLevel = 270;
const socketLevel = 1;
const option = {
  receiveBuffer: 8,
  receiveBufferForced: 33,
  addMembership: 1,
  capAcknowledgement: 10,
  extendedAcknowledgement: 11,
  strictChecking: 12,
} as const;

/** RTNLGRP_ numbers. */
export const groups = {
  link: 1,
  neighbour: 3,
  ipv4Address: 5,
  ipv4Route: 7,
  ipv4Rule: 8,
  ipv6Address: 9,
  ipv6Route: 11,
  ipv6Link: 12,
  ipv6Rule: 19,
  routerOption: 20,
  nextHop: 32,
} as const;

/** The kernel's answers to a dump come in pieces of at most 32 KiB. */
const bufferBytes = 65536;
/** Room for the news of some four thousand links while we are busy; at the usual 208 KiB a hundred are too many. */
const receiveBufferBytes = 8 * 1024 * 1024;
const addressBytes = 12;

export function openRequestSocket(
  native: NativeAddon = nativeAddon(),
  protocol: NetlinkProtocol = "route",
): NativeSocket {
  const socket = open(native, protocol);
  // Older kernels lack some of these and work without: answers then are longer and errors have no text.
  for (const name of [option.extendedAcknowledgement, option.capAcknowledgement, option.strictChecking]) {
    tryOption(socket, netlinkLevel, name, 1);
  }
  return socket;
}

export function openEventSocket(subscriptions: readonly number[], native: NativeAddon = nativeAddon()): NativeSocket {
  const socket = open(native, "route");
  try {
    for (const group of subscriptions) socket.setOption(netlinkLevel, option.addMembership, group);
  } catch (error) {
    socket.close();
    throw error;
  }
  return socket;
}

function open(native: NativeAddon, protocol: NetlinkProtocol): NativeSocket {
  const socket = native.openSocket(netlinkDomain, rawType, protocols[protocol], { bufferBytes });
  try {
    const isForced = tryOption(socket, socketLevel, option.receiveBufferForced, receiveBufferBytes);
    if (!isForced) tryOption(socket, socketLevel, option.receiveBuffer, receiveBufferBytes);
    socket.bind(kernelAddress());
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}

/** sockaddr_nl with port 0: to bind, "choose one"; to send, the kernel. */
function kernelAddress(): Buffer {
  const address = Buffer.alloc(addressBytes);
  new Uint16Array(address.buffer, address.byteOffset, 1)[0] = netlinkDomain;
  return address;
}

function tryOption(socket: NativeSocket, level: number, name: number, value: number): boolean {
  try {
    socket.setOption(level, name, value);
    return true;
  } catch {
    return false;
  }
}

/** Only the kernel has port 0; any process with CAP_NET_ADMIN could send us the rest. */
export const isFromKernel = ({ address }: ReceivedMessage): boolean =>
  address.length === addressBytes && readU32(address, 4) === 0;
