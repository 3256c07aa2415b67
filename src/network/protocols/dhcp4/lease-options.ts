/**
 * All that a server's options say, read once. Pure: an option that cannot be used is named in `problems` and left out.
 */
import type { IpRoute } from "../../ip-settings.ts";
import { OptionTaker } from "./option-taker.ts";
import * as read from "./option-values.ts";
import { optionCode, type RawOptions, type RepeatedOptions } from "./options.ts";

export interface LeaseOptions {
  readonly subnetMask?: number;
  /** Option 1 came, and no value of it is a mask. */
  readonly isMaskUnusable: boolean;
  /** In order; 0.0.0.0: every destination is on the link. */
  readonly routers: readonly string[];
  readonly broadcast?: string;
  readonly nameServers: readonly string[];
  readonly ntpServers: readonly string[];
  readonly searchDomains: readonly string[];
  readonly routes: readonly IpRoute[];
  /** The network's name for this host; shown to no client yet, never applied (docs/contract/shill.md, Addressing). */
  readonly hostName?: string;
  readonly domainName?: string;
  readonly mtu?: number;
  readonly vendorEncapsulatedOptions?: string;
  readonly leaseSeconds?: number;
  readonly renewSeconds?: number;
  readonly rebindSeconds?: number;
  readonly serverId?: string;
  readonly isRapidCommit: boolean;
  /** Seconds to live without IPv4 (RFC 8925). */
  readonly ipv6OnlySeconds?: number;
  readonly captivePortalUri?: string;
  readonly webProxyAutoDiscoveryUrl?: string;
  /** "option 26 is malformed or of no use": the ignored options, for the log. */
  readonly problems: readonly string[];
}

export function readLeaseOptions(options: RawOptions, repeats: RepeatedOptions = new Map()): LeaseOptions {
  const problems: string[] = [];
  const taker = new OptionTaker(options, repeats, problems);
  const one = <T>(code: number, reader: read.Reader<T>) => taker.one(code, reader);
  const domains = taker.apart(optionCode.domainName, read.readDomainNames, union) ?? [];
  const found = {
    subnetMask: one(optionCode.subnetMask, read.readMask),
    broadcast: one(optionCode.broadcast, read.readHost),
    hostName: one(optionCode.hostName, read.readDomainName),
    domainName: domains[0],
    mtu: one(optionCode.mtu, read.readMtu),
    leaseSeconds: one(optionCode.leaseTime, read.readUint32),
    renewSeconds: one(optionCode.renewalTime, read.readUint32),
    rebindSeconds: one(optionCode.rebindingTime, read.readUint32),
    serverId: one(optionCode.serverId, read.readHost),
    ipv6OnlySeconds: one(optionCode.ipv6OnlyPreferred, read.readUint32),
    captivePortalUri: one(optionCode.captivePortal, read.readCaptivePortal),
    webProxyAutoDiscoveryUrl: one(optionCode.webProxyAutoDiscovery, read.readProxyUrl),
    vendorEncapsulatedOptions: options.get(optionCode.vendorEncapsulated)?.toString("hex"),
    nameServers: taker.whole(optionCode.nameServers, read.readHosts, union) ?? [],
    ntpServers: taker.whole(optionCode.ntpServers, read.readHosts, union) ?? [],
    isRapidCommit: options.has(optionCode.rapidCommit),
    isMaskUnusable: false,
    ...readRouting(taker, problems),
  };
  found.isMaskUnusable = found.subnetMask === undefined && options.has(optionCode.subnetMask);
  return withoutAbsent({ ...found, searchDomains: readSearch(taker, domains), problems });
}

const union = <T>(...lists: (readonly T[])[]): readonly T[] => [...new Set(lists.flat())];

/**
 * The routers of option 121 make option 3 void (RFC 3442, "DHCP Client Behavior"; docs/decisions/
 * router-option-and-classless-routes.md). Option 249, which no standard knows, does so only with a default route.
 */
function readRouting(taker: OptionTaker, problems: string[]): Pick<LeaseOptions, "routers" | "routes"> {
  const routers = taker.whole(optionCode.router, read.readRouters, union) ?? [];
  const standard = taker.whole(optionCode.classlessRoutes, read.readClasslessRoutes, bothRoutes);
  const classless = standard ?? taker.whole(optionCode.microsoftRoutes, read.readClasslessRoutes, bothRoutes);
  if (!classless || (!standard && classless.routers.length === 0)) return { routers, routes: classless?.routes ?? [] };
  const voided = routers[0];
  if (voided !== undefined && !classless.routers.includes(voided)) {
    const instead = classless.routers[0] ?? "no default route";
    problems.push(`option 3 (${voided}) is ignored beside classless routes (${instead}), see RFC 3442`);
  }
  return classless;
}

const bothRoutes = (...all: read.ClasslessRoutes[]): read.ClasslessRoutes => ({
  routes: all.flatMap(({ routes }) => routes),
  routers: all.flatMap(({ routers }) => routers),
});

/** The domain names serve as search domains, rooted, where no list is given (docs/contract/shill.md, Addressing). */
function readSearch(taker: OptionTaker, domains: readonly string[]): readonly string[] {
  const list = taker.whole(optionCode.domainSearch, read.readSearchList, union) ?? [];
  return list.length === 0 ? domains.map((name) => `${name}.`) : list;
}

type Present<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Optional members are absent, never undefined (exactOptionalPropertyTypes). */
function withoutAbsent<T extends object>(values: T): Present<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Present<T>;
}
