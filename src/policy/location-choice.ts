/** Which Location is to be active, and why. Pure. */
import { type ConditionList, evaluateList, type PlaceFacts } from "./conditions.ts";

export const noNet = "NoNet";
export const automatic = "Automatic";

/** A Location as far as the choice needs it. */
export interface LocationCandidate {
  readonly name: string;
  /** By hand. */
  readonly isEnabled: boolean;
  /** Absent: it is chosen by hand alone. */
  readonly conditions?: ConditionList | undefined;
  /** Why it takes no part: stored without an administrator's consent, or damaged. */
  readonly heldBackBecause?: string | undefined;
  /** The Location could not be applied just now: while it would be chosen, NoNet is active. */
  readonly failedBecause?: string | undefined;
}

export interface Reasoned {
  readonly name: string;
  readonly because: string;
}
export interface LocationChoice extends Reasoned {
  /** The one that would have been chosen in its place; undefined: there is no other. */
  readonly runnerUp: Reasoned | undefined;
  /** Conditional ones that were not chosen, with the reason. */
  readonly others: readonly Reasoned[];
}

/**
 * The rule of nwamd: without an address NoNet; else the one that a person enabled; else the one with the best rating of
 * those with true conditions, the first in the list of equals; else Automatic. `candidates` in the order of the list.
 */
export function chooseLocation(candidates: readonly LocationCandidate[], facts: PlaceFacts): LocationChoice {
  const judged = judge(candidates, facts);
  const eligible = [
    ...judged.byHand,
    ...judged.met,
    { name: automatic, because: "no other Location is enabled, and no conditions hold" },
  ];
  const ranking = [...withoutNet(candidates, eligible[0]?.name, facts), ...eligible];
  const chosen = ranking[0] as Reasoned;
  const runnerUp = ranking.find(({ name }) => name !== chosen.name);
  const others = judged.others.filter(({ name }) => name !== chosen.name && name !== runnerUp?.name);
  const reasoned = ({ name, because }: Reasoned): Reasoned => ({ name, because });
  return {
    ...reasoned(chosen),
    runnerUp: runnerUp && reasoned(runnerUp),
    others,
  };
}

function withoutNet(
  candidates: readonly LocationCandidate[],
  first: string | undefined,
  facts: PlaceFacts,
): readonly Reasoned[] {
  if (facts.addresses.length === 0) return [{ name: noNet, because: "no Service is connected" }];
  const failed = candidates.find(({ name }) => name === first)?.failedBecause;
  return failed === undefined ? [] : [{ name: noNet, because: `${first} failed: ${failed}` }];
}

function judge(candidates: readonly LocationCandidate[], facts: PlaceFacts) {
  const free = candidates.filter(({ heldBackBecause }) => heldBackBecause === undefined);
  const heldBack = candidates.flatMap(({ name, heldBackBecause }) =>
    heldBackBecause === undefined ? [] : [{ name, because: heldBackBecause }],
  );
  const byHand = free
    .filter(({ isEnabled }) => isEnabled)
    .map(({ name }) => ({ name, because: "it is enabled by hand" }));
  const verdicts = free.flatMap(({ name, conditions }) =>
    conditions ? [{ name, ...evaluateList(conditions, facts) }] : [],
  );
  const met = verdicts.filter(({ isTrue }) => isTrue).toSorted((a, b) => b.rating - a.rating);
  const rated = met.map(({ name, because, rating }) => ({ name, because: `${because}, rating ${rating}`, rating }));
  const unmet = verdicts.filter(({ isTrue }) => !isTrue).map(({ name, because }) => ({ name, because }));
  return {
    byHand,
    met: rated,
    others: [...rated.map(({ name, because }) => ({ name, because })), ...unmet, ...heldBack],
  };
}
