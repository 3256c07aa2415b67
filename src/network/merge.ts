/** How the settings of several sources become those of one link (docs/contract/shill.md, Addressing). Pure. */
import { addressesOf, type IpAddress, type IpFamilySettings, type IpSettings } from "./ip-settings.ts";
import type { StaticIp } from "./static-ip.ts";

/**
 * Sources that report settings while the network is up. `link`: the link's own protocol or file (a modem, WireGuard).
 * `handler`: a program that was asked to set the link up.
 */
export type DynamicSource = "dhcp4" | "slaac" | "dhcp6" | "link" | "handler";

/** Settings of each source now; absent: none (yet). */
export type SettingsSources = { readonly static?: StaticIp | undefined } & {
  readonly [S in DynamicSource]?: IpSettings | undefined;
};

/** Settings of one link after merging. */
export interface EffectiveSettings extends IpSettings {
  readonly includedRoutes: readonly string[];
  readonly excludedRoutes: readonly string[];
}

/** `firstCaptivePortalUri`: the one that was seen first on this connection; it stays. */
export function mergeSettings(sources: SettingsSources, firstCaptivePortalUri?: string): EffectiveSettings {
  const { dhcp4 } = sources;
  const ipv4 = mergeIpv4(sources);
  const ipv6 = mergeIpv6(sources);
  return withoutAbsent<EffectiveSettings>({
    ipv4,
    ipv6,
    routes: [...(sources.static?.routes ?? []), ...withRoutes.flatMap((name) => sources[name]?.routes ?? [])],
    includedRoutes: firstRestriction(sources, "includedRoutes"),
    excludedRoutes: firstRestriction(sources, "excludedRoutes"),
    nameServers: mergeNameServers(sources, ipv4 === undefined && ipv6 !== undefined),
    searchDomains: mergeSearchDomains(sources),
    mtu: mergeMtu(sources),
    domainName: dhcp4?.domainName,
    ntpServers: [...new Set(dynamicSources(sources).flatMap((source) => source.ntpServers))],
    webProxyAutoDiscoveryUrl: dhcp4?.webProxyAutoDiscoveryUrl,
    captivePortalUri: firstCaptivePortalUri ?? firstOf(sources, (source) => source.captivePortalUri),
    pref64: firstOf(sources, (source) => source.pref64),
    layer3Link: firstOf(sources, (source) => source.layer3Link),
    vendorEncapsulatedOptions: dhcp4?.vendorEncapsulatedOptions,
  });
}

/** The link's own protocol names its destinations by `includedRoutes`. */
const withRoutes = ["dhcp4", "slaac", "handler"] as const;

const firstRestriction = ({ static: fixed, link, handler }: SettingsSources, of: "includedRoutes" | "excludedRoutes") =>
  firstNonEmpty(fixed?.[of], link?.[of], handler?.[of]);

/**
 * A static address brings its own gateway, or none. A static gateway alone takes the place of the one that the network
 * names (docs/decisions/router-option-and-classless-routes.md).
 */
function mergeIpv4({ static: fixed, dhcp4, link, handler }: SettingsSources): IpFamilySettings | undefined {
  if (fixed?.address === undefined || fixed.prefixLength === undefined) {
    return throughGateway(dhcp4?.ipv4 ?? link?.ipv4 ?? handler?.ipv4, fixed?.gateway);
  }
  const { address, prefixLength, gateway } = fixed;
  return { family: 4, address, prefixLength, ...(gateway === undefined ? {} : { gateway }) };
}

/** A network cannot be left through this host itself. */
function throughGateway(own: IpFamilySettings | undefined, gateway: string | undefined): IpFamilySettings | undefined {
  if (own === undefined || gateway === undefined || gateway === own.address) return own;
  const { isAllOnLink: _, ...rest } = own;
  return { ...rest, gateway };
}

/**
 * Fixed addresses come first, and the way out is the router's where none is fixed: the kernel's own addresses stay
 * beside.
 */
