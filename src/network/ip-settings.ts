import type { Family } from "../rtnl/rtnl.ts";

export interface IpRoute {
  /** CIDR text. */
  readonly destination: string;
  /** Absent: directly on the link. */
  readonly gateway?: string;
}

/** How one family of one link is to be addressed. */
export interface IpFamilySettings {
  readonly family: Family;
  /** Without prefix length. */
  readonly address: string;
  readonly prefixLength: number;
  readonly broadcast?: string;
  /** Absent: no default route, unless {@link isAllOnLink}. */
  readonly gateway?: string;
  /** The default route has no router: every destination is asked for on the link itself. Only without `gateway`. */
  readonly isAllOnLink?: true;
  /** Seconds from when the settings were made; undefined: for ever. */
  readonly validSeconds?: number;
}

/**
 * What one source (a static configuration, a lease, a router) wants for one link. Immutable; sources make a new one for
 * each change and never install anything themselves. Addresses are in canonical text (RFC 5952).
 */
export interface IpSettings {
  readonly ipv4?: IpFamilySettings;
  readonly ipv6?: IpFamilySettings;
  /** Classless static routes (RFC 3442), without the default route. */
  readonly routes: readonly IpRoute[];
  /** CIDR text. Present and not empty: only these go through the link, and there is no default route. */
  readonly includedRoutes?: readonly string[];
  /** CIDR text of what must not go through the link. */
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
  /** Option 43, raw, lower-case hex. */
  readonly vendorEncapsulatedOptions?: string;
}

/** Whether packets for everywhere may leave this way. */
export const leadsEverywhere = (own: IpFamilySettings | undefined): boolean =>
  own !== undefined && (own.gateway !== undefined || own.isAllOnLink === true);

export const emptyIpSettings: IpSettings = { routes: [], nameServers: [], searchDomains: [], ntpServers: [] };
