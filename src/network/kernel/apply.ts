/**
 * The difference between the wish and the world, as ordered requests to the kernel. Pure; applying twice gives nothing
 * the second time. Objects without our marks are neither changed nor removed.
 */
import type { Address, KernelRequest, Link, Route, Rule, Snapshot } from "../../rtnl/rtnl.ts";
import {
  addressKey,
  fairleadProtocol,
  isMadeOfPrefix,
  isOfRouter,
  isOwnAddress,
  isOwnRoute,
  isOwnRule,
  linkOfRule,
  linkTable,
  mainMetricStep,
  mainTable,
  routeKey,
  ruleKey,
} from "./marks.ts";
import type { AddressLifetime, KernelWish, WishedAddress, WishedMtu } from "./wish.ts";

/** Links that are compared; everything else stays as it is. */
export interface Scope {
  readonly links: ReadonlySet<number>;
  /** Other links with a wish: their routes are known to be ours and in their place. */
  readonly wishedLinks: ReadonlySet<number>;
  /** Remove unwished objects that serve no single link. Not while leftovers of an earlier run may still need them. */
  readonly isSharedIncluded: boolean;
}

/** Facts that the snapshot does not hold. */
export interface KernelMemory {
  /** Boot clock, milliseconds. */
  readonly nowMs: number;
  /** By {@link addressKey}: addresses that this run has put, with the end of validity that it told the kernel. */
  readonly putAddresses: ReadonlyMap<string, Partial<AddressLifetime>>;
  /** The MTU that a link had before we set one. */
  readonly originalMtus: ReadonlyMap<number, number>;
  /** Links whose MTU stays for now although no wish names it: to give it back would cost the carrier again. */
  readonly keptMtus: ReadonlySet<number>;
  /** Links without a network now, whose last network used the kernel's addresses of router advertisements. */
  readonly abandonedLinks: ReadonlySet<number>;
  /** Links whose routes the kernel may have dropped without notice; they are put again. */
  readonly distrustedLinks: ReadonlySet<number>;
}

/**
 * Order: MTU, addresses, routes on the link, routes through gateways, rules; then the removals, the other way round. So
 * a default route that moves is replaced in one step or is there twice, never missing.
 */
export function difference(wish: KernelWish, snapshot: Snapshot, memory: KernelMemory, scope: Scope): KernelRequest[] {
  const routes = settleMetrics(wish.routes, snapshot, scope);
  const addresses = addressChanges(wish.addresses, snapshot, memory, scope);
  const routeList = routeChanges(routes, snapshot, memory, scope);
  const rules = ruleChanges(wish.rules, snapshot, scope);
  return [
    ...mtuChanges(wish.mtus, snapshot, memory, scope),
    ...addresses.puts,
    ...routeList.puts,
    ...rules.puts,
    ...rules.deletes,
    ...routeList.deletes,
    ...addresses.deletes,
    ...abandoned(snapshot, memory, scope),
  ];
}

/** The kernel would go on with another network's prefix, and with its router, until their time is over. */
function abandoned(
  snapshot: Snapshot,
  { abandonedLinks }: KernelMemory,
  { links, wishedLinks }: Scope,
): KernelRequest[] {
  return [...abandonedLinks].flatMap((link): KernelRequest[] => {
    if (!links.has(link) || wishedLinks.has(link)) return [];
    const routes = snapshot.routes({ link, table: mainTable }).filter(isOfRouter);
    const addresses = snapshot.addresses(link).filter(isMadeOfPrefix);
    return [
      ...routes.map((route) => ({ op: "delete-route" as const, route })),
      ...addresses.map((address) => ({ op: "delete-address" as const, address })),
    ];
  });
}

interface Changes {
  readonly puts: readonly KernelRequest[];
  readonly deletes: readonly KernelRequest[];
}

function mtuChanges(
  wished: readonly WishedMtu[],
  snapshot: Snapshot,
  memory: KernelMemory,
  scope: Scope,
): KernelRequest[] {
  const byLink = new Map(wished.map((each) => [each.link, each]));
  return [...scope.links].flatMap((index) => {
    const link = snapshot.links.get(index);
    const wish = byLink.get(index);
    const original = memory.keptMtus.has(index) ? undefined : memory.originalMtus.get(index);
    const mtu = link && wish ? boundedMtu(wish, link) : original;
    if (!link || mtu === undefined || mtu === link.mtu) return [];
    return { op: "set-link", link: index, change: { mtu } };
  });
}

