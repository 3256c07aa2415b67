/**
 * A lease as text for the {@link LeaseKeeper}. The text read back may be damaged, hostile or of another version: all of
 * it is checked.
 */
import { broadcastOf, isHostIpv4, isSameSubnet, parseIpv4 } from "../../../base/ipv4.ts";
import type { IpFamilySettings, IpRoute, IpSettings } from "../../ip-settings.ts";
import { isDomainName } from "./domain-name.ts";
import type { BootMoment, DhcpLease } from "./lease.ts";
import * as read from "./option-values.ts";
import { infiniteLease, leaseTimes } from "./timing.ts";

const version = 1;
/** Longest text looked at; a lease of one packet needs a tenth. */
const longestText = 65_536;
const mostListEntries = 512;
export const leaseToJson = (lease: DhcpLease): string =>
  JSON.stringify({ version, ...lease, leaseSeconds: lease.leaseSeconds ?? infiniteLease });

/** By the wall clock, for the store. */
export const leaseExpiryMs = (lease: DhcpLease): number =>
  lease.leaseSeconds === undefined ? Number.MAX_SAFE_INTEGER : lease.grantedAtMs + lease.leaseSeconds * 1000;

export type LeaseFromJson = { readonly lease: DhcpLease } | { readonly ignored: string };

/** `client`: option 61 as this session sends it; a lease of another client is not ours to use. */
export function leaseFromJson(text: string, client: string): LeaseFromJson {
  if (text.length > longestText) return { ignored: "too long" };
  try {
    const lease = checkLease(new Fields(JSON.parse(text)));
    if (lease.client !== client) return { ignored: "of another client identifier" };
    return { lease };
  } catch (error) {
    return { ignored: error instanceof Error ? error.message : String(error) };
  }
}

