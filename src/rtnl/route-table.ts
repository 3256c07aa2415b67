/** Routes with indexes by place, by link and by table, for hundreds of thousands of them. */
import { isSameRoute, isSameRouteObject, routePlace } from "./identity.ts";
import type { Change, Family, Route } from "./rtnl.ts";

export interface RouteFilter {
  readonly table?: number;
  readonly link?: number;
}

/** A route with the parts that tell it apart besides; see {@link routePlace}. */
export interface RouteReport {
  readonly route: Route;
  readonly extra: string;
}

const none: readonly never[] = [];

export class RouteTable {
  readonly #places: Readonly<Record<Family, Map<string, RouteReport[]>>> = { 4: new Map(), 6: new Map() };
  readonly #byLink = new Map<number, Set<RouteReport>>();
  readonly #byTable = new Map<number, Set<RouteReport>>();
  readonly #severalNextHops = new Set<RouteReport>();

  list({ table, link }: RouteFilter): readonly Route[] {
    if (table === undefined && link === undefined) return this.#all();
    const candidates = link === undefined ? this.#byTable.get(table as number) : this.#byLink.get(link);
    const found: Route[] = [];
    for (const { route } of candidates ?? none) if (table === undefined || route.table === table) found.push(route);
    return found;
  }
  /** Routes with more than one next hop, which lead over links that {@link Route} does not name. */
  get withSeveralNextHops(): readonly Route[] {
    return [...this.#severalNextHops].map(({ route }) => route);
  }
  /**
   * Those with the same table, destination and metric, over any link, in the order they came. For IPv6 the whole table
   * is looked through.
   */
  inPlaceOf({ route, extra }: RouteReport): readonly Route[] {
    const isAlike = (other: RouteReport): boolean =>
      other.route.family === route.family &&
      other.route.destination === route.destination &&
      other.route.metric === route.metric &&
      other.extra === extra;
    const candidates =
      route.family === 4 ? this.#places[4].get(routePlace(route, extra)) : this.#byTable.get(route.table);
    return [...(candidates ?? none)].filter(isAlike).map((stored) => stored.route);
  }
  /** A route told again with other properties is told as removed and added. */
  put(report: RouteReport): Change[] {
    const { route } = report;
    const before = this.#find(report);
    if (before && isSameRoute(before.route, route)) return [];
    const changes: Change[] = before ? [this.#take(before)] : [];
    this.#store(report);
    changes.push({ kind: "route-added", route });
    return changes;
  }
  remove(report: RouteReport): Change | undefined {
    const stored = this.#find(report);
    return stored && this.#take(stored);
  }
  removeOfLink(link: number, family?: Family): Change[] {
    const stored = [...(this.#byLink.get(link) ?? none)];
    return stored.filter(({ route }) => family === undefined || route.family === family).map((one) => this.#take(one));
  }
  /** Makes all routes of a family and a table be those reported. */
  replace(family: Family, table: number, reports: readonly RouteReport[]): Change[] {
    const kept = new Set(reports.map((report) => this.#find(report)));
    const gone = [...(this.#byTable.get(table) ?? none)].filter(
      (stored) => stored.route.family === family && !kept.has(stored),
    );
    return [...gone.map((stored) => this.#take(stored)), ...reports.flatMap((report) => this.put(report))];
  }
  /** Changes to tell for this table to become `after`; it is not changed. */
  differences(after: RouteTable): { readonly removed: Change[]; readonly added: Change[] } {
    return {
      removed: this.#missingFrom(after).map((route) => ({ kind: "route-removed", route })),
      added: after.#missingFrom(this).map((route) => ({ kind: "route-added", route })),
    };
  }
  #missingFrom(other: RouteTable): Route[] {
    const missing: Route[] = [];
    for (const stored of this.#byTable.values()) {
      for (const report of stored) {
        const twin = other.#find(report);
        if (!twin || !isSameRoute(twin.route, report.route)) missing.push(report.route);
      }
    }
    return missing;
  }
  #all(): readonly Route[] {
    const all: Route[] = [];
    for (const stored of this.#byTable.values()) for (const { route } of stored) all.push(route);
    return all;
  }
  #find({ route, extra }: RouteReport): RouteReport | undefined {
    const inPlace = this.#places[route.family].get(routePlace(route, extra));
    return inPlace?.find((other) => isSameRouteObject(other.route, route));
  }
  #store(stored: RouteReport): void {
    const { route, extra } = stored;
    const place = routePlace(route, extra);
    const places = this.#places[route.family];
    const others = places.get(place);
    if (others) others.push(stored);
    else places.set(place, [stored]);
    addTo(this.#byTable, route.table, stored);
    if (route.link !== undefined) addTo(this.#byLink, route.link, stored);
    if (route.hasSeveralNextHops) this.#severalNextHops.add(stored);
  }
  #take(stored: RouteReport): Change {
    const { route, extra } = stored;
    const place = routePlace(route, extra);
    const others = this.#places[route.family].get(place) ?? [];
    others.splice(others.indexOf(stored), 1);
    if (others.length === 0) this.#places[route.family].delete(place);
    takeFrom(this.#byTable, route.table, stored);
    if (route.link !== undefined) takeFrom(this.#byLink, route.link, stored);
    this.#severalNextHops.delete(stored);
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
