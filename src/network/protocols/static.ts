import { DaemonError } from "../../base/errors.ts";
import { broadcastOf, formatIpv4, isHostIpv4, maskOfPrefix, parseIpv4 } from "../../base/ipv4.ts";
import type { IpRoute, IpSettings } from "../ip-settings.ts";
import { isDomainName } from "./dhcp4/domain-name.ts";
import type { ProtocolHandler } from "./handler.ts";

/** IPv4 as written down by a person. */
export interface StaticConfig {
  readonly address: string;
  /** 1 to 32. */
  readonly prefixLength: number;
  /** May be outside the subnet: it is then taken to be on the link. Absent: no default route. */
  readonly gateway?: string;
  readonly nameServers: readonly string[];
  readonly searchDomains: readonly string[];
  /** 68 (RFC 791) to 65,535 bytes. */
  readonly mtu?: number;
  readonly routes: readonly IpRoute[];
}

/** Up as soon as it is set up; there is nobody to ask. */
export const staticHandler: ProtocolHandler<StaticConfig> = {
  name: "static",
  immediate: true,
  /** Throws DaemonError InvalidArguments that names the member. */
  attach(_link, config) {
    const settings = settingsOfStatic(config);
    return {
      setup: (abort) =>
        abort.aborted ? Promise.reject(new DaemonError("OperationAborted")) : Promise.resolve(settings),
      teardown: () => Promise.resolve(),
    };
  },
};

/** Throws DaemonError InvalidArguments that names the member and what is wrong with it. */
export function settingsOfStatic(config: StaticConfig): IpSettings {
  const { prefixLength, mtu, gateway } = config;
  const address = hostAddress("address", config.address);
  checkInteger("prefixLength", prefixLength, 1, 32);
  if (prefixLength < 31 && address === broadcastOf(address, prefixLength)) {
    throw invalid("address", `${config.address} is the broadcast address of its subnet`);
  }
  if (gateway !== undefined && hostAddress("gateway", gateway) === address) {
    throw invalid("gateway", "is this host itself");
  }
  if (mtu !== undefined) checkInteger("mtu", mtu, 68, 65_535);
  for (const server of config.nameServers) hostAddress("nameServers", server, { mayBeLoopback: true });
  const badDomain = config.searchDomains.find((name) => !isDomainName(name.replace(/\.$/, "")));
  if (badDomain !== undefined) throw invalid("searchDomains", `${JSON.stringify(badDomain)} is not a domain name`);
  return {
    ipv4: { family: 4, address: config.address, prefixLength, ...(gateway !== undefined && { gateway }) },
    routes: config.routes.map(checkRoute),
    nameServers: [...config.nameServers],
    searchDomains: [...config.searchDomains],
    ntpServers: [],
    ...(mtu !== undefined && { mtu }),
  };
}

/** Bits beyond the prefix are refused: they would mean that something else was intended. */
function checkRoute(route: IpRoute): IpRoute {
  const [network = "", length = "", ...rest] = route.destination.split("/");
  const number = parseIpv4(network);
  const isCidr = number !== undefined && rest.length === 0 && /^(\d|[12]\d|3[0-2])$/.test(length);
  if (!isCidr) throw invalid("routes", `${JSON.stringify(route.destination)} is not an IPv4 network`);
  if ((number & maskOfPrefix(Number(length))) >>> 0 !== number) {
    throw invalid("routes", `${route.destination} has bits beyond its prefix`);
  }
  if (route.gateway !== undefined) hostAddress("routes", route.gateway);
  return route;
}

function hostAddress(member: string, text: string, { mayBeLoopback = false } = {}): number {
  const address = parseIpv4(text);
  if (address === undefined) throw invalid(member, `${JSON.stringify(text)} is not an IPv4 address`);
  const isLoopback = address >>> 24 === 127;
  if (!isHostIpv4(address) && !(mayBeLoopback && isLoopback)) {
    throw invalid(member, `${formatIpv4(address)} is not an address of a host`);
  }
  return address;
}

function checkInteger(member: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw invalid(member, `must be a whole number from ${least} to ${most}`);
  }
}

const invalid = (member: string, what: string) =>
  new DaemonError("InvalidArguments", `static ${member}: ${what}`, { context: { member } });
