import type { ConflictDetection } from "../address-conflict.ts";

/**
 * Where a session keeps its last lease. All calls are synchronous and are made outside the fast path; one that throws
 * is logged and changes nothing. The text is ours alone (see {@link import("./lease-json.ts")}); the result of `load`
 * is validated before use.
 */
export interface LeaseKeeper {
  /** The lease saved last, of any network. `evenExpired`: also if it ran out by the wall clock. */
  load(which?: { readonly evenExpired: boolean }): string | undefined;
  /**
   * `expiresAtMs`: milliseconds since 1970, `Number.MAX_SAFE_INTEGER` for a lease without end. `network` identifies the
   * network by the server that answered.
   */
  save(json: string, expiresAtMs: number, network: string): void;
  /** The lease is void (refused, released, in conflict). */
  forget(): void;
}

/** An address that is on the link already. */
export interface HeldAddress {
  readonly address: string;
  readonly prefixLength: number;
  /** The rest of life that the kernel counts; absent: for ever. */
  readonly remainingSeconds?: number;
}

/** Option 61. */
export type ClientId =
  /** Hardware type and address (RFC 2132, 9.14). */
  | { readonly kind: "mac" }
  /**
   * Type 255, IAID and DUID, so that DHCPv4 and DHCPv6 name one host alike (RFC 4361, 6.1). `iaid` defaults to the
   * link's index.
   */
  | { readonly kind: "duid"; readonly duid: string; readonly iaid?: number }
  /** As given: 2 to 255 bytes in hex. */
  | { readonly kind: "raw"; readonly hex: string };

export interface Dhcp4Config {
  /** Sent as option 12; letters, digits, hyphens and dots (RFC 952, RFC 1123). Absent: none is sent. */
  readonly hostname?: string;
  /** Sent as option 60; 1 to 255 printable ASCII characters. Absent: none is sent. */
  readonly vendorClass?: string;
  /** Default: `mac`. */
  readonly clientId?: ClientId;
  /**
   * Asks servers to broadcast their answers. `auto` (default): only after two unanswered tries, since a packet socket
   * receives unicasts for an address that the link does not have yet.
   */
  readonly broadcastFlag?: "auto" | "always" | "never";
  /** Two messages instead of four with servers that can (RFC 4039). Default: true. */
  readonly rapidCommit?: boolean;
  /**
   * Asks for option 108 and obeys it (RFC 8925): the link is left without IPv4 where the network says so. Default:
   * false.
   */
  readonly ipv6OnlyPreferred?: boolean;
  /** Default: `parallel`. */
  readonly conflictDetection?: ConflictDetection;
  /**
   * An unexpired lease that no server confirms or refuses may be used for its rest (RFC 2131, 3.2 point 4 and 4.4.5).
   * Default: true. At first setup it is used after 10 s of silence. After {@link ProtocolSession.renew} it stays in
   * use; with `false` it is lost when the acquisition limit passes. Servers are asked until one answers.
   */
  readonly useUnconfirmedLease?: boolean;
  /** A teardown that is not forced gives the lease back (DHCPRELEASE). Default: true. */
  readonly releaseOnTeardown?: boolean;
  /**
   * `in-use`: the address of the kept lease is still on the link (the daemon was restarted). The first setup resolves
   * at once with the kept settings and the server is asked in the background; a refusal arrives as `lost`.
   */
  readonly resume?: "in-use";
  /** With `resume`: addresses on the link, so that the rest of the lease is the one that the kernel counts. */
  readonly held?: readonly HeldAddress[];
  /** How long a setup may take, in milliseconds (30 s, the default; docs/contract/shill.md, Addressing). */
  readonly acquisitionLimitMs?: number;
  /** Absent: nothing is kept, every setup starts with DISCOVER. */
  readonly leases?: LeaseKeeper;
}
