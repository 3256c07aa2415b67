/** The wished state of the kernel for the networks that are connected. Pure; apply.ts computes the way there. */
import { addressBits, cidrContains, parseCidr } from "../../base/ip-address.ts";
import type { Family, Route, Rule } from "../../rtnl/rtnl.ts";
import { addressesOf } from "../ip-settings.ts";
import type { EffectiveSettings } from "../merge.ts";
import { fairleadProtocol, linkTable, linkTableMetric, mainMetric, mainTable, rulePriorities } from "./marks.ts";
import { inTable, plansOf, type RoutePlan, refusal } from "./routes.ts";

/** Wish of one connected network. Immutable; compared by identity. */
export interface NetworkWish {
  readonly settings: EffectiveSettings;
  /** By address, when it ends, in milliseconds of the boot clock; absent: never. */
  readonly lifetimes?: { readonly [address: string]: AddressLifetime };
  /** A server that may name an MTU has not answered yet: until then that of the link stays. */
  readonly isMtuPending?: boolean;
}

export interface AddressLifetime {
  readonly validUntilMs: number;
  /** Absent: the same. */
  readonly preferredUntilMs?: number;
}

export interface WishedNetwork extends NetworkWish {
  readonly link: number;
  /** 0 the best; no two alike. */
  readonly rank: number;
  /** Without carrier, perhaps for a moment: its routes are there, behind all others. */
  readonly isHeld?: boolean;
}

export interface WishedAddress {
  readonly link: number;
  readonly family: Family;
  readonly address: string;
  readonly prefixLength: number;
  readonly broadcast?: string;
  readonly validUntilMs?: number;
  readonly preferredUntilMs?: number;
}

export interface WishedMtu {
  readonly link: number;
  /** Bytes, not yet bounded by the link's limit; undefined: as it is. */
  readonly mtu: number | undefined;
  /** IPv6 is to work on this link. */
  readonly hasIpv6: boolean;
}

export interface KernelWish {
  readonly addresses: readonly WishedAddress[];
  readonly routes: readonly Route[];
  readonly rules: readonly Rule[];
  readonly mtus: readonly WishedMtu[];
}

/**
 * `networks` in order of rank, the best first. Addresses, routes and MTU are made for `links` only (a lease on one of
 * many links costs no look at the others); rules always for all.
 */
export function kernelWish(networks: readonly WishedNetwork[], links: ReadonlySet<number>): KernelWish {
  const planned = networks.map((network) => ({ ...network, plans: plansOf(network.settings) }));
  const inScope = planned.filter((network) => links.has(network.link));
  return {
    addresses: inScope.flatMap(wishedAddresses),
    routes: [...inScope.flatMap(networkRoutes), ...divertedRoutes(planned)],
    rules: families.flatMap((family) => wishedRules(planned, family)),
    mtus: inScope.flatMap(wishedMtu),
  };
}

interface PlannedNetwork extends WishedNetwork {
  readonly plans: readonly RoutePlan[];
}

const families = [4, 6] as const;

function wishedAddresses({ link, settings, lifetimes }: WishedNetwork): readonly WishedAddress[] {
  return [settings.ipv4, settings.ipv6].flatMap((own) =>
    addressesOf(own).flatMap(({ address, prefixLength, broadcast, isKernels }) => {
      if (!own || isKernels) return [];
      const wished = { link, family: own.family, address, prefixLength, ...lifetimes?.[address] };
      return broadcast === undefined ? wished : { ...wished, broadcast };
    }),
  );
}

/**
 * RFC 791 asks every host to take 576; an MTU up to it is the server's mistake (docs/contract/shill.md, Addressing).
 */
const highestUselessMtu = 576;

function wishedMtu({ link, settings, isMtuPending }: WishedNetwork): readonly WishedMtu[] {
  const mtu = settings.mtu !== undefined && settings.mtu > highestUselessMtu ? settings.mtu : undefined;
  return mtu === undefined && !isMtuPending ? [] : [{ link, mtu, hasIpv6: settings.ipv6 !== undefined }];
}

/** In the link's own table at any rank; in the main table by rank. */
function networkRoutes({ link, rank, isHeld, plans }: PlannedNetwork): readonly Route[] {
  return plans.flatMap((plan) => [
    ...plan.routes.map((route) => inTable(plan, route, link, linkTable(link), linkTableMetric[plan.family])),
    ...plan.excluded.map((excluded) =>
      refusal(plan.family, excluded, "throw", linkTable(link), linkTableMetric[plan.family]),
    ),
    ...plan.routes.map((route) => inTable(plan, route, link, mainTable, mainMetric(rank, isHeld))),
  ]);
}

