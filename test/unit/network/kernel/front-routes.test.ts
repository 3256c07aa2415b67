import assert from "node:assert/strict";
import { test } from "node:test";
import { frontRoutes } from "../../../../src/network/kernel/front-routes.ts";
import { fairleadProtocol } from "../../../../src/network/kernel/marks.ts";
import type { Link, Route } from "../../../../src/rtnl/rtnl.ts";

const links = new Map(
  [
    { index: 2, name: "eth0", hasCarrier: true },
    { index: 3, name: "eth1", hasCarrier: false },
    { index: 4, name: "docker0", hasCarrier: false },
  ].map((link) => [link.index, link as Link]),
);
const route = (link: number | undefined, metric: number, more: Partial<Route> = {}): Route => ({
  family: 4,
  table: 254,
  destination: "0.0.0.0/0",
  metric,
  protocol: 3,
  scope: 0,
  type: "unicast",
  ...(link === undefined ? {} : { link }),
  ...more,
});
const own = (link: number, metric: number, more: Partial<Route> = {}) =>
  route(link, metric, { protocol: fairleadProtocol, ...more });
const ipv6 = { family: 6, destination: "::/0" } as const;

/** `4 docker0 0 before eth0 200`; `own` where the route in front is ours. */
const told = (...routes: readonly Route[]): readonly string[] => {
  const ofTable = ({ table }: { readonly table?: number } = {}) => routes.filter((each) => each.table === table);
  const nameOf = ({ link = 0 }: Route) => links.get(link)?.name ?? "-";
  return frontRoutes({ links, routes: ofTable }).map(({ family, route: front, isOwn, overtaken }) =>
    [
      `${family} ${nameOf(front)} ${front.metric}${isOwn ? " own" : ""}`,
      ...(overtaken ? [`before ${nameOf(overtaken)} ${overtaken.metric}`] : []),
    ].join(" "),
  );
};

test("without a default route nothing is in front", () => {
  assert.deepEqual(told(), []);
  assert.deepEqual(told(route(2, 0, { destination: "10.0.0.0/8" })), []);
});

test("the lower metric is in front, from any program", () => {
  assert.deepEqual(told(own(2, 200), own(3, 210)), ["4 eth0 200 own"]);
  assert.deepEqual(told(own(2, 200), route(4, 1024)), ["4 eth0 200 own"]);
  assert.deepEqual(told(own(2, 200), route(4, 0)), ["4 docker0 0 before eth0 200"]);
});

test("a foreign route is in front also where its link has no carrier; of ours the kernel skips such", () => {
  assert.deepEqual(told(own(3, 200), own(2, 210)), ["4 eth0 210 own"]);
  assert.deepEqual(told(own(3, 200), route(4, 300)), ["4 docker0 300"]);
});

test("a foreign route without one of ours is in front of nothing", () => {
  assert.deepEqual(told(route(4, 0)), ["4 docker0 0"]);
});

test("each family has its own", () => {
  const routes = [own(2, 200), own(2, 200, ipv6), route(4, 100, ipv6)];
  assert.deepEqual(told(...routes), ["4 eth0 200 own", "6 docker0 100 before eth0 200"]);
});

test("a tunnel that takes everything in two halves is in front of every metric; one half is not everything", () => {
  const low = route(4, 500, { destination: "0.0.0.0/1" });
  const high = route(4, 500, { destination: "128.0.0.0/1" });
  assert.deepEqual(told(own(2, 200), low), ["4 eth0 200 own"]);
  assert.deepEqual(told(own(2, 200), low, high), ["4 docker0 500 before eth0 200"]);
  const all6 = route(4, 1024, { family: 6, destination: "2000::/3" });
  assert.deepEqual(told(own(2, 200, ipv6), all6), ["6 docker0 1024 before eth0 200"]);
});

test("a route that refuses packets is in front like any other, and throw is none", () => {
  const refusing = (type: "unreachable" | "blackhole" | "throw") => told(own(2, 200), route(undefined, 50, { type }));
  assert.deepEqual(refusing("unreachable"), ["4 - 50 before eth0 200"]);
  assert.deepEqual(refusing("blackhole"), ["4 - 50 before eth0 200"]);
  assert.deepEqual(refusing("throw"), ["4 eth0 200 own"]);
});

test("other tables are not looked at", () => {
  assert.deepEqual(told(own(2, 200), route(4, 0, { table: 52 })), ["4 eth0 200 own"]);
});