/** The members of a JSON object, each taken with a check; every failure names the member. */
class Fields {
  readonly #values: Readonly<Record<string, unknown>>;
  constructor(value: unknown, what = "lease") {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      throw new Error(`${what} is not an object`);
    this.#values = value as Record<string, unknown>;
  }
  optional<T>(name: string, check: (value: unknown) => T | undefined): T | undefined {
    const value = Object.hasOwn(this.#values, name) ? this.#values[name] : undefined;
    return value === undefined ? undefined : required(name, check(value));
  }
  take<T>(name: string, check: (value: unknown) => T | undefined): T {
    return required(name, this.optional(name, check));
  }
  list<T>(name: string, check: (value: unknown) => T | undefined): readonly T[] {
    return this.take(name, (value) => {
      if (!Array.isArray(value) || value.length > mostListEntries) return undefined;
      return value.map((item) => required(name, check(item)));
    });
  }
  /** For spreading: the member, or nothing. */
  maybe<N extends string, T>(name: N, check: (value: unknown) => T | undefined): { readonly [K in N]?: T } {
    const value = this.optional(name, check);
    return value === undefined ? {} : ({ [name]: value } as { [K in N]?: T });
  }
}

function required<T>(name: string, value: T | undefined): T {
  if (value === undefined) throw new Error(`${name} is missing or wrong`);
  return value;
}

function checkLease(fields: Fields): DhcpLease {
  fields.take("version", (value) => (value === version ? version : undefined));
  const seconds = (value: unknown) =>
    typeof value === "number" && value > 0 && value <= infiniteLease ? value : undefined;
  const times = leaseTimes(
    fields.take("leaseSeconds", seconds),
    fields.optional("renewSeconds", seconds),
    fields.optional("rebindSeconds", seconds),
  );
  return {
    ...times,
    settings: fields.take("settings", (value) => checkSettings(new Fields(value, "settings"))),
    serverId: fields.take("serverId", hostText),
    serverMac: fields.take("serverMac", matching(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/)),
    grantedAtMs: fields.take("grantedAtMs", milliseconds),
    ...fields.maybe("boot", (value) => checkBoot(new Fields(value, "boot"))),
    client: fields.take("client", matching(/^([0-9a-f]{2}){2,255}$/)),
  };
}

const checkBoot = (fields: Fields): BootMoment => ({
  id: fields.take("id", matching(/^[0-9a-f-]{1,64}$/)),
  grantedAtMs: fields.take("grantedAtMs", milliseconds),
});
const milliseconds = (value: unknown): number | undefined =>
  Number.isSafeInteger(value) ? (value as number) : undefined;

function checkSettings(fields: Fields): IpSettings & { readonly ipv4: IpFamilySettings } {
  return {
    ipv4: fields.take("ipv4", (value) => checkAddressing(new Fields(value, "ipv4"))),
    routes: fields.list("routes", (value) => checkRoute(new Fields(value, "route"))),
    nameServers: fields.list("nameServers", hostText),
    ntpServers: fields.list("ntpServers", hostText),
    searchDomains: fields.list("searchDomains", searchDomain),
    ...fields.maybe("mtu", (value) => viaOption(read.readMtu, uint16(value))),
    ...fields.maybe("domainName", (value) => (typeof value === "string" && isDomainName(value) ? value : undefined)),
    ...fields.maybe("webProxyAutoDiscoveryUrl", (value) => viaOption(read.readProxyUrl, bytes(value))),
    ...fields.maybe("captivePortalUri", (value) => viaOption(read.readCaptivePortal, bytes(value))),
    ...fields.maybe("vendorEncapsulatedOptions", matching(/^([0-9a-f]{2})*$/)),
  };
}

function checkAddressing(fields: Fields): IpFamilySettings {
  const address = fields.take("address", hostText);
  const prefixLength = fields.take("prefixLength", prefix);
  const number = parseIpv4(address) as number;
  if (prefixLength === 0 || (prefixLength < 31 && number === broadcastOf(number, prefixLength))) {
    throw new Error(`address ${address}/${prefixLength} is not one of a host`);
  }
  const inSubnet = (value: unknown) => {
    const text = hostText(value);
    return text !== undefined && isSameSubnet(parseIpv4(text) as number, number, prefixLength) ? text : undefined;
  };
  const broadcast = fields.maybe("broadcast", inSubnet);
  const way = {
    ...fields.maybe("gateway", hostText),
    ...fields.maybe("isAllOnLink", (value) => value === true || undefined),
  };
  if ("gateway" in way && "isAllOnLink" in way) throw new Error("a gateway, and all is on the link");
  return { family: 4, address, prefixLength, ...broadcast, ...way } as IpFamilySettings;
}

function checkRoute(fields: Fields): IpRoute {
  const destination = fields.take("destination", (value) => {
    const [network, length, ...rest] = typeof value === "string" ? value.split("/") : [];
    const number = parseIpv4(network ?? "");
    const isRight = number !== undefined && rest.length === 0 && /^([1-9]|[12]\d|3[0-2])$/.test(length ?? "");
    return isRight ? (value as string) : undefined;
  });
  return { destination, ...fields.maybe("gateway", hostText) };
}

const hostText = (value: unknown): string | undefined => {
  const address = typeof value === "string" ? parseIpv4(value) : undefined;
  return address !== undefined && isHostIpv4(address) ? (value as string) : undefined;
};
const prefix = (value: unknown): number | undefined =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 32 ? (value as number) : undefined;
const searchDomain = (value: unknown): string | undefined =>
  typeof value === "string" && isDomainName(value.replace(/\.$/, "")) ? value : undefined;
const matching =
  (pattern: RegExp) =>
  (value: unknown): string | undefined =>
    typeof value === "string" && pattern.test(value) ? value : undefined;

/** The same check as for the option it came from. */
const viaOption = <T>(reader: (data: Buffer) => T | undefined, data: Buffer | undefined): T | undefined =>
  data && reader(data);
const bytes = (value: unknown): Buffer | undefined => (typeof value === "string" ? Buffer.from(value) : undefined);
const uint16 = (value: unknown): Buffer | undefined =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0xffff
    ? Buffer.of((value as number) >> 8, (value as number) & 255)
    : undefined;
