/** All that a server's options say, read once. Pure: an option that cannot be used is named in `problems` and left out. */
import type { IpRoute } from "../../ip-settings.ts";
import * as read from "./option-values.ts";
import { optionCode, type RawOptions } from "./options.ts";

export interface LeaseOptions {
  readonly subnetMask?: number;
  readonly gateway?: string;
  readonly broadcast?: string;
  readonly nameServers: readonly string[];
  readonly ntpServers: readonly string[];
  readonly searchDomains: readonly string[];
  readonly routes: readonly IpRoute[];
  /** The name that the network has for this host; told to nobody yet, never applied (shill-behaviour 9.5). */
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
  /** "option 26 is malformed or of no use": for the log. */
  readonly problems: readonly string[];
}

export function readLeaseOptions(options: RawOptions): LeaseOptions {
  const problems: string[] = [];
  const take = <T>(code: number, reader: (data: Buffer) => T | undefined): T | undefined => {
    const data = options.get(code);
    if (data === undefined) return undefined;
    const value = reader(data);
    if (value === undefined) problems.push(`option ${code} is malformed or of no use`);
    return value;
  };
  const found = {
    subnetMask: take(optionCode.subnetMask, read.readUint32),
    broadcast: take(optionCode.broadcast, read.readHost),
    hostName: take(optionCode.hostName, read.readDomainName),
    domainName: take(optionCode.domainName, read.readDomainName),
    mtu: take(optionCode.mtu, read.readMtu),
    leaseSeconds: take(optionCode.leaseTime, read.readUint32),
    renewSeconds: take(optionCode.renewalTime, read.readUint32),
    rebindSeconds: take(optionCode.rebindingTime, read.readUint32),
    serverId: take(optionCode.serverId, read.readHost),
    ipv6OnlySeconds: take(optionCode.ipv6OnlyPreferred, read.readUint32),
    captivePortalUri: take(optionCode.captivePortal, read.readCaptivePortal),
    webProxyAutoDiscoveryUrl: take(optionCode.webProxyAutoDiscovery, read.readProxyUrl),
    vendorEncapsulatedOptions: options.get(optionCode.vendorEncapsulated)?.toString("hex"),
    nameServers: take(optionCode.nameServers, read.readHosts) ?? [],
    ntpServers: take(optionCode.ntpServers, read.readHosts) ?? [],
    isRapidCommit: options.get(optionCode.rapidCommit)?.length === 0,
    ...readRouting(take),
  };
  return withoutAbsent({ ...found, searchDomains: readSearch(take, found.domainName), problems });
}

type Take = <T>(code: number, reader: (data: Buffer) => T | undefined) => T | undefined;

/** Only the first router counts; a 0/0 entry becomes the gateway only where no router is given (shill-behaviour 9.3). */
function readRouting(take: Take): { gateway: string | undefined; routes: readonly IpRoute[] } {
  const router = take(optionCode.router, (data) => read.readHosts(data)?.[0]);
  const standard = take(optionCode.classlessRoutes, read.readClasslessRoutes);
  const classless = standard ?? take(optionCode.microsoftRoutes, read.readClasslessRoutes);
  return { gateway: router ?? classless?.gateway, routes: classless?.routes ?? [] };
}

/** The domain name serves as the only search domain, rooted, where no list is given (shill-behaviour 9.3). */
function readSearch(take: Take, domainName: string | undefined): readonly string[] {
  const list = take(optionCode.domainSearch, read.readSearchList) ?? [];
  return list.length === 0 && domainName !== undefined ? [`${domainName}.`] : list;
}

type Present<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Optional members are absent, never undefined (exactOptionalPropertyTypes). */
function withoutAbsent<T extends object>(values: T): Present<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Present<T>;
}
