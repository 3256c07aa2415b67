/**
 * The snapshot as its maker sees it: tables with indexes by link and by table. Each change returns the news for
 * listeners; nothing is returned for a report that changes nothing. Arrays handed out are replaced, never changed, so
 * that a reader may walk one while the world goes on.
 */
import { isSameAddress, isSameAddressObject, isSameLink } from "./identity.ts";
import { isSameIpv6Link } from "./ipv6-link-messages.ts";
import { type RouteFilter, type RouteReport, RouteTable } from "./route-table.ts";
import type { Address, Change, Family, Ipv6Link, Link, Route, Rule, Snapshot } from "./rtnl.ts";

const nothing: readonly never[] = [];

export class World implements Snapshot {
  #links = new Map<number, Link>();
  /** Names and alternative names: the kernel lets no two links share one. */
  #indexByName = new Map<string, number>();
  #addresses = new Map<number, readonly Address[]>();
  /** Only addresses with an end have an entry. */
  #lifetimesSetAt = new WeakMap<Address, number>();
  #routes = new RouteTable();
  #rules = new Map<string, Rule>();
  #ipv6Links = new Map<number, Ipv6Link>();

  get links(): ReadonlyMap<number, Link> {
    return this.#links;
  }
  linkByName(name: string): Link | undefined {
    const index = this.#indexByName.get(name);
    return index === undefined ? undefined : this.#links.get(index);
  }
  addresses(link?: number): readonly Address[] {
    if (link !== undefined) return this.#addresses.get(link) ?? nothing;
    return [...this.#addresses.values()].flat();
  }
  routes(filter: RouteFilter = {}): readonly Route[] {
    return this.#routes.list(filter);
  }
  rules(family?: Family): readonly Rule[] {
    const rules = [...this.#rules.values()].filter((rule) => family === undefined || rule.family === family);
    return rules.sort((a, b) => a.family - b.family || a.priority - b.priority);
  }
  get ipv6Links(): ReadonlyMap<number, Ipv6Link> {
    return this.#ipv6Links;
  }
  get routeTable(): RouteTable {
    return this.#routes;
  }
  /** Rules with the keys given to {@link putRule}. */
  get keyedRules(): ReadonlyMap<string, Rule> {
    return this.#rules;
  }
  /** As given to {@link putAddress}. */
  lifetimesSetAt(address: Address): number {
    return this.#lifetimesSetAt.get(address) ?? 0;
  }
  /** Takes over everything of a world made anew, which must not be used any more. */
  become(other: World): void {
    this.#links = other.#links;
    this.#indexByName = other.#indexByName;
    this.#addresses = other.#addresses;
    this.#lifetimesSetAt = other.#lifetimesSetAt;
    this.#routes = other.#routes;
    this.#rules = other.#rules;
    this.#ipv6Links = other.#ipv6Links;
  }

  putLink(link: Link): Change | undefined {
    const before = this.#links.get(link.index);
    if (before && isSameLink(before, link)) return undefined;
    if (before) this.#forgetNames(before);
    this.#links.set(link.index, link);
    this.#indexByName.set(link.name, link.index);
    for (const name of link.alternativeNames) this.#indexByName.set(name, link.index);
    return before ? { kind: "link-changed", link, before } : { kind: "link-added", link };
  }
  /** Also removes objects that the kernel did not announce one by one; the link itself is told last. */
  removeLink(index: number): Change[] {
    const link = this.#links.get(index);
    if (!link) return [];
    const changes: Change[] = this.#routes.removeOfLink(index);
    for (const address of this.addresses(index)) changes.push({ kind: "address-removed", address });
    this.#addresses.delete(index);
    this.#ipv6Links.delete(index);
    this.#forgetNames(link);
    this.#links.delete(index);
    changes.push({ kind: "link-removed", link });
    return changes;
  }

  putIpv6Link(ipv6: Ipv6Link): Change | undefined {
    const before = this.#ipv6Links.get(ipv6.link);
    if (!this.#links.has(ipv6.link) || (before && isSameIpv6Link(before, ipv6))) return undefined;
    this.#ipv6Links.set(ipv6.link, ipv6);
    return { kind: "ipv6-link-changed", ipv6 };
  }

  /** `lifetimesSetAt`: see {@link DecodedAddress}; for the comparison of two worlds. */
  putAddress(address: Address, lifetimesSetAt = 0): Change | undefined {
    const known = this.addresses(address.link);
    const before = known.find((other) => isSameAddressObject(other, address));
    if (before && isSameAddress(before, address)) return undefined;
    const addresses = before ? known.map((other) => (other === before ? address : other)) : [...known, address];
    this.#addresses.set(address.link, addresses);
    if (lifetimesSetAt !== 0) this.#lifetimesSetAt.set(address, lifetimesSetAt);
    return before ? { kind: "address-changed", address, before } : { kind: "address-added", address };
  }
  removeAddress(address: Address): Change | undefined {
    const known = this.addresses(address.link);
    const before = known.find((other) => isSameAddressObject(other, address));
    if (!before) return undefined;
    const left = known.filter((other) => other !== before);
    if (left.length === 0) this.#addresses.delete(address.link);
    else this.#addresses.set(address.link, left);
    return { kind: "address-removed", address: before };
  }

  putRoute(route: Route, extra = ""): Change[] {
    return this.#routes.put({ route, extra });
  }
  removeRoute(route: Route, extra = ""): Change | undefined {
    return this.#routes.remove({ route, extra });
  }
  replaceRoutes(family: Family, table: number, reports: readonly RouteReport[]): Change[] {
    return this.#routes.replace(family, table, reports);
  }

  /** `key` tells apart rules that look alike in {@link Rule}. */
  putRule(key: string, rule: Rule): Change | undefined {
    if (this.#rules.has(key)) return undefined;
    this.#rules.set(key, rule);
    return { kind: "rule-added", rule };
  }
  removeRule(key: string): Change | undefined {
    const rule = this.#rules.get(key);
    if (!rule) return undefined;
    this.#rules.delete(key);
    return { kind: "rule-removed", rule };
  }

  #forgetNames(link: Link): void {
    for (const name of [link.name, ...link.alternativeNames]) {
      // Two links that swapped names while news were lost: the name may belong to the other one by now.
      if (this.#indexByName.get(name) === link.index) this.#indexByName.delete(name);
    }
  }
}
