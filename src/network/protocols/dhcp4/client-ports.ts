import type { Clock } from "../../../base/clock.ts";
import type { DaemonError } from "../../../base/errors.ts";
import type { Log } from "../../../base/log.ts";
import type { IpSettings } from "../../ip-settings.ts";
import type { ProtocolStep } from "../handler.ts";
import type { LinkChannels } from "./channels.ts";
import type { UdpPort } from "./udp-port.ts";

/**
 * Why a lease in use ended. `unconfirmed`: no server answered, and `useUnconfirmedLease` in the configuration is false.
 */
export type LostReason = "nak" | "lease-expired" | "address-conflict" | "unconfirmed" | "ipv6-only-preferred";

export interface ClientObserver {
  /** A server has granted the settings that {@link onSettings} tells next; before any other use of them. */
  onGranted(settings: IpSettings): void;
  /** New or confirmed settings; the first of them ends the acquisition. */
  onSettings(settings: IpSettings): void;
  /** The acquisition failed; the client has stopped. */
  onFailed(error: DaemonError): void;
  onStep(step: ProtocolStep): void;
  /** Another host has the address, which is declined; {@link onLost} follows if it was in use. */
  onConflict(address: string, otherMac: string): void;
  /** The settings told before are void; the client has stopped. */
  onLost(reason: LostReason): void;
}

export interface ClientPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly channels: LinkChannels;
  readonly udp: UdpPort;
  /** From 0 (inclusive) to 1. */
  random(): number;
  /** Unpredictable: 32 bits. */
  transactionId(): number;
  /** Whether an interface of this host has the MAC address now. */
  isOwnMac(mac: string): boolean;
  /** See {@link import("./ports.ts").Dhcp4Ports}. */
  readonly bootId: string | undefined;
}
