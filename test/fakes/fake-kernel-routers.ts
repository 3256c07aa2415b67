/** Router advertisements in the kernel in memory, as in the real one with accept_ra. */
import { formatIpAddress, networkOf, parseCidr } from "../../src/base/ip-address.ts";
import type { KernelState } from "../../src/rehearsal/kernel/kernel-state.ts";
import type { Address, Route, RouterOption } from "../../src/rtnl/rtnl.ts";
import { type AdvertisedPrefix, type Advertisement, eui64 } from "../harness/router-advertisement.ts";

const mainTable = 254;
const protocol = { kernel: 2, routerAdvertisement: 9 } as const;
const metric = { prefix: 256, gateway: 1024 } as const;
/** IFAPROT_KERNEL_RA */
const kernelRa = 2;

/** `freshExpiries`: seconds that are left of each router's time when the kernel is asked. */
export function hearRouter(
  state: KernelState,
  freshExpiries: Map<string, number>,
  link: number,
  ad: Advertisement,
): void {
  const { addressGeneration = 0 } = state.world.ipv6Links.get(link) ?? {};
  const { isManaged = false, isOtherConfigured = false } = ad;
  state.note(state.world.putIpv6Link({ link, isManaged, isOtherConfigured, addressGeneration }));
  hearDefaultRouter(state, link, ad);
  if (ad.lifetimeSeconds !== 0) freshExpiries.set(ad.router, ad.lifetimeSeconds);
  for (const prefix of ad.prefixes ?? []) hearPrefix(state, link, prefix);
  for (const option of ad.options ?? []) hearOption(state, link, ad.router, option);
}

function hearDefaultRouter(state: KernelState, link: number, ad: Advertisement): void {
  const route: Route = {
    ...{ family: 6, table: mainTable, destination: "::/0", gateway: ad.router, link, metric: metric.gateway },
    ...{ protocol: protocol.routerAdvertisement, scope: 0, type: "unicast" },
    ...(ad.preference && { preference: ad.preference }),
    expirySeconds: ad.lifetimeSeconds,
  };
  const known = state.world.routes({ link, table: mainTable }).find(({ destination, gateway }) => {
    return destination === route.destination && gateway === route.gateway;
  });
  if (ad.lifetimeSeconds === 0) {
    if (known) state.note(state.world.removeRoute(known));
    return;
  }
  state.note(state.world.putRoute(route));
}

function hearPrefix(state: KernelState, link: number, advertised: AdvertisedPrefix): void {
  const { prefix, validSeconds, preferredSeconds } = advertised;
  const destination = networkOf(parseCidr(prefix));
  const route: Route = {
    ...{ family: 6, table: mainTable, destination, link, metric: metric.prefix, protocol: protocol.kernel },
    ...{ scope: 0, type: "unicast", expirySeconds: validSeconds },
  };
  state.note(state.world.putRoute(route));
  const address: Address = {
    ...{ link, family: 6, address: formatIpAddress(6, eui64(prefix, state.seen(link).mac ?? "")), prefixLength: 64 },
    ...{ scope: 0, flags: preferredSeconds === 0 ? 0x20 : 0, protocol: kernelRa, validSeconds, preferredSeconds },
  };
  state.note(state.world.putAddress(address));
}

const hearOption = (state: KernelState, link: number, router: string, option: RouterOption): void =>
  state.note({ kind: "router-option-heard", heard: { link, router, option } });
