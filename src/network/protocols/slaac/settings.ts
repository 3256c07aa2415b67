/** The kernel's addresses and routes of router advertisements, as settings. Pure. */
import { isDeprecated, isDuplicate, isTemporary, isTentative } from "../../../rtnl/address-flags.ts";
import type { Address, Route, Snapshot } from "../../../rtnl/rtnl.ts";
import { emptyIpSettings, type IpAddress, type IpRoute, type IpSettings } from "../../ip-settings.ts";
import { isMadeOfPrefix, isRouterOrPrefix, mainTable } from "../../kernel/marks.ts";
import type { ProtocolLink } from "../handler.ts";
import type { RouterNews } from "./router-options.ts";

const defaultDestination = "::/0";
const preferences = ["high", undefined, "low"] as const;

export interface SlaacSources {
  readonly link: Pick<ProtocolLink, "index" | "name">;
  readonly snapshot: Pick<Snapshot, "addresses" | "routes">;
  readonly news: RouterNews;
  /** The route's time is over, and the kernel has not removed it yet. */
  isOver(route: Route): boolean;
}

export function slaacSettings({ link, snapshot, news, isOver }: SlaacSources): IpSettings {
  const [first, ...others] = snapshot.addresses(link.index).filter(isUsable).sort(byUse).map(ofKernel);
  const routes = routerRoutes(snapshot, link.index).filter((route) => !isOver(route));
  const gateway = bestRouter(routes);
  return {
    ...emptyIpSettings,
    ...(first && {
      ipv6: { family: 6, ...first, ...(others.length > 0 && { others }), ...(gateway !== undefined && { gateway }) },
    }),
    routes: first ? routes.filter(({ destination }) => destination !== defaultDestination).map(toRoute) : [],
    nameServers: news.nameServers.map((server) => (isLinkLocal(server) ? `${server}%${link.name}` : server)),
    searchDomains: news.searchDomains,
    ...(news.captivePortalUri !== undefined && { captivePortalUri: news.captivePortalUri }),
    ...(news.pref64 !== undefined && { pref64: news.pref64 }),
  };
}

/** Nothing usable. */
export const isNothing = (settings: IpSettings): boolean =>
  settings.ipv6 === undefined && settings.nameServers.length === 0 && settings.captivePortalUri === undefined;

const isUsable = (address: Address): boolean =>
  isMadeOfPrefix(address) && !isTentative(address) && !isDuplicate(address);

/**
 * As the kernel chooses the source of a new connection: not deprecated, then temporary (RFC 6724, 5), then the newest.
 */
const byUse = (a: Address, b: Address): number =>
  Number(isDeprecated(a)) - Number(isDeprecated(b)) || Number(isTemporary(b)) - Number(isTemporary(a));

/** Without lifetimes: the kernel keeps them, and each advertisement would be a change. */
const ofKernel = ({ address, prefixLength }: Address): IpAddress => ({ address, prefixLength, isKernels: true });

/** Prefixes on the link, destinations behind a router, and the default. */
export const routerRoutes = (snapshot: Pick<Snapshot, "routes">, link: number): readonly Route[] =>
  snapshot.routes({ link, table: mainTable }).filter(isRouterOrPrefix);

function bestRouter(routes: readonly Route[]): string | undefined {
  const defaults = routes.filter(({ destination, gateway }) => destination === defaultDestination && gateway);
  for (const preference of preferences) {
    const found = defaults.find((route) => route.preference === preference);
    if (found) return found.gateway;
  }
  return undefined;
}

const toRoute = ({ destination, gateway }: Route): IpRoute => ({
  destination,
  ...(gateway !== undefined && { gateway }),
});

const isLinkLocal = (address: string): boolean => /^fe[89ab]/.test(address);
