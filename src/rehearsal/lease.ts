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
import type { PacketChannel, PacketPort, ReceivedPacket } from "../packet/packet.ts";

const link: ProtocolLink = { index: 0, name: "rehearsal", mac: "02:00:00:00:00:02", mtu: 1500 };
const server = "192.0.2.1";
const serverMac = "02:00:00:00:00:01";

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
  // The second time the lease is known.
  for (const answers of [["offer", "ack"], ["ack"]] as const) {
    const standby = handler.standBy?.(link, { leases }, host);
    standby?.begin();
    const session = handler.attach(link, { leases }, host);
    void session.setup(new AbortController().signal).catch(() => {});
    for (const type of answers) stage.answer(type);
    void session.teardown({ force: true });
  }
}

/** A link whose packets go nowhere, and a clock that stands still. */
class Stage implements PacketPort {
  #onPacket: ((packet: ReceivedPacket) => void) | undefined;
  #question: DhcpMessage | undefined;

  get host(): ProtocolHost {
    const clock: Clock = { now: () => 0, wallTime: () => 0, startTimer: () => () => {}, pendingTimers: () => [] };
    return { clock, log: silentLog, settingsChanged: () => {}, granted: () => {}, lost: () => {} };
  }
  open(): PacketChannel {
    return {
      send: (_mac, payload) => this.#hear(payload),
      listen: (onPacket) => {
        this.#onPacket = onPacket;
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
    this.#onPacket?.({ payload, sourceMac: serverMac, isChecksumReady: true });
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
