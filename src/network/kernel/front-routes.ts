/** By which default route packets leave, according to the kernel's main table. Pure. */
import type { Family, Route, Snapshot } from "../../rtnl/rtnl.ts";
import { isOwnRoute, mainTable } from "./marks.ts";
import { defaultDestination } from "./routes.ts";

/** The default route of one family that is in front of all others. */
export interface FrontRoute {
  readonly family: Family;
  readonly route: Route;
  readonly isOwn: boolean;
  /** The best of ours, where another program's is in front of it. */
  readonly overtaken?: Route;
}

/**
 * Destinations that together are everything. Being longer than the default route they are in front of it at any metric,
 * which is how tunnels take all traffic without touching it.
 */
const everythingInParts: Readonly<Record<Family, readonly (readonly string[])[]>> = {
  4: [["0.0.0.0/1", "128.0.0.0/1"]],
  6: [["::/1", "8000::/1"], ["2000::/3"]],
};

/** One entry for each family that has a default route. Rules and other tables are not looked at. */
export function frontRoutes(snapshot: Pick<Snapshot, "routes" | "links">): readonly FrontRoute[] {
  const routes = snapshot.routes({ table: mainTable }).filter((route) => isInForce(route, snapshot.links));
  return ([4, 6] as const).flatMap((family) => frontRoute(family, routes) ?? []);
}

function frontRoute(family: Family, all: readonly Route[]): FrontRoute | undefined {
  const routes = all.filter((route) => route.family === family).sort((a, b) => a.metric - b.metric);
  const isDefault = ({ destination }: Route) => destination === defaultDestination[family];
  const route = inParts(family, routes) ?? routes.find(isDefault);
  if (!route) return undefined;
  if (isOwnRoute(route)) return { family, route, isOwn: true };
  const overtaken = routes.find((other) => isDefault(other) && isOwnRoute(other));
  return { family, route, isOwn: false, ...(overtaken && { overtaken }) };
}

/** `routes`: the best metric first. */
function inParts(family: Family, routes: readonly Route[]): Route | undefined {
  for (const parts of everythingInParts[family]) {
    const found = parts.map((part) => routes.find(({ destination }) => destination === part));
    if (found.every((route) => route !== undefined)) return found[0];
  }
  return undefined;
}

/** Our links have `ignore_routes_with_linkdown`; on others the kernel goes on using a route whose cable is out. */
function isInForce(route: Route, links: Snapshot["links"]): boolean {
  if (route.type === "throw") return false;
  const link = route.link === undefined ? undefined : links.get(route.link);
  return !isOwnRoute(route) || link === undefined || link.hasCarrier;
}
