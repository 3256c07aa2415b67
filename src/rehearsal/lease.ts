/**
 * One exchange played in memory, so that no code on the way from a cable to an address runs for the first time: first
 * runs are most of the cost of an exchange of a few packets in JavaScript.
 */
import type { Clock } from "../base/clock.ts";
import { silentLog } from "../base/log.ts";
import type { Dhcp4Config } from "../network/protocols/dhcp4/config.ts";
import { buildDatagram, parseDatagram } from "../network/protocols/dhcp4/datagram.ts";
import { dhcp4Handler } from "../network/protocols/dhcp4/handler.ts";
import {
  type DhcpMessage,
  decodeMessage,
  encodeMessage,
  type MessageType,
} from "../network/protocols/dhcp4/message.ts";
import { optionCode, type RawOptions } from "../network/protocols/dhcp4/options.ts";
import type { Dhcp4Ports } from "../network/protocols/dhcp4/ports.ts";
import type { ProtocolHandler, ProtocolHost, ProtocolLink } from "../network/protocols/handler.ts";
import type { PacketChannel, PacketKind, PacketPort, ReceivedPacket } from "../packet/packet.ts";

const link: ProtocolLink = { index: 0, name: "rehearsal", mac: "02:00:00:00:00:02", mtu: 1500 };
const server = "192.0.2.1";
const serverMac = "02:00:00:00:00:01";

type PacketListener = (packet: ReceivedPacket) => void;

/** The operation of an answer (RFC 826). */
const arpReply = Buffer.from("0002", "hex");

/** Where the ports stand in a datagram without IP options. */
const sourcePortAt = 20;

/** `makeHandler`: the handler under rehearsal. Touches nothing outside; about 5 ms at first. */
export function rehearseLease(makeHandler: (ports: Dhcp4Ports) => ProtocolHandler<Dhcp4Config> = dhcp4Handler): void {
  const stage = new Stage();
  const udp = { open: () => ({ send: () => true, close: () => {} }) };
  let kept: string | undefined;
  const leases = {
    load: () => kept,
    save: (json: string) => {
      kept = json;
    },
    forget: () => {},
  };
  const handler = makeHandler({ packets: stage, udp, random: () => 0, transactionId: () => 1 });
  const { host } = stage;
  // The second time the lease is known; the third time its gateway answers before the server does.
  for (const answers of [["offer", "ack"], ["ack"], ["gateway", "ack"]] as const) {
    const standby = handler.standBy?.(link, { leases }, host);
    standby?.begin();
    const session = handler.attach(link, { leases }, host);
    void session.setup(new AbortController().signal).catch(() => {});
    for (const answer of answers) answer === "gateway" ? stage.answerFromGateway() : stage.answer(answer);
    void session.teardown({ force: true });
  }
}

/** A link whose packets go nowhere, and a clock that stands still. */
class Stage implements PacketPort {
  readonly #listeners: Partial<Record<PacketKind, PacketListener | undefined>> = {};
  #question: DhcpMessage | undefined;
  #gatewayQuestion: Buffer | undefined;

  get host(): ProtocolHost {
    const clock: Clock = { now: () => 0, wallTime: () => 0, startTimer: () => () => {}, pendingTimers: () => [] };
    return { clock, log: silentLog, settingsChanged: () => {}, granted: () => {}, lost: () => {} };
  }
  open(kind: PacketKind): PacketChannel {
    return {
      send: (_mac, payload) => (kind === "arp" ? this.#hearArp(payload) : this.#hear(payload)),
      listen: (onPacket) => {
        this.#listeners[kind] = onPacket;
      },
      poll: () => {},
      watchAddress: () => {},
      close: () => {},
    };
  }
  answer(type: MessageType): void {
    if (!this.#question) return;
    const message = { ...this.#question, op: "reply", type, yourAddress: "192.0.2.2", options: grant } as const;
    const payload = withPorts(buildDatagram(server, "255.255.255.255", encodeMessage(message)), 67, 68);
    this.#listeners["dhcp4-client"]?.({ payload, sourceMac: serverMac, isChecksumReady: true });
  }
  /** The server's own host is the gateway. */
  answerFromGateway(): void {
    const question = this.#gatewayQuestion;
    if (!question) return;
    const payload = Buffer.concat([
      question.subarray(0, 6),
      arpReply,
      question.subarray(18, 28),
      question.subarray(8, 18),
    ]);
    this.#listeners.arp?.({ payload, sourceMac: serverMac, isChecksumReady: true });
  }
  #hearArp(payload: Uint8Array): boolean {
    this.#gatewayQuestion = Buffer.from(payload);
    return true;
  }
  #hear(payload: Uint8Array): boolean {
    const datagram = parseDatagram(withPorts(Buffer.from(payload), 67, 68), true);
    const decoded = "payload" in datagram ? decodeMessage(datagram.payload) : datagram;
    if ("message" in decoded) this.#question = decoded.message;
    return true;
  }
}

/** Exchanging the ports leaves the checksum as it is. */
function withPorts(datagram: Buffer, source: number, destination: number): Buffer {
  datagram.writeUInt16BE(source, sourcePortAt);
  datagram.writeUInt16BE(destination, sourcePortAt + 2);
  return datagram;
}

const hex = (text: string) => Buffer.from(text, "hex");
const grant: RawOptions = new Map([
  [optionCode.serverId, hex("c0000201")],
  [optionCode.subnetMask, hex("ffffff00")],
  [optionCode.router, hex("c0000201")],
  [optionCode.nameServers, hex("c0000201")],
  [optionCode.domainName, Buffer.from("example.org")],
  [optionCode.leaseTime, hex("00000e10")],
  [optionCode.renewalTime, hex("00000708")],
  [optionCode.rebindingTime, hex("00000c4e")],
  [optionCode.broadcast, hex("c00002ff")],
]);
