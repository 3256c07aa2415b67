/**
 * StaticIPConfig as people type it: `address=192.0.2.5/24 gateway=192.0.2.1 dns=192.0.2.1,192.0.2.2`, also with
 * addresses of IPv6, which the daemon has in a property of their own. The daemon ignores text that does not parse
 * (docs/contract/shill.md, Addressing); a person is told instead.
 */
import { isIP, isIPv4, isIPv6 } from "node:net";
import { parseIpv4, prefixOfMask } from "../../base/ipv4.ts";
import type { WireVariant } from "../../base/property.ts";
import { usageFailure } from "../failure.ts";
import { quoted } from "../view/object-names.ts";

interface Key {
  readonly name: string;
  readonly signature: "s" | "i" | "as";
  readonly expected: string;
  isValid(text: string): boolean;
}

const isCidr = (text: string): boolean => {
  const [, address = "", length = ""] = /^([^/]*)\/(\d{1,3})$/.exec(text) ?? [];
  const family = isIP(address);
  return family !== 0 && Number(length) <= (family === 4 ? 32 : 128);
};
const isWithin = (low: number, high: number) => (text: string) =>
  /^\d{1,5}$/.test(text) && Number(text) >= low && Number(text) <= high;

const routes = (name: string): Key => ({
  name,
  signature: "as",
  expected: "networks such as 192.0.2.0/24",
  isValid: isCidr,
});
const servers: Key = {
  name: "NameServers",
  signature: "as",
  expected: "IP addresses",
  isValid: (text) => isIP(text) !== 0,
};
const domains: Key = {
  name: "SearchDomains",
  signature: "as",
  expected: "domain names",
  isValid: (text) => text.length <= 255 && /^[\x21-\x7e\u0080-\uffff]+$/.test(text),
};

const length: Key = {
  name: "Prefixlen",
  signature: "i",
  expected: "a number from 1 to 32, or a mask such as 255.255.255.0",
  isValid: isWithin(1, 32),
};

/** In lower case; besides the names of the bus, those that people know. */
const keys: Readonly<Record<string, Key>> = {
  address: { name: "Address", signature: "s", expected: "an address such as 192.0.2.5/24", isValid: isIPv4 },
  prefixlen: length,
  netmask: length,
  gateway: { name: "Gateway", signature: "s", expected: "an IP address", isValid: isIPv4 },
  mtu: { name: "Mtu", signature: "i", expected: "bytes from 68 to 65535", isValid: isWithin(68, 65535) },
  nameservers: servers,
  dns: servers,
  searchdomains: domains,
  search: domains,
  includedroutes: routes("IncludedRoutes"),
  include: routes("IncludedRoutes"),
  excludedroutes: routes("ExcludedRoutes"),
  exclude: routes("ExcludedRoutes"),
};

/** Names for completion. */
export const staticIpWords: readonly string[] = ["address", "gateway", "dns", "search", "mtu", "include", "exclude"];

type Dictionary = ReadonlyMap<string, WireVariant>;
/** The whole new values of both properties. */
export interface StaticIpWords {
  /** StaticIPConfig. */
  readonly common: Dictionary;
  /** StaticIPv6Config; empty: nothing of IPv6 is fixed. */
  readonly ipv6: Dictionary;
}

/** Throws a usage {@link import("../failure.ts").Failure} that names the word. */
export function parseStaticIp(words: readonly string[]): StaticIpWords {
  const isOfIpv6 = (word: string) => ipv6Word.test(word);
  return {
    common: parseCommon(words.filter((word) => !isOfIpv6(word))),
    ipv6: parseIpv6(words.filter(isOfIpv6)),
  };
}

/** A colon tells the families apart. */
const ipv6Word = /^(address|gateway)=[^=]*:/i;

