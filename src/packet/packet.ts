/** Port to packet sockets (AF_PACKET, SOCK_DGRAM): the link layer header is the kernel's, the payload is ours. */

export interface ReceivedPacket {
  /** From the IPv4 or ARP header on; the filter checked the criteria of {@link PacketKind} and nothing else. */
  readonly payload: Buffer;
  /** Sender's link-layer address, colon form. */
  readonly sourceMac: string;
  /** False when the checksum was left to the hardware (TP_STATUS_CSUMNOTREADY): it must then not be verified. */
  readonly isChecksumReady: boolean;
}

export interface PacketChannel {
  /**
   * `destinationMac` in colon form; `ff:ff:ff:ff:ff:ff` to broadcast. Never throws: a link that is down loses packets,
   * as a cable does; returns whether the kernel took it.
   */
  send(destinationMac: string, payload: Uint8Array): boolean;
  /**
   * One listener at a time; `undefined` stops listening without closing the socket. Packets that arrived without a
   * listener are dropped, so that an old answer is never taken for a new one: listen first, then send.
   */
  listen(onPacket: ((packet: ReceivedPacket) => void) | undefined): void;
  /**
   * Hands arrived packets to the listener now, where the rest of this turn would let them wait. Without one: nothing.
   */
  poll(): void;
  /**
   * Only for `arp`: from now on only packets are let through that name this IPv4 address as their sender's, or ask for
   * it without a sender (probes, RFC 5227). On a busy network everything else would wake the daemon many times a
   * second. A later call replaces the address. Packets received before are not affected.
   */
  watchAddress(address: string): void;
  /** Costs the kernel an RCU grace period (12 to 20 ms): never before online has been told. */
  close(): void;
}

/**
 * `dhcp4-client`: IPv4, UDP, destination port 68, not a fragment. `arp`: every ARP packet. Both only when addressed to
 * this link, to a group or to all.
 */
export type PacketKind = "dhcp4-client" | "arp";

export interface PacketPort {
  /**
   * Opens with protocol 0, attaches the filter (UDP to port 68, or ARP), then binds to the link: such a bind waits for
   * nothing. Throws SystemError, e.g. ENODEV, EPERM.
   */
  open(kind: PacketKind, linkIndex: number): PacketChannel;
}
