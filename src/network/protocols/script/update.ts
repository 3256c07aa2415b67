/**
 * A handler script's news while it runs: netifd's notifications, one JSON object each. Pure; nothing of it is trusted.
 */
import { DaemonError } from "../../../base/errors.ts";
import {
  addressBits,
  canonicalServer,
  familyOf,
  formatIpAddress,
  networkOf,
  parseCidr,
  parseIpAddress,
} from "../../../base/ip-address.ts";
import { parseIpv4, prefixOfMask } from "../../../base/ipv4.ts";
import { isLinkName } from "../../../base/names.ts";
import {
  emptyIpSettings,
  type IpAddress,
  type IpFamilySettings,
  type IpRoute,
  type IpSettings,
} from "../../ip-settings.ts";
import { parseObject } from "./description.ts";

export type Notification =
  /** `linkName`: of the link that has the settings; absent: the one that the handler was given. */
  | {
      readonly kind: "up";
      readonly settings: IpSettings;
      readonly linkName?: string;
      /** Faults of the entries that are left out. */
      readonly leftOut: readonly string[];
    }
  | { readonly kind: "link-lost" }
  | {
      readonly kind: "run";
      readonly argv: readonly [string, ...string[]];
      readonly environment: Readonly<Record<string, string>>;
    }
  | { readonly kind: "kill" }
  /** Code, then data. */
  | { readonly kind: "error"; readonly words: readonly string[] }
  | { readonly kind: "setup-failed" }
  /** Of netifd's language, and nothing is done with it. */
  | { readonly kind: "unsupported"; readonly action: number };

const most = { entries: 256, words: 64, environment: 32, errors: 16 } as const;

/**
 * Throws InvalidArguments with the field that is wrong; then nothing of the notification counts. A route, a name server
 * or a search domain that is none is left out, as by netifd.
 */
export function parseNotification(line: string): Notification {
  const of = parseObject(line);
  switch (of.action) {
    case 0:
      return of["link-up"] === true ? { kind: "up", ...settingsOf(of), ...linkNameOf(of) } : { kind: "link-lost" };
    case 1:
      return { kind: "run", ...commandOf(of) };
    case 2:
      return { kind: "kill" };
    case 3:
      return { kind: "error", words: texts("error", of.error ?? [], most.errors) };
    case 7:
      return { kind: "setup-failed" };
    default:
      if (typeof of.action === "number") return { kind: "unsupported", action: of.action };
      throw refusal("action", "a number");
  }
}
const refusal = (field: string, rule: string): DaemonError =>
  new DaemonError("InvalidArguments", `${field} is not ${rule}`);

/** Reads the entries that can be read, and notes what is wrong with the others. */
function usable<T, R>(entries: readonly T[], leftOut: Set<string>, read: (entry: T) => R): readonly R[] {
  return entries.flatMap((entry) => {
    try {
      return [read(entry)];
    } catch (error) {
      if (!(error instanceof DaemonError)) throw error;
      leftOut.add(error.message);
      return [];
    }
  });
}

type Fields = Readonly<Record<string, unknown>>;
function list(field: string, value: unknown, most: number): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value) && value.length <= most) return value;
  throw refusal(field, `a list of at most ${most} entries`);
}
function entries(field: string, value: unknown): readonly Fields[] {
  if (value === undefined) return [];
  const isList = Array.isArray(value) && value.length <= most.entries;
  if (isList && value.every((one) => typeof one === "object" && one !== null)) return value;
  throw refusal(field, `a list of at most ${most.entries} tables`);
}
function texts(field: string, value: unknown, mostWords: number = most.words): readonly string[] {
  const isList = Array.isArray(value) && value.length <= mostWords;
  if (isList && value.every((one) => typeof one === "string" && !one.includes("\0"))) return value;
  throw refusal(field, `a list of at most ${mostWords} words`);
}

function commandOf(of: Fields): Pick<Extract<Notification, { kind: "run" }>, "argv" | "environment"> {
  const [program, ...rest] = texts("command", of.command);
  if (!program?.startsWith("/")) throw refusal("command", "a program by its absolute path");
  const environment = texts("env", of.env ?? [], most.environment).map((entry) => {
    const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(entry) ?? [];
    if (name === undefined || value === undefined) throw refusal("env", "a list of NAME=VALUE");
    return [name, value] as const;
  });
  return { argv: [program, ...rest], environment: Object.fromEntries(environment) };
}

function linkNameOf({ ifname }: Fields): { readonly linkName?: string } {
  if (ifname === undefined) return {};
  if (typeof ifname === "string" && isLinkName(ifname)) return { linkName: ifname };
  throw refusal("ifname", "the name of a link");
}