function parseIpv6(words: readonly string[]): Dictionary {
  const addresses: string[] = [];
  const gateways: string[] = [];
  for (const word of words) {
    const [key = "", text = ""] = word.split("=", 2);
    if (key.toLowerCase() === "address") addresses.push(...text.split(","));
    else gateways.push(text);
  }
  for (const text of addresses) {
    if (isCidr(text) && isIPv4(text.split("/", 1)[0] as string))
      throw usageFailure("each family takes a word of its own: address=192.0.2.5/24 address=2001:db8::5/64");
    if (!isCidr(text) || !isIPv6(text.split("/", 1)[0] as string))
      throw usageFailure(`address takes an address such as 2001:db8::5/64, not ${quoted(text)}`);
  }
  const [gateway, second] = gateways;
  if (second !== undefined) throw usageFailure("gateway of IPv6 is given twice");
  if (gateway !== undefined && !isIPv6(gateway))
    throw usageFailure(`gateway takes an IP address, not ${quoted(gateway)}`);
  return new Map<string, WireVariant>([
    ...(addresses.length > 0 ? [["Addresses", { signature: "as", value: addresses }] as const] : []),
    ...(gateway !== undefined ? [["Gateway", { signature: "s", value: gateway }] as const] : []),
  ]);
}

function parseCommon(words: readonly string[]): Dictionary {
  const dictionary = new Map<string, WireVariant>();
  for (const word of words.flatMap(splitAddress)) {
    const [, given, text = ""] = /^([^=]+)=([\s\S]*)$/.exec(word) ?? [];
    if (given === undefined) throw refusal(`StaticIPConfig takes key=value, not ${quoted(word)}`);
    const key = Object.hasOwn(keys, given.toLowerCase()) ? keys[given.toLowerCase()] : undefined;
    if (!key) throw refusal(`StaticIPConfig has no key ${quoted(given)}`);
    put(dictionary, key, given, text);
  }
  if (dictionary.has("Address") && !dictionary.has("Prefixlen")) {
    throw usageFailure("address needs the length of its prefix: address=192.0.2.5/24");
  }
  return dictionary;
}

const refusal = (message: string) =>
  usageFailure(message, [
    `keys: ${[...staticIpWords, "prefixlen"].join(", ")}`,
    "back to the network's own addresses: --clear in place of all of them",
  ]);

/** `address=A/N` is both the address and the length of its prefix, which older tools write as a mask. */
function splitAddress(word: string): string[] {
  const [, key = "", address = "", length = ""] = /^(address)=([^/]*)\/(.*)$/i.exec(word) ?? [];
  return key === "" ? [word] : [`address=${address}`, `prefixlen=${length}`];
}

/** The length of a mask's prefix, alone or behind a network; every other text stays as it is. */
function withoutMask(text: string): string {
  const [, before = "", mask = ""] = /^([^/]*\/)?(\d+\.\d+\.\d+\.\d+)$/.exec(text) ?? [];
  const number = parseIpv4(mask);
  const length = number === undefined ? undefined : prefixOfMask(number);
  return length === undefined ? text : `${before}${length}`;
}
const takesMasks: ReadonlySet<string> = new Set(["Prefixlen", "IncludedRoutes", "ExcludedRoutes"]);

function put(dictionary: Map<string, WireVariant>, key: Key, given: string, text: string): void {
  const parts = key.signature === "as" ? text.split(",").filter((item) => item !== "") : [text];
  const items = takesMasks.has(key.name) ? parts.map(withoutMask) : parts;
  for (const item of items) {
    if (!key.isValid(item)) throw usageFailure(`${given} takes ${key.expected}, not ${quoted(item)}`);
  }
  const before = dictionary.get(key.name)?.value;
  if (key.signature === "as") {
    dictionary.set(key.name, { signature: "as", value: [...((before as string[]) ?? []), ...items] });
    return;
  }
  if (before !== undefined) throw usageFailure(`${given} is given twice`);
  dictionary.set(key.name, { signature: key.signature, value: key.signature === "i" ? Number(items[0]) : text });
}
