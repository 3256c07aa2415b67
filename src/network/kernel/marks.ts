/**
 * How we know our own addresses, routes, rules and limits from all others, and where they live. Nothing without these
 * marks is ever changed or removed. No known program uses the number: not iproute2's rt_protos, FRRouting (186 to 198),
 * BIRD (12), systemd-networkd or NetworkManager (2, 3, 4, 9, 16).
 */
import { isPermanent } from "../../rtnl/address-flags.ts";
import type { Address, Family, Qdisc, Route, Rule } from "../../rtnl/rtnl.ts";

/** RTPROT_, IFA_PROTO and FRA_PROTOCOL of all that is ours: 0x66, "f". */
export const fairleadProtocol = 0x66;

export const mainTable = 254;

/** Each link's own table: 1000 + its index, as shill's do, so that people find it with `ip route show table`. */
export const linkTable = (link: number): number => linkTableBase + link;
const linkTableBase = 1000;
const linkOfTable = (table: number): number | undefined => (table > linkTableBase ? table - linkTableBase : undefined);

/** In a link's own table nothing competes: the kernel's defaults. */
export const linkTableMetric: Readonly<Record<Family, number>> = { 4: 0, 6: 1024 };

/**
 * Metric of a network's routes in the main table by its rank, 0 the best. Routes that a person adds without a metric
 * (0) win over ours; ours win over those that daemons add without a metric (1024). The step leaves room to step aside
 * where another program has a route with the same metric.
 */
export const mainMetric = (rank: number, isHeld = false): number =>
  firstMainMetric + (isHeld ? heldPenalty : 0) + rank * mainMetricStep;
const firstMainMetric = 200;
/** A network without carrier comes after all routes that other daemons put on other links. */
const heldPenalty = 20_000;
export const mainMetricStep = 10;

/**
 * Our range of rule priorities. Below it stay a person's own rules, above it wg-quick's (32764 and 32765) and the
 * kernel's (32766 `main`). The gaps are for marks and destinations to come.
 */
export const rulePriorities = {
  first: 20_000,
  /** To one of several connected networks: go on at `source`, so that replies leave where they came in. */
  ownDestination: 20_100,
  /** All routes in the main table except default routes: containers, tunnels, routes added by hand. */
  specificRoutes: 20_300,
  /** From an address of ours: that link's table. */
  source: 20_500,
  last: 20_999,
} as const;

/** Of the queueing disciplines that limit a link's traffic: `6661:`, where people see handles like `8001:` and `1:`. */
export const shaperHandle = 0x66610000;
/** The block of filters of a link's ingress; a number that people do not count up to. */
export const ingressBlock = (link: number): number => ingressBlockBase + (link % ingressBlockBase);
const ingressBlockBase = 0x6600_0000;

export const isOwnShaper = ({ isRoot, handle, kind }: Qdisc): boolean =>
  isRoot && handle === shaperHandle && kind === "tbf";
export const isOwnIngress = ({ link, kind, block }: Qdisc): boolean =>
  kind === "ingress" && block === ingressBlock(link);

/** For kernels before 5.18, which keep no protocol with an address; `wasPutByUs`: this run has put it. */
export const isOwnAddress = (address: Address, wasPutByUs: boolean): boolean =>
  address.protocol === fairleadProtocol || (address.protocol === undefined && wasPutByUs);

export const isOwnRoute = (route: Route): boolean => route.protocol === fairleadProtocol;

/** Another program's default route in the main table. */
export const isForeignDefault = (route: Route): boolean =>
  route.table === mainTable && route.type === "unicast" && route.destination.endsWith("/0") && !isOwnRoute(route);

/** RTPROT_ of the kernel's own objects, and of those that it makes for a router (RFC 4861, 6.3.4). */
const kernelProtocol = { own: 2, router: 9 } as const;

/** Of IPv6, made by the kernel of a router's prefix; perhaps still being probed, or found at another host. */
export const isMadeOfPrefix = (address: Address): boolean =>
  address.family === 6 && address.scope === 0 && !isPermanent(address);

/**
 * Of IPv6, in the main table, made by the kernel: a router as a way out, or a prefix on the link, of a router or of an
 * address.
 */
export function isRouterOrPrefix(route: Route): boolean {
  if (route.family !== 6 || route.type !== "unicast" || route.destination.startsWith("fe80:")) return false;
  if (route.protocol === kernelProtocol.router) return true;
  return route.protocol === kernelProtocol.own && route.gateway === undefined && !route.destination.endsWith("/0");
}
/** The same without prefixes of addresses that another program put there. */
export const isOfRouter = (route: Route): boolean =>
  isRouterOrPrefix(route) && (route.protocol === kernelProtocol.router || route.expirySeconds !== undefined);

export const isOwnRule = (rule: Rule): boolean =>
  rule.protocol === fairleadProtocol && rule.priority >= rulePriorities.first && rule.priority <= rulePriorities.last;

/**
 * The link that an own route serves; undefined for those that serve all. The kernel shows refusing ones of IPv6 on
 * `lo`.
 */
export const linkOfRoute = (route: Route): number | undefined =>
  route.type === "unicast" ? route.link : linkOfTable(route.table);

/** The link whose table an own rule leads to; undefined for those that serve all links. */
export const linkOfRule = (rule: Rule): number | undefined =>
  rule.action === "lookup" && rule.table !== mainTable ? linkOfTable(rule.table) : undefined;

/** Identity of an address for the kernel: one IPv4 address may be there with several lengths, an IPv6 address not. */
export const addressKey = (address: Pick<Address, "link" | "family" | "address" | "prefixLength">): string =>
  `address ${address.link} ${address.address}${address.family === 4 ? `/${address.prefixLength}` : ""}`;

/** Identity of a route for the kernel: a replace hits the route with the same key. */
export const routeKey = (route: Pick<Route, "family" | "table" | "destination" | "metric">): string =>
  `route${route.family} ${route.table} ${route.destination} ${route.metric}`;

/** Identity of a rule: all of its parts. */
export const ruleKey = (rule: Rule): string =>
  [
    `rule${rule.family} ${rule.priority} ${rule.action}`,
    rule.action === "goto" ? (rule.gotoPriority ?? 0) : rule.table,
    rule.source ?? "",
    rule.destination ?? "",
    rule.suppressPrefixLength ?? "",
  ].join(" ");
