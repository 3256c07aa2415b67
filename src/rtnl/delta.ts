/** The difference of two worlds, for when news were lost and everything was read anew. */
import { isSameAddress, isSameAddressObject, isSameButLifetimes, isSameLink, mayBeSameLink } from "./identity.ts";
import { isSameIpv6Link } from "./ipv6-link-messages.ts";
import type { Address, Change } from "./rtnl.ts";
import type { World } from "./snapshot.ts";

/**
 * Pure. Removals are told before additions, and objects on a link between the link's coming and its going, so that a
 * listener never hears of an address on a link that it does not know.
 */
export function differences(before: World, after: World): Change[] {
  const replaced = replacedLinks(before, after);
  const routes = before.routeTable.differences(after.routeTable);
  return [
    ...withReplaced("route-removed", routes.removed, before, replaced),
    ...goneAddresses(before, after, replaced),
    ...goneRules(before, after),
    ...goneLinks(before, after, replaced),
    ...newLinks(before, after, replaced),
    ...newAddresses(before, after, replaced),
    ...withReplaced("route-added", routes.added, after, replaced),
    ...newRules(before, after),
    ...newIpv6Links(before, after),
  ];
}

/** Indexes that the kernel handed out again: the old link is told as gone with all it had, the new one as added. */
function replacedLinks(before: World, after: World): ReadonlySet<number> {
  const replaced = new Set<number>();
  for (const [index, link] of after.links) {
    const old = before.links.get(index);
    if (old && !mayBeSameLink(old, link)) replaced.add(index);
  }
  return replaced;
}

/** Routes of a replaced link are told even where the new link has the very same. */
function withReplaced(
  kind: "route-added" | "route-removed",
  changes: readonly Change[],
  world: World,
  replaced: ReadonlySet<number>,
): readonly Change[] {
  if (replaced.size === 0) return changes;
  const told = new Set(changes.map((change) => ("route" in change ? change.route : undefined)));
  const extra = [...replaced].flatMap((link) => world.routes({ link })).filter((route) => !told.has(route));
  return [...changes, ...extra.map((route) => ({ kind, route }))];
}

const twinIn = (world: World, address: Address): Address | undefined =>
  world.addresses(address.link).find((other) => isSameAddressObject(other, address));

function* goneAddresses(before: World, after: World, replaced: ReadonlySet<number>): Generator<Change> {
  for (const address of before.addresses()) {
    if (replaced.has(address.link) || !twinIn(after, address)) yield { kind: "address-removed", address };
  }
}

function* newAddresses(before: World, after: World, replaced: ReadonlySet<number>): Generator<Change> {
  for (const address of after.addresses()) {
    const old = replaced.has(address.link) ? undefined : twinIn(before, address);
    if (!old) yield { kind: "address-added", address };
    else if (!isSame(before, old, after, address)) yield { kind: "address-changed", address, before: old };
  }
}

/** Seconds that ran on since the lifetimes were set are no news. */
function isSame(before: World, old: Address, after: World, address: Address): boolean {
  const setAt = after.lifetimesSetAt(address);
  const ranOn = setAt !== 0 && setAt === before.lifetimesSetAt(old);
  return ranOn ? isSameButLifetimes(old, address) : isSameAddress(old, address);
}

function* goneLinks(before: World, after: World, replaced: ReadonlySet<number>): Generator<Change> {
  for (const [index, link] of before.links) {
    if (replaced.has(index) || !after.links.has(index)) yield { kind: "link-removed", link };
  }
}

function* newLinks(before: World, after: World, replaced: ReadonlySet<number>): Generator<Change> {
  for (const [index, link] of after.links) {
    const old = replaced.has(index) ? undefined : before.links.get(index);
    if (!old) yield { kind: "link-added", link };
    else if (!isSameLink(old, link)) yield { kind: "link-changed", link, before: old };
  }
}

function* goneRules(before: World, after: World): Generator<Change> {
  for (const [key, rule] of before.keyedRules) if (!after.keyedRules.has(key)) yield { kind: "rule-removed", rule };
}

function* newRules(before: World, after: World): Generator<Change> {
  for (const [key, rule] of after.keyedRules) if (!before.keyedRules.has(key)) yield { kind: "rule-added", rule };
}

function* newIpv6Links(before: World, after: World): Generator<Change> {
  for (const [index, ipv6] of after.ipv6Links) {
    const old = before.ipv6Links.get(index);
    if (!old || !isSameIpv6Link(old, ipv6)) yield { kind: "ipv6-link-changed", ipv6 };
  }
}
