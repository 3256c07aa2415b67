import type { PacketPort } from "../../../packet/packet.ts";
import type { UdpPort } from "./udp-port.ts";

/** Ports that a handler needs. */
export interface Dhcp4Ports {
  readonly packets: PacketPort;
  readonly udp: UdpPort;
  /** From 0 (inclusive) to 1. Default: Math.random, which only spreads load. */
  readonly random?: () => number;
  /** 32 unpredictable bits. Default: from the system's generator. */
  readonly transactionId?: () => number;
  /** Whether an interface of this host, of any kind, has the MAC address now. Default: the link's own alone. */
  readonly isOwnMac?: (mac: string) => boolean;
  /**
   * Names the run of the kernel whose clock tells the time: within it the age of a kept lease is known even if the wall
   * clock has jumped. Absent: only the wall clock can tell.
   */
  readonly bootId?: string;
}
