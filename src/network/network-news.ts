import { isDeepStrictEqual } from "node:util";
import type { Family } from "../rtnl/rtnl.ts";
import type { FoundConflict } from "./address-conflicts.ts";
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

/** Tells whether clients are shown anything else of one Network than before, since its start. */
export class NetworkNews {
  #shown: ShownFacts | undefined;
  #isUntold = false;
  #primary: string | undefined;
  #hasConnected = false;

  note(facts: ShownFacts): void {
    const before = this.#shown;
    this.#shown = facts;
    if (!before || !isSameShown(before, facts)) this.#isUntold = true;
  }
  /** Whether anything is new since the latest call. */
  take(): boolean {
    const isUntold = this.#isUntold;
    this.#isUntold = false;
    return isUntold;
  }
  /** `primary`: address and gateway of the connection; undefined: there is none. Undefined: nothing is to be told. */
  followPrimary(primary: string | undefined): "first" | "other" | undefined {
    if (primary === this.#primary) return undefined;
    this.#primary = primary;
    if (primary === undefined) return undefined;
    const isFirst = !this.#hasConnected;
    this.#hasConnected = true;
    return isFirst ? "first" : "other";
  }
  /** The Network has stopped. */
  clear(): void {
    this.#shown = undefined;
    this.#isUntold = false;
    this.#primary = undefined;
    this.#hasConnected = false;
  }
}

const isSameShown = (a: ShownFacts, b: ShownFacts): boolean =>
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
