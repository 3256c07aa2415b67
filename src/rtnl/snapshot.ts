/**
 * The snapshot as its maker sees it: tables with indexes by link and by table. Each change returns what listeners are to
 * be told; nothing is returned for a report that changes nothing. Arrays handed out are replaced, never changed, so that
 * a reader may walk one while the world goes on.
 */
import {
  isSameAddress,
  isSameAddressObject,
  isSameLink,
  isSameRoute,
  isSameRouteObject,
  routePlace,
} from "./identity.ts";
import type { Address, Delta, Family, Link, Route, Rule, Snapshot } from "./rtnl.ts";

/** A {@link Delta} before it has its reason. */
export type Change = Delta extends infer D ? (D extends Delta ? Omit<D, "reason"> : never) : never;

const nothing: readonly never[] = [];

interface StoredRoute {
  readonly route: Route;
  readonly place: string;
}

export class World implements Snapshot {
  readonly #links = new Map<number, Link>();
  /** Names and alternative names: the kernel lets no two links share one. */
  readonly #indexByName = new Map<string, number>();
  readonly #addresses = new Map<number, readonly Address[]>();
  /** A place holds more than one route only when somebody appended. */
  readonly #routes: Record<Family, Map<string, readonly StoredRoute[]>> = { 4: new Map(), 6: new Map() };
  readonly #routesByLink = new Map<number, Set<StoredRoute>>();
  readonly #routesByTable = new Map<number, Set<StoredRoute>>();
  readonly #rules = new Map<string, Rule>();

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
  routes(filter: { readonly table?: number; readonly link?: number } = {}): readonly Route[] {
    const { table, link } = filter;
    if (link === undefined && table === undefined) return this.#allRoutes();
    const candidates = link === undefined ? this.#routesByTable.get(table as number) : this.#routesByLink.get(link);
    const found: Route[] = [];
    for (const { route } of candidates ?? nothing) {
      if (table === undefined || route.table === table) found.push(route);
    }
    return found;
  }
  rules(family?: Family): readonly Rule[] {
    const rules = [...this.#rules.values()].filter((rule) => family === undefined || rule.family === family);
    return rules.sort((a, b) => a.family - b.family || a.priority - b.priority);
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
  /** Also takes along what the kernel did not announce one by one; the link itself is told last. */
  removeLink(index: number): Change[] {
    const link = this.#links.get(index);
    if (!link) return [];
    const changes: Change[] = this.removeRoutesOfLink(index);
    for (const address of this.addresses(index)) changes.push({ kind: "address-removed", address });
    this.#addresses.delete(index);
    this.#forgetNames(link);
    this.#links.delete(index);
    changes.push({ kind: "link-removed", link });
    return changes;
  }

  putAddress(address: Address): Change | undefined {
    const known = this.addresses(address.link);
    const before = known.find((other) => isSameAddressObject(other, address));
    if (before && isSameAddress(before, address)) return undefined;
    this.#addresses.set(
      address.link,
      before ? known.map((other) => (other === before ? address : other)) : [...known, address],
    );
    return before ? { kind: "address-changed", address, before } : { kind: "address-added", address };
  }
  removeAddress(address: Address): Change | undefined {
    const known = this.addresses(address.link);
    const before = known.find((other) => isSameAddressObject(other, address));
    if (!before) return undefined;
    if (known.length === 1) this.#addresses.delete(address.link);
    else
      this.#addresses.set(
        address.link,
        known.filter((other) => other !== before),
      );
    return { kind: "address-removed", address: before };
  }

  /** `extra`: see {@link routePlace}. A route told again with other properties is told as removed and added. */
  putRoute(route: Route, extra?: string): Change[] {
    const place = routePlace(route, extra);
    const before = this.#routes[route.family].get(place)?.find((other) => isSameRouteObject(other.route, route));
    if (before && isSameRoute(before.route, route)) return [];
    const changes: Change[] = before ? [this.#takeRoute(before)] : [];
    this.#storeRoute({ route, place });
    changes.push({ kind: "route-added", route });
    return changes;
  }
  removeRoute(route: Route, extra?: string): Change | undefined {
    const stored = this.#routes[route.family].get(routePlace(route, extra));
    const before = stored?.find((other) => isSameRouteObject(other.route, route));
    return before && this.#takeRoute(before);
  }
  /** The routes that share table, destination and metric (IPv6: and link) with this one. */
  routesInPlaceOf(route: Route, extra?: string): readonly Route[] {
    return (this.#routes[route.family].get(routePlace(route, extra)) ?? nothing).map((stored) => stored.route);
  }
  removeRoutesOfLink(index: number): Change[] {
    return [...(this.#routesByLink.get(index) ?? nothing)].map((stored) => this.#takeRoute(stored));
  }

  /** `key` tells apart rules that differ in what {@link Rule} does not show. */
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
  /** Rules with their keys, for the comparison of two worlds. */
  get keyedRules(): ReadonlyMap<string, Rule> {
    return this.#rules;
  }

  #forgetNames(link: Link): void {
    for (const name of [link.name, ...link.alternativeNames]) {
      // Two links that swapped names while news were lost: the name may belong to the other one by now.
      if (this.#indexByName.get(name) === link.index) this.#indexByName.delete(name);
    }
  }
  #allRoutes(): readonly Route[] {
    const all: Route[] = [];
    for (const stored of this.#routesByTable.values()) for (const { route } of stored) all.push(route);
    return all;
  }
  #storeRoute(stored: StoredRoute): void {
    const { route, place } = stored;
    const routes = this.#routes[route.family];
    const others = routes.get(place);
    routes.set(place, others ? [...others, stored] : [stored]);
    addTo(this.#routesByTable, route.table, stored);
    if (route.link !== undefined) addTo(this.#routesByLink, route.link, stored);
  }
  #takeRoute(stored: StoredRoute): Change {
    const { route, place } = stored;
    const routes = this.#routes[route.family];
    const others = (routes.get(place) ?? nothing).filter((other) => other !== stored);
    if (others.length === 0) routes.delete(place);
    else routes.set(place, others);
    takeFrom(this.#routesByTable, route.table, stored);
    if (route.link !== undefined) takeFrom(this.#routesByLink, route.link, stored);
    return { kind: "route-removed", route };
  }
}

function addTo<T>(index: Map<number, Set<T>>, key: number, item: T): void {
  const items = index.get(key);
  if (items) items.add(item);
  else index.set(key, new Set([item]));
}

function takeFrom<T>(index: Map<number, Set<T>>, key: number, item: T): void {
  const items = index.get(key);
  items?.delete(item);
  if (items?.size === 0) index.delete(key);
}