/**
 * The main table knows nothing of "not through this network": an excluded destination that would go there is led
 * through the network that comes next for it, and where there is none it is unreachable. So is the server of a tunnel
 * kept outside of it.
 */
function divertedRoutes(networks: readonly PlannedNetwork[]): readonly Route[] {
  return families.flatMap((family) => {
    const candidates = networks.flatMap((network) => {
      const plan = network.plans.find((candidate) => candidate.family === family);
      return plan ? [{ ...network, plan }] : [];
    });
    const excluded = new Set(candidates.flatMap(({ plan }) => plan.excluded));
    return [...excluded].flatMap((destination) => detour(family, candidates, destination));
  });
}

function detour(family: Family, candidates: readonly Candidate[], destination: string): readonly Route[] {
  const isExcluded = ({ plan }: Candidate) => isExcludedBy(plan, destination);
  const chosen = wayTo(destination, candidates);
  if (!chosen || !isExcluded(chosen.network)) return [];
  const other = wayTo(
    destination,
    candidates.filter((candidate) => !isExcluded(candidate)),
  );
  if (!other) return [refusal(family, destination, "unreachable", mainTable, mainMetric(0))];
  const { link, rank, isHeld, plan } = other.network;
  return [inTable(plan, { ...other.route, destination }, link, mainTable, mainMetric(rank, isHeld))];
}

interface Candidate extends PlannedNetwork {
  readonly plan: RoutePlan;
}

/** As the main table would choose: the longest prefix, then the better network. */
function wayTo(destination: string, candidates: readonly Candidate[]) {
  const { bytes, prefixLength } = parseCidr(destination);
  const ways = candidates.flatMap((network) =>
    network.plan.routes.flatMap((route) => {
      const block = parseCidr(route.destination);
      const isOnTheWay = block.prefixLength <= prefixLength && cidrContains(block, bytes);
      return isOnTheWay ? [{ network, route, length: block.prefixLength }] : [];
    }),
  );
  // The sort is stable: of two alike the first is that of the better network.
  return ways.sort((a, b) => b.length - a.length)[0];
}

const isExcludedBy = (plan: RoutePlan, destination: string): boolean => {
  const { bytes, prefixLength } = parseCidr(destination);
  return plan.excluded.map(parseCidr).some((block) => block.prefixLength <= prefixLength && cidrContains(block, bytes));
};

/**
 * Replies leave where they came in: from each address its link's table. Before that the specific routes of the main
 * table are asked, or traffic between an address of ours and a container or tunnel of this host would be sent to the
 * gateway. With several networks that would lead from one of them straight into the other; so destinations in ours
 * jump over it.
 */
function wishedRules(networks: readonly PlannedNetwork[], family: Family): readonly Rule[] {
  const connected = networks.flatMap(({ link, plans }) =>
    plans.filter((plan) => plan.family === family).map((plan) => ({ link, plan })),
  );
  if (connected.length === 0) return [];
  const destinations = connected.length > 1 ? ownDestinations(connected.map(({ plan }) => plan)) : [];
  return [
    ...sourceRules(connected, family),
    ...destinations.map((destination) => destinationRule(family, destination)),
    specificRoutesRule(family),
  ];
}

const ownDestinations = (plans: readonly RoutePlan[]): readonly string[] => {
  const all = plans.flatMap((plan) => plan.routes.map((route) => route.destination));
  return [...new Set(all)].filter((destination) => !destination.endsWith("/0"));
};

/** Two networks that gave us one and the same address: the better one's rule comes first. */
function sourceRules(
  connected: readonly { readonly link: number; readonly plan: RoutePlan }[],
  family: Family,
): Rule[] {
  const uses = new Map<string, number>();
  const sources = connected.flatMap(({ link, plan }) => plan.addresses.map((address) => ({ link, address })));
  return sources.map(({ link, address }) => {
    const earlier = uses.get(address) ?? 0;
    uses.set(address, earlier + 1);
    return {
      ...{ family, action: "lookup", table: linkTable(link), source: `${address}/${addressBits(family)}` },
      priority: Math.min(rulePriorities.source + earlier, rulePriorities.last),
      protocol: fairleadProtocol,
    };
  });
}

const destinationRule = (family: Family, destination: string): Rule => ({
  ...{ family, action: "goto", table: 0, destination, gotoPriority: rulePriorities.source },
  priority: rulePriorities.ownDestination,
  protocol: fairleadProtocol,
});

const specificRoutesRule = (family: Family): Rule => ({
  ...{ family, action: "lookup", table: mainTable, suppressPrefixLength: 0 },
  priority: rulePriorities.specificRoutes,
  protocol: fairleadProtocol,
});