function settingsOf(of: Fields): { readonly settings: IpSettings; readonly leftOut: readonly string[] } {
  const leftOut = new Set<string>();
  const routes = [...routesIn(of, "routes", 4, leftOut), ...routesIn(of, "routes6", 6, leftOut)];
  const settings: IpSettings = {
    ...emptyIpSettings,
    ...familyIn("ipv4", 4, of, "ipaddr", "gateway", routes),
    ...familyIn("ipv6", 6, of, "ip6addr", "ip6gw", routes),
    routes: routes.filter(({ destination }) => !destination.endsWith("/0")),
    nameServers: usable(list("dns", of.dns, most.words), leftOut, (server) => serverIn("dns", server)),
    searchDomains: usable(list("dns_search", of.dns_search, most.words), leftOut, domainIn),
  };
  return { settings, leftOut: [...leftOut] };
}
function domainIn(value: unknown): string {
  const [domain] = texts("dns_search", [value]);
  if (domain !== undefined && domain !== "") return domain;
  throw refusal("dns_search", "a domain");
}
function familyIn(
  key: "ipv4" | "ipv6",
  family: 4 | 6,
  of: Fields,
  field: string,
  gateway: string,
  routes: readonly IpRoute[],
): Partial<IpSettings> {
  const isExternal = of["address-external"] === true && { isKernels: true as const };
  const [first, ...others] = entries(field, of[field]).map((entry) => ({
    ...addressOf(field, entry, family),
    ...isExternal,
  }));
  if (!first) return {};
  const own: IpFamilySettings = {
    ...{ family, ...first },
    ...(others.length > 0 && { others }),
    ...wayOut(family, of[gateway], gateway, routes),
  };
  return { [key]: own };
}
/** Named by itself, or as netifd's scripts do it: by a route to everywhere, which need not have a gateway. */
function wayOut(family: 4 | 6, value: unknown, field: string, routes: readonly IpRoute[]): Partial<IpFamilySettings> {
  if (value !== undefined) return { gateway: address(field, value, family) };
  const route = routes.find(({ destination }) => destination === defaultDestination[family]);
  if (!route) return {};
  return route.gateway === undefined ? { isAllOnLink: true } : { gateway: route.gateway };
}
const defaultDestination = { 4: "0.0.0.0/0", 6: "::/0" } as const;

function addressOf(field: string, { ipaddr, mask, preferred, valid }: Fields, family: 4 | 6): IpAddress {
  const prefixLength = prefixLengthOf(`${field}.mask`, mask ?? addressBits(family), family);
  return {
    ...{ address: address(`${field}.ipaddr`, ipaddr, family), prefixLength },
    ...(valid !== undefined && { validSeconds: seconds(`${field}.valid`, valid) }),
    ...(preferred !== undefined && { preferredSeconds: seconds(`${field}.preferred`, preferred) }),
  };
}
/** In canonical text, as the kernel's news have it. */
function address(field: string, value: unknown, family: 4 | 6): string {
  const found = typeof value === "string" ? familyOf(value) : undefined;
  if (typeof value === "string" && found === family) return formatIpAddress(found, parseIpAddress(value));
  throw refusal(field, `an address of IPv${family}`);
}
/** A link-local one may name its link. */
function serverIn(field: string, value: unknown): string {
  const server = typeof value === "string" ? canonicalServer(value) : undefined;
  if (server !== undefined) return server;
  throw refusal(field, "an address");
}
/** 24, "24", or "255.255.255.0". */
function prefixLengthOf(field: string, value: unknown, family: 4 | 6): number {
  const mask = typeof value === "string" && family === 4 ? parseIpv4(value) : undefined;
  const length = mask === undefined ? wholeNumber(value) : prefixOfMask(mask);
  if (length !== undefined && length <= addressBits(family)) return length;
  throw refusal(field, "the length of a prefix");
}
function seconds(field: string, value: unknown): number {
  const number = wholeNumber(value);
  if (number !== undefined && number <= 0xffffffff) return number;
  throw refusal(field, "a number of seconds");
}
/** A shell has all its numbers as text. */
function wholeNumber(value: unknown): number | undefined {
  if (typeof value === "string") return /^\d{1,10}$/.test(value) ? Number(value) : undefined;
  return typeof value === "number" && Number.isInteger(value) && value >= 0 ? value : undefined;
}
const routesIn = (of: Fields, field: string, family: 4 | 6, leftOut: Set<string>): readonly IpRoute[] =>
  usable(list(field, of[field], most.entries), leftOut, (entry) => {
    const [{ target, netmask, gateway } = {}] = entries(field, [entry]);
    const length = prefixLengthOf(`${field}.netmask`, netmask ?? addressBits(family), family);
    return {
      destination: networkOf(parseCidr(`${address(`${field}.target`, target, family)}/${length}`)),
      ...(gateway !== undefined && { gateway: address(`${field}.gateway`, gateway, family) }),
    };
  });
