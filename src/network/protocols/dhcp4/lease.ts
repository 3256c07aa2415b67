import { broadcastOf, formatIpv4, isHostIpv4, isSameSubnet, parseIpv4, prefixOfMask } from "../../../base/ipv4.ts";
import { emptyIpSettings, type IpFamilySettings, type IpSettings } from "../../ip-settings.ts";
import type { LeaseOptions } from "./lease-options.ts";
import { type LeaseTimes, leaseTimes } from "./timing.ts";

/** A server's grant. Immutable; a renewal makes a new one. */
export interface DhcpLease extends LeaseTimes {
  /** Without `validSeconds`, which depend on when one asks: see {@link settingsOfLease}. */
  readonly settings: IpSettings & { readonly ipv4: IpFamilySettings };
  /** Option 54. */
  readonly serverId: string;
  /** Link address the answer came from: the server's, or that of the relay's router. */
  readonly serverMac: string;
  /** Milliseconds since 1970 at which the request was sent. */
  readonly grantedAtMs: number;
  /** The same moment by the boot clock, which no one sets; of use within that run of the kernel. */
  readonly boot?: BootMoment;
  /** Option 61 as sent, hex: a lease belongs to that client only. */
  readonly client: string;
}

export interface BootMoment {
  readonly id: string;
  readonly grantedAtMs: number;
}

/** `problems`: the ignored parts of the grant. */
export type LeaseOrRefusal =
  | { readonly lease: DhcpLease; readonly problems: readonly string[] }
  | { readonly refused: string };

export interface Grant {
  readonly address: string;
  readonly options: LeaseOptions;
  readonly serverMac: string;
  readonly grantedAtMs: number;
  readonly boot?: BootMoment | undefined;
  readonly client: string;
  /** From 0 (inclusive) to 1: spreads the renewal. */
  readonly random: number;
}

/** Refuses addresses that no host can have. */
export function leaseOfGrant(grant: Grant): LeaseOrRefusal {
  const { options } = grant;
  const addressing = readAddressing(grant.address, options);
  if ("refused" in addressing) return addressing;
  if (options.serverId === undefined) return { refused: "no server identifier" };
  const settings = { ...settingsOfOptions(options, grant.address), ipv4: addressing.ipv4 };
  return {
    problems: [...options.problems, ...addressing.problems],
    lease: {
      settings,
      serverId: options.serverId,
      serverMac: grant.serverMac,
      grantedAtMs: grant.grantedAtMs,
      ...(grant.boot && { boot: grant.boot }),
      client: grant.client,
      ...leaseTimes(options.leaseSeconds, options.renewSeconds, options.rebindSeconds, grant.random),
    },
  };
}

function settingsOfOptions(options: LeaseOptions, ownAddress: string): IpSettings {
  const { mtu, domainName, webProxyAutoDiscoveryUrl, captivePortalUri, vendorEncapsulatedOptions } = options;
  return {
    ...emptyIpSettings,
    // The own address as a router says the same as none: the destination is on the link.
    routes: options.routes.map(({ destination, gateway }) =>
      gateway === undefined || gateway === ownAddress ? { destination } : { destination, gateway },
    ),
    nameServers: options.nameServers,
    searchDomains: options.searchDomains,
    ntpServers: options.ntpServers,
    ...(mtu !== undefined && { mtu }),
    ...(domainName !== undefined && { domainName }),
    ...(webProxyAutoDiscoveryUrl !== undefined && { webProxyAutoDiscoveryUrl }),
    ...(captivePortalUri !== undefined && { captivePortalUri }),
    ...(vendorEncapsulatedOptions !== undefined && { vendorEncapsulatedOptions }),
  };
}

function readAddressing(
  text: string,
  options: LeaseOptions,
): { readonly ipv4: IpFamilySettings; readonly problems: readonly string[] } | { readonly refused: string } {
  const address = parseIpv4(text);
  if (address === undefined || !isHostIpv4(address)) return { refused: `address ${text} is not one of a host` };
  const prefixLength = prefixOf(address, options);
  const allOnes = broadcastOf(address, prefixLength);
  if (prefixLength < 31 && address === allOnes) return { refused: `address ${text} is the broadcast of its subnet` };
  const way = wayOut(options.routers, text);
  const broadcast = usableBroadcast(options.broadcast, address, prefixLength);
  const problems = options.isMaskUnusable ? [`no usable subnet mask: ${text}/32, all others through the router`] : [];
  if (way.isAllOnLink) problems.push(`router ${options.routers[0]}: every destination is taken to be on the link`);
  return {
    ipv4: {
      ...{ family: 4, address: text, prefixLength },
      ...(broadcast !== undefined && broadcast !== way.gateway && { broadcast }),
      ...way,
    },
    problems,
  };
}

/**
 * Without option 1 the class decides. One that no mask can be read of says that there are subnets, so no class is
 * guessed.
 */
function prefixOf(address: number, { subnetMask, isMaskUnusable }: LeaseOptions): number {
  const byMask = subnetMask === undefined ? undefined : prefixOfMask(subnetMask);
  return byMask || (isMaskUnusable ? 32 : classfulPrefix(address));
}

/** A router that is another host counts first; the own address and 0.0.0.0 mean that there is no router in between. */
function wayOut(routers: readonly string[], ownAddress: string): Pick<IpFamilySettings, "gateway" | "isAllOnLink"> {
  const gateway = routers.find((router) => router !== ownAddress && router !== "0.0.0.0");
  if (gateway !== undefined) return { gateway };
  return routers.length > 0 ? { isAllOnLink: true } : {};
}

/** One outside the subnet would make the kernel broadcast packets for a host elsewhere. */
function usableBroadcast(text: string | undefined, address: number, prefixLength: number): string | undefined {
  const given = text === undefined ? undefined : parseIpv4(text);
  return given !== undefined && given !== address && isSameSubnet(given, address, prefixLength)
    ? formatIpv4(given)
    : undefined;
}

/** For servers that leave the mask out: the classes of RFC 791. */
const classfulPrefix = (address: number): number => (address >>> 24 < 128 ? 8 : address >>> 24 < 192 ? 16 : 24);

/** `elapsedMs`: since the request was sent. */
export function settingsOfLease(lease: DhcpLease, elapsedMs: number): IpSettings {
  if (lease.leaseSeconds === undefined) return lease.settings;
  const validSeconds = Math.max(0, Math.floor(lease.leaseSeconds - elapsedMs / 1000));
  return { ...lease.settings, ipv4: { ...lease.settings.ipv4, validSeconds } };
}

/** Where in its life the lease is. `expired` wins over all others, as when the machine slept through them. */
export type LeasePhase = "valid" | "renew" | "rebind" | "expired";

export function phaseOfLease(lease: LeaseTimes, elapsedMs: number): LeasePhase {
  if (lease.leaseSeconds === undefined) return "valid";
  if (elapsedMs >= lease.leaseSeconds * 1000) return "expired";
  if (elapsedMs >= (lease.rebindSeconds as number) * 1000) return "rebind";
  return elapsedMs >= (lease.renewSeconds as number) * 1000 ? "renew" : "valid";
}

/** Milliseconds until the next phase; undefined when there is none. */
export function nextPhaseInMs(lease: LeaseTimes, elapsedMs: number): number | undefined {
  const bounds = [lease.renewSeconds, lease.rebindSeconds, lease.leaseSeconds];
  const next = bounds.find((seconds) => seconds !== undefined && seconds * 1000 > elapsedMs);
  return next === undefined ? undefined : next * 1000 - elapsedMs;
}
