import type { Snapshot } from "../rtnl/rtnl.ts";
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
