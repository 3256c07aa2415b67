/** Which routes a network's settings mean, before tables and metrics. Pure. */
import {
  addressBits,
  type Cidr,
  cidrContains,
  familyOf,
  networkOf,
  parseCidr,
  parseIpAddress,
} from "../../base/ip-address.ts";
import type { Family, Route } from "../../rtnl/rtnl.ts";
import { addressesOf, type IpAddress, type IpFamilySettings, type IpRoute, leadsEverywhere } from "../ip-settings.ts";
import type { EffectiveSettings } from "../merge.ts";
import { fairleadProtocol } from "./marks.ts";

export const defaultDestination: Readonly<Record<Family, string>> = { 4: "0.0.0.0/0", 6: "::/0" };

export interface PlannedRoute extends IpRoute {
  /** The address of ours that is in the destination; absent: the first one. */
  readonly source?: string;
}

/** Routes that one family of one network asks for. */
export interface RoutePlan {
  readonly family: Family;
  /** The better first. */
  readonly addresses: readonly string[];
  /** Routes without gateway first: the others need them to be accepted. Each destination once. */
  readonly routes: readonly PlannedRoute[];
  /** CIDR text of destinations that must go elsewhere. */
  readonly excluded: readonly string[];
}

/** Settings are immutable, and a plan depends on nothing else; the order of Services asks often. */
const knownPlans = new WeakMap<EffectiveSettings, readonly RoutePlan[]>();

export function plansOf(settings: EffectiveSettings): readonly RoutePlan[] {
  const known = knownPlans.get(settings) ?? planRoutes(settings);
  knownPlans.set(settings, known);
  return known;
}

export const hasDefaultRoute = (settings: EffectiveSettings): boolean =>
  plansOf(settings).some(({ family, routes }) =>
    routes.some(({ destination }) => destination === defaultDestination[family]),
  );

const planRoutes = (settings: EffectiveSettings): readonly RoutePlan[] =>
  [settings.ipv4, settings.ipv6].flatMap((family) => (family ? [planFamily(family, settings)] : []));

function planFamily(own: IpFamilySettings, settings: EffectiveSettings): RoutePlan {
  const isOurs = (destination: string) => familyOfCidr(destination) === own.family;
  const classless = settings.routes.filter((route) => isOurs(route.destination));
  const onLink = [
    ...addressesOf(own).flatMap((address) => prefixRoute(own.family, address)),
    ...classless.filter((route) => route.gateway === undefined),
  ];
  const viaGateway = [
    ...classless.filter((route) => route.gateway !== undefined),
    ...gatewayRoutes(own, settings, isOurs),
  ];
  const routes = [...onLink, ...hostRoutes(own.family, onLink, viaGateway), ...viaGateway];
  return {
    family: own.family,
    addresses: addressesOf(own).map(({ address }) => address),
    routes: firstOfEachDestination(routes),
    excluded: settings.excludedRoutes.filter(isOurs),
  };
}

/**
 * A host of its own (/32, /128) has no neighbours. Whether the prefix of an address that the kernel made is on the link
 * is the router's to say (RFC 4861, 6.3.4).
 */
function prefixRoute(family: Family, { address, prefixLength, isKernels }: IpAddress): readonly PlannedRoute[] {
  if (prefixLength >= addressBits(family) || isKernels) return [];
  return [{ destination: networkOf(parseCidr(`${address}/${prefixLength}`)), source: address }];
}

/** The default route, or in its place the only destinations that are to go through this network. */
function gatewayRoutes(
  own: IpFamilySettings,
  settings: EffectiveSettings,
  isOurs: (cidr: string) => boolean,
): IpRoute[] {
  const gateway = own.gateway === undefined ? {} : { gateway: own.gateway };
  if (settings.includedRoutes.length > 0) {
    return settings.includedRoutes.filter(isOurs).map((destination) => ({ destination, ...gateway }));
  }
  return !leadsEverywhere(own) ? [] : [{ destination: defaultDestination[own.family], ...gateway }];
}

/** A gateway outside every on-link destination is a neighbour all the same: the kernel must be told so. */
function hostRoutes(family: Family, onLink: readonly IpRoute[], viaGateway: readonly IpRoute[]): IpRoute[] {
  const blocks = onLink.map((route) => parseCidr(route.destination));
  const gateways = new Set(viaGateway.map((route) => route.gateway).filter((gateway) => gateway !== undefined));
  return [...gateways]
    .filter((gateway) => !isReachable(gateway, blocks))
    .map((gateway) => ({ destination: `${gateway}/${addressBits(family)}` }));
}

const linkLocalBlock = parseCidr("fe80::/10");

function isReachable(gateway: string, blocks: readonly Cidr[]): boolean {
  const bytes = parseIpAddress(gateway);
  return cidrContains(linkLocalBlock, bytes) || blocks.some((block) => cidrContains(block, bytes));
}

function firstOfEachDestination(routes: readonly PlannedRoute[]): readonly PlannedRoute[] {
  const seen = new Map<string, PlannedRoute>();
  for (const route of routes) if (!seen.has(route.destination)) seen.set(route.destination, route);
  return [...seen.values()];
}

const familyOfCidr = (cidr: string): Family | undefined => familyOf(cidr.slice(0, cidr.indexOf("/")));

const linkScope = 253;
const universeScope = 0;

/**
 * A planned route in a table. The source is not said for IPv6: the kernel refuses it as long as it probes the address.
 */
export function inTable(plan: RoutePlan, route: PlannedRoute, link: number, table: number, metric: number): Route {
  const source = route.source ?? plan.addresses[0];
  return {
    family: plan.family,
    table,
    destination: route.destination,
    ...(route.gateway === undefined ? {} : { gateway: route.gateway }),
    link,
    metric,
    ...(source !== undefined && plan.family === 4 ? { preferredSource: source } : {}),
    protocol: fairleadProtocol,
    scope: plan.family === 4 && route.gateway === undefined ? linkScope : universeScope,
    type: "unicast",
  };
}

/** A destination that a table must not answer for. `throw`: ask the next rule; `unreachable`: there is no way. */
export function refusal(
  family: Family,
  destination: string,
  type: "throw" | "unreachable",
  table: number,
  metric: number,
): Route {
  return { family, table, destination, metric, protocol: fairleadProtocol, scope: universeScope, type };
}