/** Below this the kernel switches IPv6 off on the link (RFC 8200, 5). */
const lowestIpv6Mtu = 1280;

function boundedMtu({ mtu, hasIpv6 }: WishedMtu, { minMtu = 0, maxMtu }: Link): number | undefined {
  if (mtu === undefined) return undefined;
  const lowest = Math.max(minMtu, hasIpv6 ? lowestIpv6Mtu : 0);
  // 0: the driver names no limit.
  return Math.min(Math.max(mtu, lowest), maxMtu || Number.POSITIVE_INFINITY);
}

function addressChanges(
  wished: readonly WishedAddress[],
  snapshot: Snapshot,
  memory: KernelMemory,
  scope: Scope,
): Changes {
  const valid = wished.filter(({ validUntilMs = Number.POSITIVE_INFINITY }) => validUntilMs > memory.nowMs);
  const keys = new Set(valid.map(addressKey));
  const isOwn = (address: Address) => isOwnAddress(address, memory.putAddresses.has(addressKey(address)));
  const stale = [...scope.links].flatMap((link) =>
    snapshot.addresses(link).filter((address) => isOwn(address) && !keys.has(addressKey(address))),
  );
  return {
    puts: valid.filter((wish) => isPutNeeded(wish, snapshot, memory)).map((wish) => putAddress(wish, memory.nowMs)),
    deletes: stale.map((address) => ({ op: "delete-address", address })),
  };
}

/** The request for one address alone; undefined: the kernel has it as wished, or it is not ours to change. */
export const addressPut = (wish: WishedAddress, snapshot: Snapshot, memory: KernelMemory): KernelRequest | undefined =>
  isPutNeeded(wish, snapshot, memory) ? putAddress(wish, memory.nowMs) : undefined;

/** An address without our mark was put by another program: it is used as it is. */
function isPutNeeded(wish: WishedAddress, snapshot: Snapshot, memory: KernelMemory): boolean {
  if (!snapshot.links.has(wish.link)) return false;
  const key = addressKey(wish);
  const present = snapshot.addresses(wish.link).find((address) => addressKey(address) === key);
  if (!present) return true;
  const told = memory.putAddresses.get(key);
  if (!isOwnAddress(present, told !== undefined)) return false;
  if (wish.validUntilMs === undefined) return present.validSeconds !== undefined;
  return told?.validUntilMs !== wish.validUntilMs || told.preferredUntilMs !== wish.preferredUntilMs;
}

/** IFA_CACHEINFO counts in 32 bits, and all ones mean "for ever". */
const longestSeconds = 0xffff_fffe;

function putAddress({ validUntilMs, preferredUntilMs, ...address }: WishedAddress, nowMs: number): KernelRequest {
  const marked = { ...address, protocol: fairleadProtocol, noPrefixRoute: true };
  if (validUntilMs === undefined) return { op: "put-address", address: marked };
  const secondsUntil = (untilMs: number) => Math.min(longestSeconds, Math.max(0, Math.ceil((untilMs - nowMs) / 1000)));
  const validSeconds = secondsUntil(validUntilMs);
  const preferredSeconds = Math.min(validSeconds, secondsUntil(preferredUntilMs ?? validUntilMs));
  return { op: "put-address", address: { ...marked, validSeconds, preferredSeconds } };
}

/**
 * Replacing a route hits any route with the same table, destination and metric. Where that is not ours to replace, ours
 * goes to the next metric; a route that is the same in all but its mark serves us as it is.
 */
function settleMetrics(wished: readonly Route[], snapshot: Snapshot, scope: Scope): readonly Route[] {
  const tables = new Set(wished.map((route) => route.table));
  const occupied = new Map<string, Route[]>();
  for (const table of tables) {
    for (const route of snapshot.routes({ table })) {
      if (isOwnRoute(route) && isInHand(route, scope)) continue;
      const key = routeKey(route);
      occupied.set(key, [...(occupied.get(key) ?? []), route]);
    }
  }
  return wished.flatMap((route) => settleMetric(route, occupied));
}

/** Of this run: a leftover of an earlier one keeps its place until the fate of its link is decided. */
const isInHand = (route: Route, { links, wishedLinks }: Scope): boolean =>
  route.link === undefined || route.type !== "unicast" || links.has(route.link) || wishedLinks.has(route.link);

