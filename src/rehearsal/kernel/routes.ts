/** Routes and rules of the kernel in memory, with the refusals of the real one. */
import { addressBits, cidrContains, networkOf, parseCidr, parseIpAddress } from "../../base/ip-address.ts";
import { ruleKey } from "../../rtnl/identity.ts";
import type { Route, Rule } from "../../rtnl/rtnl.ts";
import { type KernelState, Refusal } from "./kernel-state.ts";

const scopeLink = 253;
const mainTable = 254;
/** IP6_RT_PRIO_USER: metric of IPv6 for a request with 0. */
const ipv6DefaultMetric = 1024;

export function putRoute(state: KernelState, wished: Route): void {
  const route = normalised(wished);
  check(state, route);
  // The kernel looks at table, destination and metric alone, for IPv6 too: another link's route is replaced as well.
  const replaced = state.world.routes({ table: route.table }).find((other) => isSamePlace(other, route));
  if (replaced && !isEqual(replaced, route)) state.note(state.world.removeRoute(replaced));
  state.note(state.world.putRoute(route));
}

const isSamePlace = (a: Route, b: Route): boolean =>
  a.family === b.family && a.table === b.table && a.destination === b.destination && a.metric === b.metric;

const isEqual = (a: Route, b: Route): boolean => JSON.stringify(a) === JSON.stringify(b);

function normalised(route: Route): Route {
  const { gateway, link, preferredSource, isOnLink, mtu } = route;
  const block = parseCidr(route.destination);
  const destination = networkOf(block);
  if (route.family === 4 && destination !== `${route.destination.split("/")[0]}/${block.prefixLength}`) {
    throw new Refusal("EINVAL", "Invalid prefix for given prefix length");
  }
  return {
    family: route.family,
    table: route.table || mainTable,
    destination,
    ...(gateway !== undefined && { gateway }),
    ...(link !== undefined && { link }),
    metric: route.family === 6 && route.metric === 0 ? ipv6DefaultMetric : route.metric,
    ...(preferredSource !== undefined && { preferredSource }),
    protocol: route.protocol,
    scope: route.family === 6 ? 0 : route.scope,
    type: route.type,
    ...(isOnLink && gateway !== undefined && { isOnLink }),
    ...(mtu !== undefined && { mtu }),
  };
}

function check(state: KernelState, route: Route): void {
  if (parseCidr(route.destination).family !== route.family) throw new Refusal("EINVAL");
  if (route.type !== "unicast") return;
  if (route.link === undefined) throw new Refusal("ENODEV");
  const link = state.link(route.link);
  if (route.gateway !== undefined) checkGateway(state, route, route.gateway);
  else if (!link.isUp) throw new Refusal("ENETDOWN", "Device for nexthop is not up");
  if (route.preferredSource !== undefined) checkSource(state, route.preferredSource);
}

function checkGateway(state: KernelState, route: Route, gateway: string): void {
  const { isUp } = state.link(route.link as number);
  if (route.family === 4 && route.scope >= scopeLink) throw new Refusal("EINVAL", "Nexthop has invalid scope");
  if (route.isOnLink) {
    if (!isUp) throw new Refusal("ENETDOWN", "Nexthop device is not up");
    return;
  }
  if (isReachable(state, route, gateway)) return;
  if (route.family === 4) throw new Refusal("ENETUNREACH", "Nexthop has invalid gateway");
  if (!isUp) throw new Refusal("ENETDOWN", "Nexthop device is not up");
  throw new Refusal("EHOSTUNREACH");
}

/** Reached without a further gateway, by the longest match among the tables that matter, over the same link. */
function isReachable(state: KernelState, route: Route, gateway: string): boolean {
  const bytes = parseIpAddress(gateway);
  if (route.family === 6 && gateway.startsWith("fe80:")) return state.link(route.link as number).isUp;
  const matches = state.world
    .routes()
    .filter((other) => other.family === route.family && (other.table === mainTable || other.table === route.table))
    .filter((other) => cidrContains(parseCidr(other.destination), bytes))
    .sort((a, b) => parseCidr(b.destination).prefixLength - parseCidr(a.destination).prefixLength);
  return matches.some((other) => other.link === route.link && other.gateway === undefined);
}

function checkSource(state: KernelState, source: string): void {
  if (state.world.addresses().some((address) => address.address === source)) return;
  throw new Refusal("EINVAL", "Invalid prefsrc address");
}

export function deleteRoute(state: KernelState, wished: Route): void {
  const metric = wished.family === 6 && wished.metric === 0 ? undefined : wished.metric;
  const present = state.world
    .routes({ table: wished.table || mainTable })
    .find(
      (other) =>
        other.family === wished.family &&
        other.destination === networkOf(parseCidr(wished.destination)) &&
        (metric === undefined || other.metric === metric) &&
        other.type === wished.type &&
        (wished.gateway === undefined || other.gateway === wished.gateway) &&
        (wished.link === undefined || other.link === wished.link) &&
        (wished.protocol === 0 || other.protocol === wished.protocol),
    );
  if (!present) throw new Refusal("ESRCH");
  state.note(state.world.removeRoute(present));
}

export function addRule(state: KernelState, rule: Rule): void {
  checkBlock(rule, rule.source);
  checkBlock(rule, rule.destination);
  const key = ruleKey(rule);
  if (state.world.keyedRules.has(key)) throw new Refusal("EEXIST");
  state.note(state.world.putRule(key, rule));
}

function checkBlock(rule: Rule, block: string | undefined): void {
  if (block === undefined) return;
  const { family, prefixLength } = parseCidr(block);
  if (family !== rule.family || prefixLength > addressBits(family)) throw new Refusal("EINVAL");
}

export function deleteRule(state: KernelState, rule: Rule): void {
  const change = state.world.removeRule(ruleKey(rule));
  if (!change) throw new Refusal("ENOENT");
  state.note(change);
}
