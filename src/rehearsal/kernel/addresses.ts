/** Addresses of the kernel in memory, with the routes that the real one makes and drops along with them. */
import { cidrContains, formatIpAddress, networkOf, parseCidr, parseIpAddress } from "../../base/ip-address.ts";
import type { Address, AddressRequest, Route } from "../../rtnl/rtnl.ts";
import { type KernelState, Refusal } from "./kernel-state.ts";

// IFA_F_ flags (include/uapi/linux/if_addr.h).
const secondary = 0x01;
const permanent = 0x80;
const noPrefixRoute = 0x200;
const scopeLink = 253;
const scopeHost = 254;
const mainTable = 254;
const protocolKernel = 2;
/** IP6_RT_PRIO_ADDRCONF */
const ipv6PrefixMetric = 256;

const subnetOf = (address: Address): string =>
  networkOf(parseCidr(`${address.peer ?? address.address}/${address.prefixLength}`));

export function putAddress(state: KernelState, request: AddressRequest): void {
  state.link(request.link);
  const address = fromRequest(state, request);
  state.note(state.world.putAddress(address));
  if (state.link(address.link).isUp) addPrefixRoute(state, address);
}

function fromRequest(state: KernelState, request: AddressRequest): Address {
  const { noPrefixRoute: hasNoPrefixRoute, scope = 0, ...wish } = request;
  const bytes = parseIpAddress(request.address);
  if (bytes.length !== (request.family === 4 ? 4 : 16)) throw new Refusal("EINVAL");
  if (!(wish.prefixLength <= bytes.length * 8)) throw new Refusal("EINVAL");
  const address = formatIpAddress(request.family, bytes);
  // An IPv6 address that is there keeps its prefix length, regardless of the request.
  const present = state.world
    .addresses(request.link)
    .find((other) => request.family === 6 && other.address === address);
  const rest = { ...wish, address, prefixLength: present?.prefixLength ?? wish.prefixLength };
  const lifetimes = request.validSeconds === undefined ? permanent : 0;
  const flags = lifetimes | (hasNoPrefixRoute ? noPrefixRoute : 0) | secondaryFlag(state, request);
  return { ...rest, scope: request.family === 6 ? ipv6Scope(bytes) : scope, flags };
}

const linkLocal = parseCidr("fe80::/10");
function ipv6Scope(bytes: Uint8Array): number {
  if (cidrContains(linkLocal, bytes)) return scopeLink;
  return bytes.every((octet, at) => octet === (at === 15 ? 1 : 0)) ? scopeHost : 0;
}

/** The second IPv4 address of one subnet on one link lives and dies with the first. */
function secondaryFlag(state: KernelState, request: AddressRequest): number {
  if (request.family === 6) return 0;
  const subnet = networkOf(parseCidr(`${request.peer ?? request.address}/${request.prefixLength}`));
  const others = ipv4Of(state, request.link).filter((other) => subnetOf(other) === subnet);
  const self = others.find((other) => other.address === request.address);
  if (self) return self.flags & secondary;
  return others.length > 0 ? secondary : 0;
}

const ipv4Of = (state: KernelState, link: number): readonly Address[] =>
  state.world.addresses(link).filter((address) => address.family === 4);

export function deleteAddress(state: KernelState, request: AddressRequest): void {
  state.link(request.link);
  const present = state.world
    .addresses(request.link)
    .find(
      (other) =>
        other.family === request.family &&
        other.address === formatIpAddress(request.family, parseIpAddress(request.address)) &&
        other.prefixLength === request.prefixLength,
    );
  if (!present) throw new Refusal("EADDRNOTAVAIL", `ipv${request.family}: address not found`);
  removeAddress(state, present);
  if (present.family === 4 && !(present.flags & secondary)) removeSecondaries(state, present);
  dropOrphanedRoutes(state, present);
}

function removeSecondaries(state: KernelState, primary: Address): void {
  for (const other of ipv4Of(state, primary.link)) {
    if (other.flags & secondary && subnetOf(other) === subnetOf(primary)) removeAddress(state, other);
  }
}

function removeAddress(state: KernelState, address: Address): void {
  state.note(state.world.removeAddress(address));
  for (const route of state.world.routes({ link: address.link, table: mainTable })) {
    if (isPrefixRouteOf(route, address)) state.note(state.world.removeRoute(route));
  }
}

const isPrefixRouteOf = (route: Route, address: Address): boolean =>
  route.protocol === protocolKernel &&
  route.family === address.family &&
  route.destination === subnetOf(address) &&
  (address.family === 6 || route.preferredSource === address.address);

/**
 * Routes of the main table that used the address as source go; without any IPv4 address all IPv4 routes of the link go.
 */
function dropOrphanedRoutes(state: KernelState, gone: Address): void {
  if (gone.family === 6) return;
  const isStillThere = ipv4Of(state, gone.link).some((other) => other.address === gone.address);
  for (const route of isStillThere ? [] : state.world.routes({ table: mainTable })) {
    if (route.preferredSource === gone.address) state.note(state.world.removeRoute(route));
  }
  if (ipv4Of(state, gone.link).length === 0) dropRoutes(state, gone.link, 4);
}

function dropRoutes(state: KernelState, link: number, family: 4 | 6): void {
  for (const route of state.world.routes({ link })) {
    if (route.family === family) state.note(state.world.removeRoute(route));
  }
}

/** A link that goes up gets its connected routes back. */
export function addPrefixRoutes(state: KernelState, link: number): void {
  for (const address of state.world.addresses(link)) addPrefixRoute(state, address);
}

function addPrefixRoute(state: KernelState, address: Address): void {
  if (address.flags & (noPrefixRoute | secondary)) return;
  const whole = address.family === 4 ? 32 : 128;
  if (address.prefixLength === whole && address.peer === undefined) return;
  // 127.0.0.0/8 is a route of type local in the local table.
  if (state.seen(address.link).isLoopback) return;
  state.note(state.world.putRoute(prefixRoute(address)));
}

const prefixRoute = (address: Address): Route => ({
  family: address.family,
  table: mainTable,
  destination: subnetOf(address),
  link: address.link,
  metric: address.family === 4 ? 0 : ipv6PrefixMetric,
  ...(address.family === 4 && { preferredSource: address.address }),
  protocol: protocolKernel,
  scope: address.family === 4 ? scopeLink : 0,
  type: "unicast",
});

/** Administratively down: IPv4 addresses stay and their routes go; IPv6 loses both. */
export function onLinkDown(state: KernelState, link: number): void {
  for (const address of state.world.addresses(link)) {
    if (address.family === 6) state.note(state.world.removeAddress(address));
  }
  dropRoutes(state, link, 4);
  dropRoutes(state, link, 6);
}
