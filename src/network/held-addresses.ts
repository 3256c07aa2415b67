import type { Address } from "../rtnl/rtnl.ts";
import type { HeldAddress } from "./protocols/dhcp4/config.ts";

/** `toldAgoMs`: since when the kernel told of these addresses at the latest; it does not tell of time passing by. */
export const heldAddresses = (addresses: readonly Address[], toldAgoMs: number): readonly HeldAddress[] =>
  addresses.map(({ address, prefixLength, validSeconds }) => ({
    ...{ address, prefixLength },
    ...(validSeconds !== undefined && { remainingSeconds: Math.max(0, validSeconds - toldAgoMs / 1000) }),
  }));