function mergeIpv6(sources: SettingsSources): IpFamilySettings | undefined {
  const found = foundIpv6(sources);
  const fixed = sources.static?.ipv6;
  if (!fixed) return found;
  const isFixed = ({ address }: IpAddress) => fixed.addresses.some((own) => own.address === address);
  const others = addressesOf(found).map(addressAlone);
  const [first, ...rest] = [...fixed.addresses, ...others.filter((own) => !isFixed(own))];
  const gateway = fixed.gateway ?? found?.gateway;
  return (
    first && {
      ...{ family: 6, ...first },
      ...(rest.length > 0 && { others: rest }),
      ...(gateway !== undefined && { gateway }),
      ...(gateway === undefined && found?.isAllOnLink && { isAllOnLink: true }),
    }
  );
}

/**
 * DHCPv6 gives addresses and never a router (RFC 8415, 4): the gateway stays that of the router advertisement, and the
 * addresses that the kernel made of it stay beside.
 */
function foundIpv6({ dhcp6, slaac, link, handler }: SettingsSources): IpFamilySettings | undefined {
  const routed = slaac?.ipv6 ?? link?.ipv6 ?? handler?.ipv6;
  if (!dhcp6?.ipv6) return routed;
  const gateway = dhcp6.ipv6.gateway ?? routed?.gateway;
  const others = [...(dhcp6.ipv6.others ?? []), ...addressesOf(routed).map(addressAlone)];
  return {
    ...dhcp6.ipv6,
    ...(gateway !== undefined && { gateway }),
    ...(others.length > 0 && { others }),
  };
}

function addressAlone(of: IpAddress | IpFamilySettings): IpAddress {
  const { family: _, others: __, gateway: ___, isAllOnLink: ____, ...address } = of as IpFamilySettings;
  return address;
}

function mergeNameServers(sources: SettingsSources, isIpv6Only: boolean): readonly string[] {
  const fixed = sources.static?.nameServers ?? [];
  if (isIpv6Only && isPublicResolverPair(fixed)) return publicResolversForNat64;
  const chosen = fixed.length > 0 ? fixed : dynamicSources(sources).flatMap((source) => source.nameServers);
  // Settings panels pad their lists with 0.0.0.0.
  return chosen.filter((server) => server !== "0.0.0.0" && server !== "::");
}

/**
 * A person who chose this public resolver by its IPv4 addresses means the resolver; where only IPv6 works its twin that
 * synthesises addresses for IPv4-only hosts (DNS64) does what they expect.
 */
const publicResolversForNat64: readonly string[] = ["2001:4860:4860::6464", "2001:4860:4860::64"];
const isPublicResolverPair = (servers: readonly string[]): boolean =>
  servers.length === 2 && servers.includes("8.8.8.8") && servers.includes("8.8.4.4");

function mergeSearchDomains(sources: SettingsSources): readonly string[] {
  const fixed = sources.static?.searchDomains ?? [];
  if (fixed.length > 0) return fixed;
  return [...new Set(dynamicSources(sources).flatMap((source) => source.searchDomains))];
}

/** The smallest of all sources: a larger one would lose packets at the narrowest place. */
function mergeMtu(sources: SettingsSources): number | undefined {
  if (sources.static?.mtu) return sources.static.mtu;
  const mtus = dynamicSources(sources).flatMap((source) => (source.mtu ? [source.mtu] : []));
  return mtus.length > 0 ? Math.min(...mtus) : undefined;
}

/** In the order in which their lists are joined. */
function dynamicSources({ slaac, dhcp6, link, handler, dhcp4 }: SettingsSources): readonly IpSettings[] {
  return [slaac, dhcp6, link, handler, dhcp4].filter((source) => source !== undefined);
}

function firstOf<V>(sources: SettingsSources, pick: (source: IpSettings) => V | undefined): V | undefined {
  for (const source of [sources.dhcp4, sources.dhcp6, sources.slaac, sources.link, sources.handler]) {
    const value = source && pick(source);
    if (value !== undefined) return value;
  }
  return undefined;
}

const firstNonEmpty = (...lists: readonly (readonly string[] | undefined)[]): readonly string[] =>
  lists.find((list) => list !== undefined && list.length > 0) ?? [];

/** Every property must be named, so that none is forgotten; undefined ones are left out of the result. */
const withoutAbsent = <T extends object>(every: { [K in keyof T]-?: T[K] | undefined }): T =>
  Object.fromEntries(Object.entries(every).filter(([, value]) => value !== undefined)) as T;
