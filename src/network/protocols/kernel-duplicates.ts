import { isDuplicate } from "../../rtnl/address-flags.ts";
import type { Address, Rtnl } from "../../rtnl/rtnl.ts";
import type { DuplicateObserver } from "../address-conflicts.ts";
import type { ProtocolLink } from "./handler.ts";

/**
 * Tells the observer which of these addresses of the link another host has, as the kernel finds out (RFC 4862, 5.4):
 * the present ones in a later turn, then every change. Returns "stop".
 */
export function watchDuplicates(
  rtnl: Pick<Rtnl, "snapshot" | "onDelta">,
  { index }: Pick<ProtocolLink, "index">,
  addresses: readonly string[],
  observer: DuplicateObserver,
): () => void {
  const found = new Set<string>();
  let isStopped = false;
  const look = (own: Address) => {
    const { address } = own;
    if (isStopped || own.link !== index || own.family !== 6 || !addresses.includes(address)) return;
    if (isDuplicate(own) === found.has(address)) return;
    if (found.delete(address)) observer.onUnique(address);
    else {
      found.add(address);
      observer.onDuplicate(address);
    }
  };
  const stopListening = rtnl.onDelta((delta) => {
    if (delta.kind === "address-added" || delta.kind === "address-changed") look(delta.address);
  });
  queueMicrotask(() => {
    for (const own of rtnl.snapshot.addresses(index)) look(own);
  });
  return () => {
    isStopped = true;
    stopListening();
  };
}
