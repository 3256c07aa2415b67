/** The kernel's packet sockets (packet(7)). */
import { endianness } from "node:os";
import { formatMac } from "../base/ip-address.ts";
import { parseIpv4 } from "../base/ipv4.ts";
import {
  type NativeAddon,
  type NativeSocket,
  nativeAddon,
  type ReceivedMessage,
  type SystemError,
} from "../native/native.ts";
import type { PacketChannel, PacketKind, PacketPort, ReceivedPacket } from "./packet.ts";
import { arpFilterForAddress, packetFilters } from "./packet-filters.ts";

const AF_PACKET = 17;
const SOCK_DGRAM = 2;
const SOL_PACKET = 263;
const PACKET_AUXDATA = 8;
const TP_STATUS_CSUMNOTREADY = 1 << 3;

/** struct sockaddr_ll: family, protocol, link index, hardware type, packet type, address length, address. */
const sockaddrLength = 20;
const sockaddrMacLengthAt = 11;
const sockaddrMacAt = 12;
const macLength = 6;
const macPattern = /^[\da-f]{2}(:[\da-f]{2}){5}$/i;
const isLittleEndian = endianness() === "LE";

/** Longest payload taken: an Ethernet jumbo frame. DHCP and ARP need far less. */
const bufferBytes = 9216;
/** A flood without a listener fills the socket's buffer (some hundred packets) and no more. */
const mostStalePackets = 4096;

/** Of an answer that has just arrived; more come by the event loop. */
const mostPolledPackets = 8;

export class KernelPackets implements PacketPort {
  /** `onError` hears of socket errors that need no answer: the link went down (ENETDOWN), an overrun (ENOBUFS). */
  constructor(
    private readonly onError: (linkIndex: number, error: SystemError) => void = () => {},
    private readonly native: NativeAddon = nativeAddon(),
  ) {}

  open(kind: PacketKind, linkIndex: number): PacketChannel {
    // Index 0 would bind to all links at once, and numbers wrap at 32 bits.
    if (!(linkIndex > 0 && linkIndex === (linkIndex | 0))) throw noSuchLink();
    const { etherType, program } = packetFilters[kind];
    // Protocol 0 hears nothing until bound, and such a bind waits for no RCU grace period.
    const socket = this.native.openSocket(AF_PACKET, SOCK_DGRAM, 0, { bufferBytes });
    try {
      socket.attachFilter(program);
      socket.setOption(SOL_PACKET, PACKET_AUXDATA, 1);
      socket.bind(linkAddress(linkIndex, etherType));
    } catch (error) {
      socket.close();
      throw error;
    }
    return new KernelChannel(socket, linkIndex, etherType, (error) => this.onError(linkIndex, error));
  }
}

class KernelChannel implements PacketChannel {
  #onPacket: ((packet: ReceivedPacket) => void) | undefined;
  #isClosed = false;
  constructor(
    private readonly socket: NativeSocket,
    private readonly linkIndex: number,
    private readonly etherType: number,
    private readonly onError: (error: SystemError) => void,
  ) {}

  send(destinationMac: string, payload: Uint8Array): boolean {
    if (this.#isClosed || !macPattern.test(destinationMac)) return false;
    try {
      return this.socket.send(payload, { address: linkAddress(this.linkIndex, this.etherType, destinationMac) });
    } catch (error) {
      this.onError(error as SystemError);
      return false;
    }
  }
  listen(onPacket: ((packet: ReceivedPacket) => void) | undefined): void {
    if (this.#isClosed) return;
    const wasListening = this.#onPacket !== undefined;
    this.#onPacket = onPacket;
    if (onPacket === undefined) {
      this.socket.stop();
      return;
    }
    if (!wasListening) this.#dropStale();
    this.socket.start({ onMessage: (message) => onPacket(toPacket(message)), onError: (error) => this.onError(error) });
  }
  poll(): void {
    if (this.#isClosed || !this.#onPacket) return;
    try {
      for (const message of this.socket.receive(mostPolledPackets)) this.#onPacket?.(toPacket(message));
    } catch (error) {
      this.onError(error as SystemError);
    }
  }
  watchAddress(address: string): void {
    const number = parseIpv4(address);
    if (this.#isClosed || this.etherType !== packetFilters.arp.etherType || number === undefined) return;
    try {
      this.socket.attachFilter(arpFilterForAddress(number));
    } catch (error) {
      this.onError(error as SystemError); // the earlier filter stays
    }
  }
  close(): void {
    this.#isClosed = true;
    this.#onPacket = undefined;
    this.socket.close();
  }
  #dropStale(): void {
    try {
      for (let dropped = 0; dropped < mostStalePackets; dropped += 64) {
        if (this.socket.receive(64).length < 64) return;
      }
    } catch (error) {
      this.onError(error as SystemError); // the link went down meanwhile
    }
  }
}

const noSuchLink = (): SystemError =>
  Object.assign(new Error("bind ENODEV: no such device"), { code: "ENODEV", errno: 19, syscall: "bind" });

/** Without `mac`: an address to bind to. */
function linkAddress(linkIndex: number, etherType: number, mac = ""): Uint8Array {
  const address = new Uint8Array(sockaddrLength);
  const view = new DataView(address.buffer);
  view.setUint16(0, AF_PACKET, isLittleEndian);
  view.setUint16(2, etherType); // the one field in network order
  view.setInt32(4, linkIndex, isLittleEndian);
  const bytes = Buffer.from(mac.replaceAll(":", ""), "hex");
  view.setUint8(sockaddrMacLengthAt, bytes.length);
  address.set(bytes.subarray(0, macLength), sockaddrMacAt);
  return address;
}

function toPacket({ data, address, packetStatus = 0 }: ReceivedMessage): ReceivedPacket {
  return { payload: data, sourceMac: macText(address), isChecksumReady: (packetStatus & TP_STATUS_CSUMNOTREADY) === 0 };
}

function macText(address: Buffer): string {
  return formatMac(address, sockaddrMacAt, Math.min(address[sockaddrMacLengthAt] ?? 0, macLength));
}
