import type { Snapshot } from "../rtnl/rtnl.ts";

/**
 * Whether any link of this host has the MAC address: also those that are blocked, left alone, or part of a bridge or a
 * bond, whose ports go by the address of the whole and keep a permanent one. Not the loopback, whose address is all zeros.
 */
export function isMacOfHost(mac: string, { links }: Pick<Snapshot, "links">): boolean {
  for (const link of links.values()) {
    if (!link.isLoopback && (link.mac === mac || link.permanentMac === mac)) return true;
  }
  return false;
}
