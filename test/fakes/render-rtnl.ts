/**
 * The snapshot as text, one line a record, in the words of `ip`: for tests that compare whole
 * systems. Default values are left out.
 */
import type { Address, Family, Link, Route, Rule, Snapshot } from "../../src/rtnl/rtnl.ts";

/** Names of links; an index that is gone is shown as `if7`. */
export type LinkNames = (index: number) => string;

const namesFrom =
  (snapshot: Snapshot): LinkNames =>
  (index) =>
    snapshot.links.get(index)?.name ?? `if${index}`;

const namedScopes: Readonly<Record<number, string>> = { 200: "site", 253: "link", 254: "host", 255: "nowhere" };
const namedTables: Readonly<Record<number, string>> = { 253: "default", 254: "main", 255: "local" };
const namedProtocols: Readonly<Record<number, string>> = {
  1: "redirect",
  2: "kernel",
  3: "boot",
  4: "static",
  9: "ra",
  16: "dhcp",
};
/** IFAPROT_: origin of an address; other numbers than those of routes. */
const namedAddressProtocols: Readonly<Record<number, string>> = { 1: "kernel_lo", 2: "kernel_ra", 3: "kernel_ll" };
const mainTable = 254;

type Part = string | undefined | false;
const line = (...parts: readonly Part[]): string => parts.filter(Boolean).join(" ");
const word = (name: string, value: string | number | undefined): Part => value !== undefined && `${name} ${value}`;
const scopeWord = (scope: number): Part => scope !== 0 && `scope ${namedScopes[scope] ?? scope}`;
const protocolWord = (protocol: number): Part => protocol !== 0 && `proto ${namedProtocols[protocol] ?? protocol}`;
const familyWord = (family: Family): Part => family === 6 && "-6";

/** `eth0 up carrier mtu 1500 mac 02:00:00:00:00:01` */
export function renderLink(link: Link, names: LinkNames): string {
  return line(
    link.name,
    link.isUp ? "up" : "down",
    link.hasCarrier && "carrier",
    `mtu ${link.mtu}`,
    word("mac", link.mac),
    word("kind", link.kind),
    link.lowerLink !== undefined && `over ${link.isLowerLinkForeign ? `if${link.lowerLink}` : names(link.lowerLink)}`,
    link.master !== undefined && `master ${names(link.master)}`,
    link.alternativeNames.length > 0 && `also ${link.alternativeNames.join(",")}`,
  );
}

/** `10.0.0.2/24 dev eth0 proto 87 valid 3600s` */
export function renderAddress(address: Address, names: LinkNames): string {
  return line(
    `${address.address}/${address.prefixLength}`,
    word("peer", address.peer),
    word("brd", address.broadcast),
    `dev ${names(address.link)}`,
    scopeWord(address.scope),
    word("proto", namedAddressProtocols[address.protocol ?? 0] ?? address.protocol),
    address.validSeconds !== undefined && `valid ${address.validSeconds}s`,
    address.preferredSeconds !== undefined && `preferred ${address.preferredSeconds}s`,
  );
}

/** `default via 10.0.0.1 dev eth0 metric 1024 proto 87`; IPv6 routes begin with `-6`. */
export function renderRoute(route: Route, names: LinkNames): string {
  const isDefault = route.destination === "0.0.0.0/0" || route.destination === "::/0";
  return line(
    familyWord(route.family),
    route.type !== "unicast" && route.type,
    isDefault ? "default" : route.destination,
    word("via", route.gateway),
    route.hasSeveralNextHops && "via several",
    route.link !== undefined && `dev ${names(route.link)}`,
    route.table !== mainTable && `table ${namedTables[route.table] ?? route.table}`,
    route.metric !== 0 && `metric ${route.metric}`,
    scopeWord(route.scope),
    word("src", route.preferredSource),
    protocolWord(route.protocol),
    word("mtu", route.mtu),
    route.isOnLink && "onlink",
    word("pref", route.preference),
  );
}

/** `100: from 10.0.0.2/32 lookup 1002 proto 87`; IPv6 rules begin with `-6`. */
export function renderRule(rule: Rule): string {
  return line(
    familyWord(rule.family),
    `${rule.priority}:`,
    rule.isInverted && "not",
    `from ${rule.source ?? "all"}`,
    word("to", rule.destination),
    word("iif", rule.inputInterface),
    word("oif", rule.outputInterface),
    rule.mark !== undefined && `fwmark 0x${rule.mark.toString(16)}/0x${(rule.markMask ?? 0xffffffff).toString(16)}`,
    rule.hasOtherConditions && "[more conditions]",
    renderAction(rule),
    word("suppress_prefixlength", rule.suppressPrefixLength),
    protocolWord(rule.protocol),
  );
}

/**
 * The whole world, subject before each line, sorted so that equal worlds give equal text: links by index, the rest by
 * text, rules by family and priority.
 */
export function renderSnapshot(snapshot: Snapshot): string {
  const names = namesFrom(snapshot);
  const links = [...snapshot.links.values()].sort((a, b) => a.index - b.index);
  const lines = [
    ...links.map((link) => `link ${renderLink(link, names)}`),
    ...sorted(snapshot.addresses().map((address) => `address ${renderAddress(address, names)}`)),
    ...sorted(snapshot.routes().map((route) => `route ${renderRoute(route, names)}`)),
    ...snapshot.rules().map((rule) => `rule ${renderRule(rule)}`),
  ];
  return `${lines.join("\n")}\n`;
}

const sorted = (lines: readonly string[]): string[] => [...lines].sort();

function renderAction(rule: Rule): string {
  if (rule.action === "lookup") return `lookup ${namedTables[rule.table] ?? rule.table}`;
  return rule.gotoPriority === undefined ? rule.action : `${rule.action} ${rule.gotoPriority}`;
}
