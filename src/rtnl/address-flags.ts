/** Meaning of the IFA_F_ flags of an address (include/uapi/linux/if_addr.h). */
import type { Address } from "./rtnl.ts";

const flag = {
  /** Of IPv4: one more in the same subnet (`secondary`). */
  temporary: 0x01,
  duplicate: 0x08,
  deprecated: 0x20,
  tentative: 0x40,
  permanent: 0x80,
} as const;

const has = ({ flags }: Pick<Address, "flags">, bit: number): boolean => (flags & bit) !== 0;

/** A privacy address (RFC 8981). */
export const isTemporary = (address: Address): boolean => address.family === 6 && has(address, flag.temporary);
/** Another host has it; it is not in use. */
export const isDuplicate = (address: Address): boolean => has(address, flag.duplicate);
/** For connections that use it already. */
export const isDeprecated = (address: Address): boolean => has(address, flag.deprecated);
/** The kernel still probes whether it is free. */
export const isTentative = (address: Address): boolean => has(address, flag.tentative);
/** Not made from a router advertisement, however long that is valid. */
export const isPermanent = (address: Address): boolean => has(address, flag.permanent);
