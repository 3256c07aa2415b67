/**
 * Whose settings come into force for a Service, and who has to agree that it changes hands: the one place, asked on every
 * way that leads there. docs/decisions/who-may-do-what.md says why. Pure: what Profiles hold is given, nothing is read.
 */
import { isSameOwner, type Owner } from "../profiles/profile.ts";

/** What one Profile of the stack says about a Service. */
export interface Claim {
  readonly isMachine: boolean;
  /** The settings that act beyond their user, name to JSON: addresses, order, credentials, and all that is not known. */
  readonly acting: ReadonlyMap<string, string>;
  /** There is more among them than was noted by itself: a Profile of the machine that has such settings keeps the Service. */
  readonly isConfigured: boolean;
  /** An administrator agreed that this user has an own say about it. */
  readonly isConsented: boolean;
}

export interface Decision {
  /** Whose entry is in force: a place in the list of claims; undefined: nobody's. */
  readonly holder: number | undefined;
  /** The holder is a user's and has no say about what acts: that is the machine's. */
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
  /** Who keeps it now, and who keeps its secrets. */
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
 * Who has to agree that a Service comes into a Profile of `to`, be it as a copy: both sides, and, as its new keeper can read
 * its secrets, whoever may read them now. What nobody keeps is free for all while nothing secret was typed into it.
 */
export function needsOfMove({ from, to, secretsOf, holdsSecret, isKept, isKeptBack }: Move): readonly Need[] {
  const isOther = !isSurelySame(from, to);
  const needs: Need[] = [];
  // First, as nobody is asked for a password for it.
  if (holdsSecret && !isSurelySame(secretsOf, to)) needs.push({ right: "secrets", owner: secretsOf });
  needs.push({ right: "settings", owner: to });
  if (isOther && from !== "nobody") needs.push({ right: "settings", owner: from });
  if (isKept && (isOther || isKeptBack) && from !== "machine") needs.push({ right: "settings", owner: "machine" });
  return needs;
}

/** Two users of whom neither is known (yet) are not taken for one. */
const isSurelySame = (a: Owner, b: Owner): boolean =>
  isSameOwner(a, b) && !(typeof a === "object" && a.uid === undefined);
