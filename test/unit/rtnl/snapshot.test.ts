import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { differences } from "../../../src/rtnl/delta.ts";
import type { Address, Change, Link, Route } from "../../../src/rtnl/rtnl.ts";
import { World } from "../../../src/rtnl/snapshot.ts";
import { DeltaMirror } from "../../contract/rtnl/delta-mirror.ts";
import { renderSnapshot } from "../../fakes/render-rtnl.ts";
import { fuzzRuns } from "../../harness/fuzz-runs.ts";

const link = (index: number, more: Partial<Link> = {}): Link => ({
  index,
  name: `eth${index}`,
  isUp: true,
  hasCarrier: true,
  isLoopback: false,
  flags: 0x11043,
  hardwareType: 1,
  mac: `02:00:00:00:00:0${index}`,
  mtu: 1500,
  txQueueLength: 1000,
  operState: 6,
  isLowerLinkForeign: false,
  alternativeNames: [],
  ...more,
});
const address = (on: number, more: Partial<Address> = {}): Address => ({
  link: on,
  family: 4,
  address: `10.0.${on}.2`,
  prefixLength: 24,
  scope: 0,
  flags: 0x80,
  ...more,
});
const route = (on: number, more: Partial<Route> = {}): Route => ({
  family: 4,
  table: 254,
  destination: "0.0.0.0/0",
  gateway: `10.0.${on}.1`,
  link: on,
  metric: 100,
  protocol: 87,
  scope: 0,
  type: "unicast",
  ...more,
});

function worldOf(...fill: ((world: World) => void)[]): World {
  const world = new World();
  for (const one of fill) one(world);
  return world;
}
const kinds = (changes: readonly Change[]) => changes.map((change) => change.kind);

test("the same report twice changes nothing", () => {
  const world = new World();
  assert.equal(world.putLink(link(2))?.kind, "link-added");
  assert.equal(world.putLink(link(2)), undefined);
  assert.equal(world.putAddress(address(2))?.kind, "address-added");
  assert.equal(world.putAddress(address(2)), undefined);
  assert.equal(world.putRoute(route(2)).length, 1);
  assert.equal(world.putRoute(route(2)).length, 0);
});

test("every property of a link counts as a change", () => {
  const changes: Partial<Link>[] = [
    { name: "uplink" },
    { flags: 0x1 },
    { mac: "02:00:00:00:00:ff" },
    { permanentMac: "02:00:00:00:00:ff" },
    { mtu: 1400 },
    { minMtu: 68 },
    { maxMtu: 9000 },
    { txQueueLength: 1 },
    { operState: 2 },
    { kind: "veth" },
    { master: 5 },
    { lowerLink: 5 },
    { isLowerLinkForeign: true },
    { alternativeNames: ["other"] },
  ];
  for (const change of changes) {
    const world = worldOf((one) => one.putLink(link(2)));
    assert.equal(world.putLink(link(2, change))?.kind, "link-changed", JSON.stringify(change));
  }
});

test("a link is found by its name and by its other names, as long as it has them", () => {
  const world = worldOf((one) => one.putLink(link(2, { alternativeNames: ["enp0s1", "uplink"] })));
  assert.equal(world.linkByName("uplink")?.index, 2);
  world.putLink(link(2, { name: "lan", alternativeNames: ["enp0s1"] }));
  assert.equal(world.linkByName("uplink"), undefined);
  assert.equal(world.linkByName("eth2"), undefined);
  assert.equal(world.linkByName("lan")?.index, 2);
  assert.equal(world.linkByName("enp0s1")?.index, 2);
});

test("two links that swap their names keep both", () => {
  const world = worldOf(
    (one) => one.putLink(link(2, { name: "a" })),
    (one) => one.putLink(link(3, { name: "b" })),
  );
  world.putLink(link(2, { name: "b" }));
  world.putLink(link(3, { name: "a" }));
  assert.equal(world.linkByName("a")?.index, 3);
  assert.equal(world.linkByName("b")?.index, 2);
});

test("a removed link takes its routes and addresses first", () => {
  const world = worldOf(
    (one) => one.putLink(link(2)),
    (one) => one.putAddress(address(2)),
    (one) => one.putRoute(route(2)),
    (one) => one.putLink(link(3)),
    (one) => one.putRoute(route(3, { metric: 200 })),
  );
  assert.deepEqual(kinds(world.removeLink(2)), ["route-removed", "address-removed", "link-removed"]);
  assert.deepEqual(world.removeLink(2), []);
  assert.deepEqual(world.routes(), [route(3, { metric: 200 })]);
  assert.deepEqual(world.addresses(), []);
});

test("an array that was handed out does not change under its reader", () => {
  const world = worldOf((one) => one.putAddress(address(2)));
  const seen = world.addresses(2);
  world.putAddress(address(2, { address: "10.0.2.3" }));
  assert.equal(seen.length, 1);
  assert.equal(world.addresses(2).length, 2);
});

test("IPv4 tells addresses apart by length and peer, IPv6 by the address alone", () => {
  const world = worldOf(
    (one) => one.putAddress(address(2)),
    (one) => one.putAddress(address(2, { prefixLength: 16 })),
    (one) => one.putAddress(address(2, { peer: "10.0.2.9" })),
    (one) => one.putAddress(address(2, { family: 6, address: "2001:db8::2", prefixLength: 64 })),
  );
  const change = world.putAddress(address(2, { family: 6, address: "2001:db8::2", prefixLength: 48 }));
  assert.equal(change?.kind, "address-changed");
  assert.equal(world.addresses(2).length, 4);
});

