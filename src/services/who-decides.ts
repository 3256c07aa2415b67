/**
 * Decides which Profile's settings come into force for a Service, and which owners have to agree that it changes hands:
 * the one place, asked on every way that leads there. docs/decisions/who-may-do-what.md gives the reasons. Pure: the
 * contents of Profiles are given, nothing is read.
 */
import { isSameOwner, type Owner } from "../profiles/profile.ts";

/** One Profile's entry about a Service. */
export interface Claim {
  readonly isMachine: boolean;
  /** The settings that act beyond their user, name to JSON: addresses, order, credentials, and all unknown ones. */
  readonly acting: ReadonlyMap<string, string>;
  /**
   * There is more among them than was noted by itself: a Profile of the machine that has such settings keeps the
   * Service.
   */
  readonly isConfigured: boolean;
  /** An administrator agreed that this user has an own say about it. */
  readonly isConsented: boolean;
}

export interface Decision {
  /** Place of the entry in force in the list of claims; undefined: none is. */
  readonly holder: number | undefined;
  /** The holder is a user's and has no say about the acting settings: those are the machine's. */
  readonly isOnMachinesTerms: boolean;
  /** Users' entries that are stored and not in force, with the reason; by place in the list of claims. */
  readonly keptBack: ReadonlyMap<number, string>;
}

/**
 * `claims`: of the Profiles that have an entry about it, the lowest first. `isMachines`: the Service is a part of the
 * machine, whether a Profile of it says something or not.
 */
export function whoHolds(claims: readonly Claim[], isMachines: boolean): Decision {
  const machine = claims.findLast((claim) => claim.isMachine);
  const isKept = isMachines || (machine?.isConfigured ?? false);
  const keptBack = new Map<number, string>();
  for (const [at, claim] of claims.entries()) {
    const others = hasOwnSay(claim, isKept) ? [] : differences(claim, machine);
    if (others.length > 0) keptBack.set(at, keptBackBecause(others));
  }
  const holder = claims.findLastIndex((_claim, at) => !keptBack.has(at));
  const held = claims[holder];
  return {
    holder: held && holder,
    isOnMachinesTerms: held !== undefined && !hasOwnSay(held, isKept),
    keptBack,
  };
}

const hasOwnSay = ({ isMachine, isConsented }: Claim, isKept: boolean): boolean => isMachine || isConsented || !isKept;
const differences = ({ acting }: Claim, machine: Claim | undefined): readonly string[] =>
  [...acting].filter(([name, json]) => machine?.acting.get(name) !== json).map(([name]) => name);

const mostNames = 5;
function keptBackBecause(names: readonly string[]): string {
  const more = names.length > mostNames ? ` and ${names.length - mostNames} more` : "";
  const list = names.slice(0, mostNames).map((name) => name.slice(0, 60));
  return `the machine keeps it, and no administrator agreed to another ${list.join(", ")}${more}`;
}

/** One question to be asked of the caller. */
export interface Need {
  readonly right: "settings" | "secrets";
  readonly owner: Owner;
}

export interface Move {
  /** Owner of it now, and owner of its secrets. */
  readonly from: Owner;
  readonly secretsOf: Owner;
  readonly holdsSecret: boolean;
  readonly to: Owner;
  /** The machine keeps it, and no administrator agreed that the receiver has an own say about it. */
  readonly isKept: boolean;
  /** The receiver has an entry about it already that is not in force. */
  readonly isKeptBack: boolean;
}

/**
 * Consents needed to bring a Service, or a copy, into a Profile of `to`: of both sides, and, as the new owner can read
 * its secrets, of the owner who may read them now. A Service in no Profile is free for all while no secret was typed
 * into it.
 */
export function needsOfMove({ from, to, secretsOf, holdsSecret, isKept, isKeptBack }: Move): readonly Need[] {
  const isOther = !isSurelySame(from, to);
  const needs: Need[] = [];
  // First, so that no password is asked for in vain.
  if (holdsSecret && !isSurelySame(secretsOf, to)) needs.push({ right: "secrets", owner: secretsOf });
  needs.push({ right: "settings", owner: to });
  if (isOther && from !== "nobody") needs.push({ right: "settings", owner: from });
  if (isKept && (isOther || isKeptBack) && from !== "machine") needs.push({ right: "settings", owner: "machine" });
  return needs;
}

/** Two users are not taken for one while the uid of either is unknown. */
const isSurelySame = (a: Owner, b: Owner): boolean =>
  isSameOwner(a, b) && !(typeof a === "object" && a.uid === undefined);
