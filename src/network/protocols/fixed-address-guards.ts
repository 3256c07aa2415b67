import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { PacketPort } from "../../packet/packet.ts";
import type { ConflictObserver } from "./address-conflict.ts";
import { AddressGuard } from "./dhcp4/address-guard.ts";
import { ChannelPool } from "./dhcp4/channels.ts";
import type { ProtocolLink } from "./handler.ts";

/** Conflict detection for an address that no server leased. */
export interface FixedAddressGuard {
  /** Probes an address in use, then announces and defends it; one that is watched already goes on being watched. */
  watch(address: string): void;
  /** Probes the watched addresses anew: another network may be at the other end. */
  again(): void;
  /** Twice is fine. */
  stop(): void;
}

export interface FixedAddressGuardsPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly packets: PacketPort;
  isOwnMac(mac: string): boolean;
  /** From 0 (inclusive) to 1. */
  random(): number;
}

/**
 * The guards of fixed addresses. Each link has an ARP socket of its own for that, beside the DHCP client's: a lease may
 * be asked for on the same link at the same time, and a socket lets through packets about one address only.
 */
export class FixedAddressGuards {
  readonly #pool: ChannelPool;

  constructor(private readonly ports: FixedAddressGuardsPorts) {
    this.#pool = new ChannelPool(ports.packets);
  }

  guard(link: ProtocolLink, observer: ConflictObserver): FixedAddressGuard {
    const { ports } = this;
    return new AddressGuard(link, this.#pool.of(link.index), ports.log, "parallel", ports, observer, "keep");
  }
  /** The link is gone: closes its socket. Twice is fine. */
  forgetLink(linkIndex: number): void {
    this.#pool.forget(linkIndex);
  }
  close(): void {
    this.#pool.forgetAll();
  }
}