function settleMetric(route: Route, occupied: ReadonlyMap<string, readonly Route[]>): readonly Route[] {
  for (let step = 0; step < mainMetricStep; step++) {
    const candidate = step === 0 ? route : { ...route, metric: route.metric + step };
    const there = occupied.get(routeKey(candidate));
    if (!there) return [candidate];
    if (there.some((other) => isSameWay(other, candidate))) return [];
  }
  return [];
}

function routeChanges(wished: readonly Route[], snapshot: Snapshot, memory: KernelMemory, scope: Scope): Changes {
  const byKey = new Map<string, Route>();
  for (const route of wished) if (!byKey.has(routeKey(route))) byKey.set(routeKey(route), route);
  const present = new Set<string>();
  const stale: Route[] = [];
  for (const route of ownRoutesIn(snapshot, scope, wished)) {
    const key = routeKey(route);
    const wish = byKey.get(key);
    if (wish && isSameRoute(route, wish) && !isDistrusted(route, memory)) present.add(key);
    // A route that a put replaces needs no removal; removing it afterwards would hit the new one.
    else if (!wish && isRemovable(route, scope)) stale.push(route);
  }
  const puts = [...byKey].filter(([key, route]) => !present.has(key) && isPossible(route, snapshot));
  return {
    puts: puts
      .map(([, route]) => route)
      .sort(onLinkFirst)
      .map((route) => ({ op: "put-route", route })),
    deletes: stale.sort((a, b) => onLinkFirst(b, a)).map((route) => ({ op: "delete-route", route })),
  };
}

/** Own routes on the links and in the tables that are looked at; in the main table also those of no link. */
function ownRoutesIn(snapshot: Snapshot, scope: Scope, wished: readonly Route[]): readonly Route[] {
  const links = new Set([...scope.links, ...wished.flatMap((route) => route.link ?? [])]);
  const found = new Set<Route>();
  for (const link of links) {
    for (const route of snapshot.routes({ link })) found.add(route);
    for (const route of snapshot.routes({ table: linkTable(link) })) found.add(route);
  }
  for (const route of snapshot.routes({ table: mainTable })) if (route.type !== "unicast") found.add(route);
  return [...found].filter(isOwnRoute);
}

function isRemovable(route: Route, scope: Scope): boolean {
  if (route.table === mainTable && route.type !== "unicast") return scope.isSharedIncluded;
  if (route.link !== undefined && route.type === "unicast") return scope.links.has(route.link);
  return [...scope.links].some((link) => linkTable(link) === route.table);
}

const isDistrusted = (route: Route, memory: KernelMemory): boolean =>
  route.link !== undefined && memory.distrustedLinks.has(route.link);

/** A link that is down takes no routes. */
const isPossible = (route: Route, snapshot: Snapshot): boolean =>
  route.link === undefined || snapshot.links.get(route.link)?.isUp === true;

/** The kernel accepts a gateway only when it knows the way to it. */
const onLinkFirst = (a: Route, b: Route): number => Number(a.gateway !== undefined) - Number(b.gateway !== undefined);

/** Whether packets take the same way. The kernel shows refusing IPv6 routes on the loopback link. */
const isSameWay = (a: Route, b: Route): boolean =>
  a.type === b.type &&
  a.gateway === b.gateway &&
  (a.type !== "unicast" || a.link === b.link) &&
  a.hasSeveralNextHops === b.hasSeveralNextHops;

/** Routes of one key. */
export const isSameRoute = (a: Route, b: Route): boolean => isSameWay(a, b) && a.preferredSource === b.preferredSource;

function ruleChanges(wished: readonly Rule[], snapshot: Snapshot, scope: Scope): Changes {
  const own = new Map(
    snapshot
      .rules()
      .filter(isOwnRule)
      .map((rule) => [ruleKey(rule), rule]),
  );
  const keys = new Set(wished.map(ruleKey));
  const stale = [...own].filter(([key, rule]) => !keys.has(key) && isRuleInScope(rule, scope));
  return {
    puts: wished.filter((rule) => !own.has(ruleKey(rule))).map((rule) => ({ op: "add-rule", rule })),
    deletes: stale.map(([, rule]) => ({ op: "delete-rule", rule })),
  };
}

function isRuleInScope(rule: Rule, { links, wishedLinks, isSharedIncluded }: Scope): boolean {
  const link = linkOfRule(rule);
  return link === undefined ? isSharedIncluded : links.has(link) || wishedLinks.has(link);
}
