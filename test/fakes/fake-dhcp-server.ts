/** A DHCP server in memory, on a {@link FakeWire}: keeps leases as a real one does, and can be told to misbehave. */
import { parseIpv4 } from "../../src/base/ipv4.ts";
import {
  type DhcpMessage,
  decodeMessage,
  encodeMessage,
  type MessageType,
} from "../../src/network/protocols/dhcp4/message.ts";
import { optionCode } from "../../src/network/protocols/dhcp4/options.ts";
import type { FakeWire, Frame, Station } from "./fake-packets.ts";

export interface FakeDhcpServerConfig {
  mac: string;
  serverId: string;
  /** Handed out in this order. */
  pool: string[];
  leaseSeconds: number;
  rapidCommit: boolean;
  /** Answers NAK to claims it does not know; otherwise it stays silent. */
  authoritative: boolean;
  /** Hears and answers nothing. */
  silent: boolean;
  /** A MAC address whose frames it passes over: a frame of another one that is no DHCP message fails the test. */
  deafTo: string | undefined;
  /** Answers every REQUEST with NAK. */
  refuses: boolean;
  /** Also sent in OFFER and ACK; replaces the server's own. */
  options: Map<number, Buffer>;
  isChecksumReady: boolean;
  /** A last word on each answer, to forge or spoil it; undefined: it is not sent. */
  spoil: (answer: DhcpMessage) => DhcpMessage | undefined;
}

export const bytesOf = (...addresses: string[]): Buffer =>
  Buffer.concat(
    addresses.map((address) => {
      const data = Buffer.alloc(4);
      data.writeUInt32BE(parseIpv4(address) ?? 0);
      return data;
    }),
  );
export const uint32 = (value: number): Buffer => {
  const data = Buffer.alloc(4);
  data.writeUInt32BE(value);
  return data;
};

export class FakeDhcpServer {
  readonly config: FakeDhcpServerConfig;
  /** Every message a client sent, with how it was addressed. */
  readonly received: (DhcpMessage & { readonly from: string; readonly to: string })[] = [];
  /** Address by client MAC. */
  readonly leases = new Map<string, string>();
  readonly declined = new Set<string>();
  readonly #station: Station;

  constructor(wire: FakeWire, config: Partial<FakeDhcpServerConfig> = {}) {
    this.config = {
      mac: "02:00:00:00:00:01",
      serverId: "10.1.0.1",
      pool: ["10.1.0.100", "10.1.0.101", "10.1.0.102"],
      leaseSeconds: 3600,
      rapidCommit: false,
      authoritative: true,
      silent: false,
      deafTo: undefined,
      refuses: false,
      options: new Map(),
      isChecksumReady: true,
      spoil: (answer) => answer,
      ...config,
    };
    this.#station = wire.station(this.config.mac, (frame) => this.#onFrame(frame));
  }

  /** `DISCOVER`, `REQUEST 10.1.0.100`, ... as a network engineer would note them. */
  get heard(): string[] {
    return this.received.map((message) => summary(message));
  }
  /** Sends an answer without a question, or a forged one. */
  send(message: DhcpMessage, destination = "255.255.255.255"): void {
    const packet = serverDatagram(this.config.serverId, destination, encodeMessage(message));
    if (!this.config.isChecksumReady) packet.writeUInt16BE(0xdead, 26);
    const mac = destination === "255.255.255.255" ? "ff:ff:ff:ff:ff:ff" : message.hardwareAddress;
    this.#station.send(mac, "ipv4", packet, { isChecksumReady: this.config.isChecksumReady });
  }

