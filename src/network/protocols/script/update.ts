/**
 * A handler script's news while it runs: netifd's notifications, one JSON object each. Pure; nothing of it is trusted.
 */
import { DaemonError } from "../../../base/errors.ts";
import { familyOf, networkOf, parseCidr } from "../../../base/ip-address.ts";
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
  | { readonly kind: "up"; readonly settings: IpSettings; readonly linkName?: string }
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

/** Throws InvalidArguments with the field that is wrong; then nothing of the notification counts. */
export function parseNotification(line: string): Notification {
  const of = parseObject(line);
  switch (of.action) {
    case 0:
      return of["link-up"] === true
        ? { kind: "up", settings: settingsOf(of), ...linkNameOf(of) }
        : { kind: "link-lost" };
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

type Fields = Readonly<Record<string, unknown>>;
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

function settingsOf(of: Fields): IpSettings {
  return {
    ...emptyIpSettings,
    ...familyIn("ipv4", 4, of, "ipaddr", "gateway"),
    ...familyIn("ipv6", 6, of, "ip6addr", "ip6gw"),
    routes: [...routesIn(of, "routes", 4), ...routesIn(of, "routes6", 6)],
    nameServers: texts("dns", of.dns ?? []).map((server) => address("dns", server)),
    searchDomains: texts("dns_search", of.dns_search ?? []),
  };
}
function familyIn(
  key: "ipv4" | "ipv6",
  family: 4 | 6,
  of: Fields,
  field: string,
  gateway: string,
): Partial<IpSettings> {
  const isExternal = of["address-external"] === true && { isKernels: true as const };
  const [first, ...others] = entries(field, of[field]).map((entry) => ({
    ...addressOf(field, entry, family),
    ...isExternal,
  }));
  if (!first) return {};
  const way = of[gateway];
  const own: IpFamilySettings = {
    ...{ family, ...first },
    ...(others.length > 0 && { others }),
    ...(way !== undefined && { gateway: address(gateway, way, family) }),
  };
  return { [key]: own };
}
function addressOf(field: string, { ipaddr, mask, preferred, valid }: Fields, family: 4 | 6): IpAddress {
  const prefixLength = prefixLengthOf(`${field}.mask`, mask ?? (family === 4 ? 32 : 128), family);
  return {
    ...{ address: address(`${field}.ipaddr`, ipaddr, family), prefixLength },
    ...(valid !== undefined && { validSeconds: seconds(`${field}.valid`, valid) }),
    ...(preferred !== undefined && { preferredSeconds: seconds(`${field}.preferred`, preferred) }),
  };
}
function address(field: string, value: unknown, family?: 4 | 6): string {
  const found = typeof value === "string" ? familyOf(value) : undefined;
  if (typeof value === "string" && found && (family === undefined || found === family)) return value;
  throw refusal(field, family === undefined ? "an address" : `an address of IPv${family}`);
}
/** 24, "24", or "255.255.255.0". */
function prefixLengthOf(field: string, value: unknown, family: 4 | 6): number {
  const mask = typeof value === "string" && family === 4 ? parseIpv4(value) : undefined;
  const length = mask === undefined ? Number(value) : prefixOfMask(mask);
  const isRight =
    length !== undefined && Number.isInteger(length) && length >= 0 && length <= (family === 4 ? 32 : 128);
  if (isRight) return length;
  throw refusal(field, "the length of a prefix");
}
function seconds(field: string, value: unknown): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= 0 && number <= 0xffffffff) return number;
  throw refusal(field, "a number of seconds");
}
const routesIn = (of: Fields, field: string, family: 4 | 6): readonly IpRoute[] =>
  entries(field, of[field]).map(({ target, netmask, gateway }) => ({
    destination: networkOf(
      parseCidr(`${address(`${field}.target`, target, family)}/${prefixLengthOf(`${field}.netmask`, netmask, family)}`),
    ),
    ...(gateway !== undefined && { gateway: address(`${field}.gateway`, gateway, family) }),
  }));