test("routes of one place that differ in what is not shown are two routes", () => {
  const world = worldOf(
    (one) => one.putRoute(route(2)),
    (one) => one.putRoute(route(2), "tos 16"),
  );
  assert.equal(world.routes().length, 2);
  assert.equal(world.removeRoute(route(2), "tos 16")?.kind, "route-removed");
  assert.equal(world.routes().length, 1);
});

test("a table read anew is told as what went and what came", () => {
  const world = worldOf(
    (one) => one.putRoute(route(2)),
    (one) => one.putRoute(route(2, { metric: 200 })),
    (one) => one.putRoute(route(2, { table: 7 })),
    (one) => one.putRoute(route(2, { family: 6, destination: "::/0", gateway: "fe80::1" })),
  );
  const reports = [route(2, { metric: 200 }), route(2, { metric: 300 })].map((one) => ({ route: one, extra: "" }));
  assert.deepEqual(kinds(world.replaceRoutes(4, 254, reports)), ["route-removed", "route-added"]);
  assert.equal(world.routes({ table: 254 }).length, 3);
  assert.equal(world.routes({ table: 7 }).length, 1);
});

test("an index with another identity is a link that went and another that came, with all that is on them", () => {
  const before = worldOf(
    (one) => one.putLink(link(2)),
    (one) => one.putAddress(address(2)),
    (one) => one.putRoute(route(2)),
  );
  const after = worldOf(
    (one) => one.putLink(link(2, { kind: "veth" })),
    (one) => one.putAddress(address(2)),
    (one) => one.putRoute(route(2)),
  );
  assert.deepEqual(kinds(differences(before, after)), [
    "route-removed",
    "address-removed",
    "link-removed",
    "link-added",
    "address-added",
    "route-added",
  ]);
});

test("a link that was only renamed, or only got another MAC, is the same link", () => {
  const before = worldOf((one) => one.putLink(link(2)));
  const renamed = worldOf((one) => one.putLink(link(2, { name: "uplink" })));
  const otherMac = worldOf((one) => one.putLink(link(2, { mac: "02:00:00:00:00:ff" })));
  const both = worldOf((one) => one.putLink(link(2, { name: "uplink", mac: "02:00:00:00:00:ff" })));
  assert.deepEqual(kinds(differences(before, renamed)), ["link-changed"]);
  assert.deepEqual(kinds(differences(before, otherMac)), ["link-changed"]);
  assert.deepEqual(kinds(differences(before, both)), ["link-removed", "link-added"]);
});

test("seconds that ran on are no change, seconds set anew are", () => {
  const before = worldOf((one) => one.putAddress(address(2, { validSeconds: 3600 }), 500));
  const ranOn = worldOf((one) => one.putAddress(address(2, { validSeconds: 3500 }), 500));
  const renewed = worldOf((one) => one.putAddress(address(2, { validSeconds: 3600 }), 900));
  const shortened = worldOf((one) => one.putAddress(address(2, { validSeconds: 60 }), 900));
  const forEver = worldOf((one) => one.putAddress(address(2)));
  assert.deepEqual(differences(before, ranOn), []);
  assert.deepEqual(differences(before, renewed), []);
  assert.deepEqual(kinds(differences(before, shortened)), ["address-changed"]);
  assert.deepEqual(kinds(differences(before, forEver)), ["address-changed"]);
});

// Small numbers, so that the worlds have much in common.
const someLink = fc.record({
  index: fc.integer({ min: 1, max: 4 }),
  mtu: fc.constantFrom(1400, 1500),
  kind: fc.constantFrom("veth", "bridge"),
});
const someAddress = fc.record({ on: fc.integer({ min: 1, max: 4 }), last: fc.integer({ min: 1, max: 3 }) });
const someRoute = fc.record({
  on: fc.integer({ min: 1, max: 4 }),
  metric: fc.constantFrom(1, 2),
  family: fc.constantFrom(4 as const, 6 as const),
  mtu: fc.constantFrom(1300, 1400),
});
const someWorld = fc
  .record({ links: fc.array(someLink), addresses: fc.array(someAddress), routes: fc.array(someRoute) })
  .map(({ links, addresses, routes }) => {
    const world = new World();
    for (const { index, ...more } of links) world.putLink(link(index, more));
    for (const { on, last } of addresses) {
      if (world.links.has(on)) world.putAddress(address(on, { address: `10.0.${on}.${last}` }));
    }
    for (const { on, ...more } of routes) if (world.links.has(on)) world.putRoute(route(on, more));
    return world;
  });

test("the differences, heard one by one, lead from any world to any other, and never over a dangling link", () => {
  fc.assert(
    fc.property(someWorld, someWorld, (before, after) => {
      const mirror = new DeltaMirror();
      for (const change of differences(new World(), before)) mirror.hear({ reason: "resync", ...change });
      mirror.assertShows(before);
      for (const change of differences(before, after)) mirror.hear({ reason: "resync", ...change });
      mirror.assertShows(after);
      before.become(after);
      assert.equal(renderSnapshot(before), renderSnapshot(after));
    }),
    { numRuns: fuzzRuns },
  );
});

test("a world differs in nothing from itself", () => {
  fc.assert(
    fc.property(someWorld, (world) => assert.deepEqual(differences(world, world), [])),
    { numRuns: 200 },
  );
});
