import type { Family } from "../rtnl/rtnl.ts";

export interface IpRoute {
  /** CIDR text. */
  readonly destination: string;
  /** Absent: directly on the link. */
  readonly gateway?: string;
}

export interface IpAddress {
  /** Without prefix length. */
  readonly address: string;
  readonly prefixLength: number;
  readonly broadcast?: string;
  /** Seconds from when the settings were made; undefined: for ever. */
  readonly validSeconds?: number;
  /** For how long new connections may use it; undefined: as long as it is valid. */
  readonly preferredSeconds?: number;
  /** The kernel made the address and looks after it and its prefix: it is used, and neither put nor removed. */
  readonly isKernels?: true;
}

/** Addressing of one family of one link: its first address, and the settings of the whole family. */
export interface IpFamilySettings extends IpAddress {
  readonly family: Family;
  /** Further addresses, the better first. */
  readonly others?: readonly IpAddress[];
  /** Absent: no default route, unless {@link isAllOnLink}. */
  readonly gateway?: string;
  /** The default route has no router: every destination is asked for on the link itself. Only without `gateway`. */
  readonly isAllOnLink?: true;
}

/** All addresses of a family, the first one first. */
export const addressesOf = (own: IpFamilySettings | undefined): readonly IpAddress[] =>
  own === undefined ? [] : [own, ...(own.others ?? [])];

/**
 * Settings that one source (a static configuration, a lease, a router) asks for on one link. Immutable; sources make a
 * new one for each change, also when the time of a name server or a route is over, and never install anything
 * themselves. Addresses are in canonical text (RFC 5952).
 */
export interface IpSettings {
  readonly ipv4?: IpFamilySettings;
  readonly ipv6?: IpFamilySettings;
  /** Classless static routes (RFC 3442) and those of routers (RFC 4191), without the default route. */
  readonly routes: readonly IpRoute[];
  /** CIDR text. Present and not empty: only these go through the link, and there is no default route. */
  readonly includedRoutes?: readonly string[];
  /** CIDR text of destinations that must not go through the link. */
  readonly excludedRoutes?: readonly string[];
  readonly nameServers: readonly string[];
  readonly searchDomains: readonly string[];
  /** Bytes; absent: not said. */
  readonly mtu?: number;
  readonly domainName?: string;
  readonly ntpServers: readonly string[];
  readonly webProxyAutoDiscoveryUrl?: string;
  /** RFC 8910; https only. */
  readonly captivePortalUri?: string;
  /** The prefix under which IPv4 is to be reached (RFC 8781); CIDR text. */
  readonly pref64?: string;
  /** Index of the link that carries all this, where it is not the one that was asked for: `ppp0` on a cable. */
  readonly layer3Link?: number;
  /** Option 43, raw, lower-case hex. */
  readonly vendorEncapsulatedOptions?: string;
}

/** Whether packets for everywhere may leave this way. */
export const leadsEverywhere = (own: IpFamilySettings | undefined): boolean =>
  own !== undefined && (own.gateway !== undefined || own.isAllOnLink === true);

export const emptyIpSettings: IpSettings = { routes: [], nameServers: [], searchDomains: [], ntpServers: [] };
