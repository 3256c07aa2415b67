/** Whether clients are shown anything else of a Network than before. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { Family } from "../rtnl/rtnl.ts";
import type { FoundConflict } from "./found-conflict.ts";
import { addressesOf, type IpAddress, type IpSettings } from "./ip-settings.ts";
import type { EffectiveSettings } from "./merge.ts";

/** The facts about a Network that clients are shown. The time that a lease has left is none of them. */
export interface ShownFacts {
  readonly effective: EffectiveSettings | undefined;
  readonly saved: IpSettings | undefined;
  /** Identities of the IPConfigs. */
  readonly ipConfigs: string;
  readonly isFromDhcp: boolean;
  readonly primaryFamily: Family | undefined;
  readonly conflict: FoundConflict | undefined;
  readonly lostBecause: string | undefined;
}
export const isSameShown = (a: ShownFacts, b: ShownFacts): boolean =>
  a.ipConfigs === b.ipConfigs &&
  a.isFromDhcp === b.isFromDhcp &&
  a.primaryFamily === b.primaryFamily &&
  a.conflict === b.conflict &&
  a.lostBecause === b.lostBecause &&
  isSameButTimes(a.effective, b.effective) &&
  isSameButTimes(a.saved, b.saved);

/**
 * Whether both are equal apart from the time that addresses are valid, as the two answers of a server that confirms a
 * lease.
 */
const isSameButTimes = (a: IpSettings | undefined, b: IpSettings | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && isDeepStrictEqual(timeless(a), timeless(b)));

const timeless = ({ ipv4, ipv6, ...rest }: IpSettings) => ({
  ...rest,
  ipv4: addressesOf(ipv4).map(timelessAddress),
  ipv6: addressesOf(ipv6).map(timelessAddress),
});
const timelessAddress = ({ validSeconds: _, preferredSeconds: __, ...address }: IpAddress) => ({
  ...address,
  others: undefined,
});
