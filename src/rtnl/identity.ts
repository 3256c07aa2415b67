/** Tells whether two records are the same object of the kernel, and two reports of one object the same state. */
import type { Address, Link, Route, Rule } from "./rtnl.ts";

/**
 * IPv4: address, prefix length and peer together (one address may be there with several lengths); IPv6: the address
 * alone. As inet_rtm_newaddr and ipv6_get_ifaddr compare.
 */
export const isSameAddressObject = (a: Address, b: Address): boolean =>
  a.address === b.address &&
  a.family === b.family &&
  (a.family === 6 || (a.prefixLength === b.prefixLength && a.peer === b.peer));

/**
 * The place a route takes. An IPv4 place holds one route unless another was appended; an IPv6 place one for each link.
 * `extra` tells apart parts that {@link Route} does not show (TOS, IPv6 source prefix).
 */
export const routePlace = (route: Route, extra: string): string =>
  extra === ""
    ? `${route.table} ${route.destination} ${route.metric}${linkOfPlace(route)}`
    : `${route.table} ${route.destination} ${route.metric}${linkOfPlace(route)} ${extra}`;

const linkOfPlace = ({ family, link }: Route): string => (family === 6 && link !== undefined ? `%${link}` : "");

/** Among the routes of one place. */
export const isSameRouteObject = (a: Route, b: Route): boolean =>
  a.gateway === b.gateway && a.link === b.link && a.type === b.type && a.scope === b.scope;

export const ruleKey = (rule: Rule): string => JSON.stringify(Object.entries(rule).sort());

export const isSameLink = (a: Link, b: Link): boolean =>
  a.flags === b.flags &&
  a.operState === b.operState &&
  a.name === b.name &&
  a.mac === b.mac &&
  a.mtu === b.mtu &&
  a.master === b.master &&
  a.lowerLink === b.lowerLink &&
  a.isLowerLinkForeign === b.isLowerLinkForeign &&
  a.txQueueLength === b.txQueueLength &&
  a.kind === b.kind &&
  a.hardwareType === b.hardwareType &&
  a.permanentMac === b.permanentMac &&
  a.minMtu === b.minMtu &&
  a.maxMtu === b.maxMtu &&
  a.alias === b.alias &&
  a.alternativeNames.length === b.alternativeNames.length &&
  a.alternativeNames.every((name, at) => name === b.alternativeNames[at]);

/**
 * Whether an index that was seen with `before` and is seen again, with news lost in between, may still be the same
 * link. The kernel gives no identity besides the index, which it may hand out again: kind and hardware never change on
 * a living link; a new name together with a new MAC is taken for a new link.
 */
export const mayBeSameLink = (before: Link, after: Link): boolean =>
  before.kind === after.kind &&
  before.hardwareType === after.hardwareType &&
  before.permanentMac === after.permanentMac &&
  (before.name === after.name || before.mac === after.mac);

export const isSameAddress = (a: Address, b: Address): boolean =>
  isSameButLifetimes(a, b) && a.validSeconds === b.validSeconds && a.preferredSeconds === b.preferredSeconds;

/** The same, however many seconds are left; an address with an end is not the same as one without. */
export const isSameButLifetimes = (a: Address, b: Address): boolean =>
  isSameAddressObject(a, b) &&
  a.prefixLength === b.prefixLength &&
  a.peer === b.peer &&
  a.flags === b.flags &&
  a.scope === b.scope &&
  a.broadcast === b.broadcast &&
  a.protocol === b.protocol &&
  (a.validSeconds === undefined) === (b.validSeconds === undefined) &&
  (a.preferredSeconds === undefined) === (b.preferredSeconds === undefined);

export const isSameRoute = (a: Route, b: Route): boolean =>
  isSameRouteObject(a, b) &&
  a.protocol === b.protocol &&
  a.preferredSource === b.preferredSource &&
  a.isOnLink === b.isOnLink &&
  a.mtu === b.mtu &&
  a.preference === b.preference &&
  (a.expirySeconds === undefined) === (b.expirySeconds === undefined) &&
  a.hasSeveralNextHops === b.hasSeveralNextHops;