  #onFrame(frame: Frame): void {
    if (this.config.silent || frame.sourceMac === this.config.deafTo) return;
    const heard = readClientDatagram(frame);
    if (!heard) return;
    this.received.push(heard);
    const reply = this.#decide(heard);
    if (!reply) return;
    const answer = this.config.spoil(this.#message(heard, reply.type, reply.address, reply.isRapid));
    const isUnicast = !heard.isBroadcast && reply.type !== "nak";
    if (answer) this.send(answer, isUnicast ? answer.yourAddress : undefined);
  }
  #decide(message: DhcpMessage): { type: MessageType; address: string; isRapid?: boolean } | undefined {
    switch (message.type) {
      case "discover":
        return this.#onDiscover(message);
      case "request":
        return this.#onRequest(message);
      case "decline":
        this.declined.add(requested(message) ?? "");
        this.leases.delete(message.hardwareAddress);
        return undefined;
      case "release":
        this.leases.delete(message.hardwareAddress);
        return undefined;
      default:
        throw new Error(`a client must not send ${message.type}`);
    }
  }
  #onDiscover(message: DhcpMessage) {
    const address = this.#choose(message.hardwareAddress, requested(message));
    if (address === undefined) return undefined;
    const isRapid = this.config.rapidCommit && message.options.has(optionCode.rapidCommit);
    if (isRapid) this.leases.set(message.hardwareAddress, address);
    return { type: isRapid ? ("ack" as const) : ("offer" as const), address, isRapid };
  }
  #onRequest(message: DhcpMessage) {
    const server = message.options.get(optionCode.serverId);
    const claimed = message.clientAddress === "0.0.0.0" ? (requested(message) ?? "") : message.clientAddress;
    if (this.config.refuses) return { type: "nak" as const, address: "0.0.0.0" };
    if (server) {
      if (!server.equals(bytesOf(this.config.serverId))) return undefined;
      this.leases.set(message.hardwareAddress, claimed);
      return { type: "ack" as const, address: claimed };
    }
    if (this.leases.get(message.hardwareAddress) === claimed) return { type: "ack" as const, address: claimed };
    return this.config.authoritative ? { type: "nak" as const, address: "0.0.0.0" } : undefined;
  }
  #choose(mac: string, wanted: string | undefined): string | undefined {
    const taken = new Set([...this.leases].filter(([other]) => other !== mac).map(([, address]) => address));
    const free = this.config.pool.filter((address) => !taken.has(address) && !this.declined.has(address));
    const own = this.leases.get(mac);
    return [own, wanted].find((address) => address !== undefined && free.includes(address)) ?? free[0];
  }
  #message(question: DhcpMessage, type: MessageType, address: string, isRapid = false): DhcpMessage {
    const grant: [number, Buffer][] = [
      [optionCode.subnetMask, bytesOf("255.255.255.0")],
      [optionCode.router, bytesOf("10.1.0.1")],
      [optionCode.nameServers, bytesOf("10.1.0.1")],
      [optionCode.leaseTime, uint32(this.config.leaseSeconds)],
      ...this.config.options,
    ];
    const rapid: [number, Buffer][] = isRapid ? [[optionCode.rapidCommit, Buffer.alloc(0)]] : [];
    const options: [number, Buffer][] = [[optionCode.serverId, bytesOf(this.config.serverId)], ...rapid];
    return {
      ...question,
      op: "reply",
      type,
      seconds: 0,
      clientAddress: "0.0.0.0",
      yourAddress: address,
      options: new Map(type === "nak" ? options : [...options, ...grant]),
    };
  }
}

function requested(message: DhcpMessage): string | undefined {
  const data = message.options.get(optionCode.requestedAddress);
  return data && [...data].join(".");
}

function summary(message: DhcpMessage & { readonly to: string }): string {
  const what = message.clientAddress === "0.0.0.0" ? requested(message) : message.clientAddress;
  const server = message.options.get(optionCode.serverId);
  const way = message.to === "255.255.255.255" ? "" : ` to ${message.to}`;
  const flag = message.isBroadcast ? " broadcast-flag" : "";
  return `${message.type.toUpperCase()}${what ? ` ${what}` : ""}${server ? ` @${[...server].join(".")}` : ""}${way}${flag}`;
}

function readClientDatagram({ type, payload }: Frame) {
  if (type !== "ipv4" || payload.length < 28 || payload.readUInt16BE(22) !== 67) return undefined;
  const decoded = decodeMessage(payload.subarray(28));
  if ("malformed" in decoded) throw new Error(`the client sent nonsense: ${decoded.malformed}`);
  if (decoded.message.op !== "request") return undefined;
  const from = [...payload.subarray(12, 16)].join(".");
  const to = [...payload.subarray(16, 20)].join(".");
  return { ...decoded.message, from, to };
}

/** From port 67 to port 68, with right checksums. */
export function serverDatagram(source: string, destination: string, payload: Buffer): Buffer {
  const packet = Buffer.alloc(28 + payload.length);
  packet[0] = 0x45;
  packet.writeUInt16BE(packet.length, 2);
  packet[8] = 64;
  packet[9] = 17;
  bytesOf(source, destination).copy(packet, 12);
  packet.writeUInt16BE(onesComplement(packet.subarray(0, 20)), 10);
  packet.writeUInt16BE(67, 20);
  packet.writeUInt16BE(68, 22);
  packet.writeUInt16BE(8 + payload.length, 24);
  payload.copy(packet, 28);
  const pseudo = Buffer.concat([
    packet.subarray(12, 20),
    Buffer.of(0, 17),
    packet.subarray(24, 26),
    packet.subarray(20),
  ]);
  packet.writeUInt16BE(onesComplement(pseudo) || 0xffff, 26);
  return packet;
}

function onesComplement(data: Buffer): number {
  let sum = 0;
  for (let at = 0; at < data.length; at++) sum += (data[at] as number) << (at % 2 === 0 ? 8 : 0);
  while (sum > 0xffff) sum = (sum % 0x10000) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}
