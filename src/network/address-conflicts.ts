import type { Log } from "../base/log.ts";
import type { Snapshot } from "../rtnl/rtnl.ts";
import type { ConflictObserver } from "./protocols/address-conflict.ts";
import type { FixedAddressGuard } from "./protocols/fixed-address-guards.ts";
import type { ProtocolLink } from "./protocols/handler.ts";

/** Another host that has an address of ours. */
export interface FoundConflict {
  readonly address: string;
  /** The other host's; undefined: the kernel has found it and does not tell. */
  readonly mac?: string;
  /**
   * `kept`: a person has fixed the address. `declined`: the server was told, and another one is asked for. `unused`: a
   * fixed one of IPv6, which the kernel does not use (RFC 4862, 5.4.5).
   */
  readonly outcome: "kept" | "declined" | "unused";
}

const outcomes = {
  kept: "it stays, as it is fixed",
  declined: "another one is asked for",
  unused: "the kernel does not use it",
} as const;

/** For state reasons, events and the log. */
export const describeConflict = ({ address, mac = "another host", outcome }: FoundConflict): string =>
  `${address} is also used by ${mac}; ${outcomes[outcome]}`;

/** The kernel has found another host with an address of IPv6, or finds it no more. */
export interface DuplicateObserver {
  onDuplicate(address: string): void;
  onUnique(address: string): void;
}

export interface FixedAddressPorts {
  /** Conflict detection of IPv4 (RFC 5227). Absent: none. */
  readonly guard?: (link: ProtocolLink, observer: ConflictObserver) => FixedAddressGuard;
  /**
   * Duplicate address detection of IPv6, which the kernel does (RFC 4862, 5.4). Absent: nothing is told of it. Returns
   * "stop".
   */
  readonly watchDuplicates?: (
    link: ProtocolLink,
    addresses: readonly string[],
    observer: DuplicateObserver,
  ) => () => void;
}

export interface ConflictListener {
  /** Another host has an address of the link; told before its consequences. */
  conflicted(conflict: FoundConflict): void;
  /** The told conflict of an address that is kept or unused is over; `because` is for people. */
  conflictOver(because: string): void;
}

/**
 * The conflict over an address of one link: found by the DHCP client over a lease, or here, by a watch over the fixed
 * addresses of both families that are in use.
 */
export class AddressConflicts {
  #current: FoundConflict | undefined;
  #guard: FixedAddressGuard | undefined;
  #guarded: string | undefined;
  #watched: readonly string[] = [];
  #stopWatching = () => {};

  constructor(
    private readonly ports: FixedAddressPorts & { readonly log: Log },
    private readonly listener: ConflictListener,
  ) {}

  /** The newest; undefined: none is known. */
  get current(): FoundConflict | undefined {
    return this.#current;
  }
  /** The DHCP client gives the address up and asks for another. */
  declined({ name }: ProtocolLink, address: string, mac: string): void {
    this.#onFound(name, { address, mac, outcome: "declined" });
  }
  /** There is a lease again: a declined address is of no interest any more. */
  leased(): void {
    if (this.#current?.outcome === "declined") this.#current = undefined;
  }
  /** From now on these addresses; those that are watched already go on being watched. */
  watchFixed(link: ProtocolLink, ipv4: string | undefined, ipv6: readonly string[]): void {
    if (ipv4 !== this.#guarded) this.#guardIpv4(link, ipv4);
    if (ipv6.join() !== this.#watched.join()) this.#watchIpv6(link, ipv6);
  }
  /** Another network may be at the other end. */
  checkAgain(): void {
    this.#guard?.again();
  }
  /** Forgets the conflict, too; the listener hears nothing. Twice is fine. */
  stop(): void {
    this.#current = undefined;
    this.#guard?.stop();
    this.#guard = undefined;
    this.#guarded = undefined;
    this.#stopWatching();
    this.#stopWatching = () => {};
    this.#watched = [];
  }

  #guardIpv4(link: ProtocolLink, address: string | undefined): void {
    const before = this.#guarded;
    this.#guarded = address;
    if (before !== undefined) this.#endOf(before);
    if (address === undefined) {
      this.#guard?.stop();
      return;
    }
    // Made once, for whichever address it watches.
    this.#guard ??= this.ports.guard?.(link, {
      onFree: () => this.#onOver(this.#guarded ?? "", `no other host answers for ${this.#guarded} any more`),
      onConflict: (mac) => this.#onFound(link.name, { address: this.#guarded ?? "", mac, outcome: "kept" }),
    });
    this.#guard?.watch(address);
  }
  #watchIpv6(link: ProtocolLink, addresses: readonly string[]): void {
    this.#stopWatching();
    for (const gone of this.#watched) if (!addresses.includes(gone)) this.#endOf(gone);
    this.#watched = addresses;
    this.#stopWatching =
      this.ports.watchDuplicates?.(link, addresses, {
        onDuplicate: (address) => this.#onFound(link.name, { address, outcome: "unused" }),
        onUnique: (address) => this.#onOver(address, `the kernel finds no other host with ${address} any more`),
      }) ?? (() => {});
  }
  #endOf(address: string): void {
    this.#onOver(address, `${address}, which another host has too, is not in use any more`);
  }

  #onFound(linkName: string, conflict: FoundConflict): void {
    const isKnown = this.#current?.address === conflict.address && this.#current.mac === conflict.mac;
    this.#current = conflict;
    if (isKnown && conflict.outcome !== "declined") return;
    this.ports.log.warn(() => `${linkName}: ${describeConflict(conflict)}`);
    this.listener.conflicted(conflict);
  }
  #onOver(address: string, because: string): void {
    if (this.#current?.address !== address || this.#current.outcome === "declined") return;
    this.#current = undefined;
    this.listener.conflictOver(because);
  }
}

/**
 * Whether any link of this host has the MAC address: also those that are blocked, left alone, or part of a bridge or a
 * bond, whose ports go by the address of the whole and keep a permanent one. Not the loopback, whose address is all
 * zeros.
 */
export function isMacOfHost(mac: string, { links }: Pick<Snapshot, "links">): boolean {
  for (const link of links.values()) {
    if (!link.isLoopback && (link.mac === mac || link.permanentMac === mac)) return true;
  }
  return false;
}
