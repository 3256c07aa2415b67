import type { Log } from "../../../base/log.ts";
import type { ReceivedPacket } from "../../../packet/packet.ts";
import type { ProtocolLink } from "../handler.ts";
import type { LinkChannels } from "./channels.ts";
import { buildDatagram, parseDatagram } from "./datagram.ts";
import type { DhcpLease } from "./lease.ts";
import { type DhcpMessage, decodeMessage, encodeMessage } from "./message.ts";
import type { UdpChannel, UdpPort } from "./udp-port.ts";

export const broadcastMac = "ff:ff:ff:ff:ff:ff";
const broadcastAddress = "255.255.255.255";

export const broadcastDatagram = (message: DhcpMessage): Buffer =>
  buildDatagram(message.clientAddress, broadcastAddress, encodeMessage(message));

/** Of one message; empty for a message that came through UDP. */
export interface Sender {
  readonly mac?: string;
  readonly address?: string;
}

export interface Postbox {
  onMessage(message: DhcpMessage, sender: Sender): void;
  onMalformed(what: string): void;
}

/** Sends and receives messages on one link, by packet socket and, while a lease in use is renewed, by UDP. */
export class Messenger {
  #udp: UdpChannel | undefined;

  constructor(
    private readonly channels: LinkChannels,
    private readonly udpPort: UdpPort,
    private readonly link: ProtocolLink,
    private readonly log: Log,
    private readonly postbox: Postbox,
  ) {}

  /** Opens the packet socket; throws SystemError. */
  prepare(): void {
    this.channels.channel("dhcp4-client");
  }
  listen(): void {
    this.channels.listen("dhcp4-client", this, (packet) => this.#onPacket(packet));
  }
  /** Takes an answer that is there already. */
  poll(): void {
    this.channels.channel("dhcp4-client").poll();
  }
  /** Closes UDP as well. */
  unlisten(): void {
    this.channels.unlisten("dhcp4-client", this);
    this.#udp?.close();
    this.#udp = undefined;
  }
  /**
   * Holds UDP port 68 of our address, so that the kernel does not tell the server "port unreachable". Without it
   * answers arrive all the same, by packet socket.
   */
  holdPort(address: string): void {
    if (this.#udp) return;
    try {
      this.#udp = this.udpPort.open(this.link.name, address, (payload) => this.#onPayload(payload, {}));
    } catch (error) {
      this.log.debug(() => `${this.link.name}: no UDP port 68 on ${address}: ${String(error)}`);
    }
  }
  /** From the client address of the message. Returns whether the kernel took it. */
  broadcast(message: DhcpMessage): boolean {
    return this.send(broadcastDatagram(message));
  }
  /** A {@link broadcastDatagram} that was made beforehand. */
  send(datagram: Buffer): boolean {
    return this.channels.channel("dhcp4-client").send(broadcastMac, datagram);
  }
  /** By UDP where the port is held, otherwise {@link directly}. */
  unicast(message: DhcpMessage, lease: DhcpLease): boolean {
    return this.#udp?.send(lease.serverId, encodeMessage(message)) || this.directly(message, lease);
  }
  /** To the link address that the lease came from: needs no route and no neighbour entry, so it leaves at once. */
  directly(message: DhcpMessage, { serverId, serverMac }: DhcpLease): boolean {
    const datagram = buildDatagram(message.clientAddress, serverId, encodeMessage(message));
    return this.channels.channel("dhcp4-client").send(serverMac, datagram);
  }

  #onPacket({ payload, sourceMac, isChecksumReady }: ReceivedPacket): void {
    const datagram = parseDatagram(payload, isChecksumReady);
    if ("malformed" in datagram) this.postbox.onMalformed(datagram.malformed);
    else this.#onPayload(datagram.payload, { mac: sourceMac, address: datagram.source });
  }
  #onPayload(payload: Buffer, sender: Sender): void {
    const decoded = decodeMessage(payload);
    if ("malformed" in decoded) this.postbox.onMalformed(decoded.malformed);
    else this.postbox.onMessage(decoded.message, sender);
  }
}
