import type { FoundConflict } from "./found-conflict.ts";
import type { ConflictObserver } from "./protocols/address-conflict.ts";
import type { FixedAddressGuard } from "./protocols/fixed-address-guards.ts";
import type { ProtocolLink } from "./protocols/handler.ts";

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

export interface FixedAddressObserver {
  found(conflict: FoundConflict): void;
  /** Of the address that is told to be in conflict; `because` is for people. */
  over(address: string, because: string): void;
}

/** Watches the fixed addresses of one link that are in use, of both families. */
export class FixedAddressWatch {
  #guard: FixedAddressGuard | undefined;
  #guarded: string | undefined;
  #watched: readonly string[] = [];
  #stopWatching = () => {};

  constructor(
    private readonly ports: FixedAddressPorts,
    private readonly observer: FixedAddressObserver,
  ) {}

  /** From now on these; those that are watched already go on being watched. */
  follow(link: ProtocolLink, ipv4: string | undefined, ipv6: readonly string[]): void {
    if (ipv4 !== this.#guarded) this.#guardIpv4(link, ipv4);
    if (ipv6.join() !== this.#watched.join()) this.#watchIpv6(link, ipv6);
  }
  /** Another network may be at the other end. */
  again(): void {
    this.#guard?.again();
  }
  /** Twice is fine. */
  stop(): void {
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
      onFree: () => this.observer.over(this.#guarded ?? "", `no other host answers for ${this.#guarded} any more`),
      onConflict: (mac) => this.observer.found({ address: this.#guarded ?? "", mac, outcome: "kept" }),
    });
    this.#guard?.watch(address);
  }
  #watchIpv6(link: ProtocolLink, addresses: readonly string[]): void {
    this.#stopWatching();
    for (const gone of this.#watched) if (!addresses.includes(gone)) this.#endOf(gone);
    this.#watched = addresses;
    this.#stopWatching =
      this.ports.watchDuplicates?.(link, addresses, {
        onDuplicate: (address) => this.observer.found({ address, outcome: "unused" }),
        onUnique: (address) => this.observer.over(address, `the kernel finds no other host with ${address} any more`),
      }) ?? (() => {});
  }
  #endOf(address: string): void {
    this.observer.over(address, `${address}, which another host has too, is not in use any more`);
  }
}
