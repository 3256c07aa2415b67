/** Properties that hold for every wish in every world. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { emptyIpSettings, type IpRoute } from "../../../../src/network/ip-settings.ts";
import { isOwnAddress, isOwnRoute, isOwnRule } from "../../../../src/network/kernel/marks.ts";
import type { NetworkWish } from "../../../../src/network/kernel/wish.ts";
import { mergeSettings } from "../../../../src/network/merge.ts";
import { emptyStaticIp } from "../../../../src/network/static-ip.ts";
import type { Family, KernelRequest, Snapshot } from "../../../../src/rtnl/rtnl.ts";
import { fuzzRuns } from "../../../harness/fuzz-runs.ts";
import { type KernelWorld, makeKernelWorld } from "./kernel-world.ts";

/** Each run plays a whole machine, which costs as much as a thousand decoded messages; hence the ceiling. */
const runs = Math.min(3000, Math.ceil(fuzzRuns / 5));
const links = ["eth0", "eth1"] as const;

// A small world, so that things collide.
const subnets: Readonly<Record<Family, readonly string[]>> = {
  4: ["10.0.0", "10.0.1"],
  6: ["2001:db8:0:1:", "2001:db8:0:2:"],
};
const anyAddress = (family: Family) =>
  fc
    .tuple(fc.constantFrom(...subnets[family]), fc.integer({ min: 1, max: 4 }))
    .map(([net, host]) => `${net}${family === 4 ? "." : ":"}${host}`);
const anyLength = (family: Family) => (family === 4 ? fc.constantFrom(24, 23, 32) : fc.constantFrom(64, 128));
const anyFamily = fc.constantFrom<Family>(4, 6);
const destinations = ["172.16.0.0/12", "10.0.1.0/24", "10.0.0.3/32", "2001:db8:9::/48"];

const anyWish: fc.Arbitrary<NetworkWish> = anyFamily.chain((family) =>
  fc
    .record({
      address: anyAddress(family),
      prefixLength: anyLength(family),
      gateway: fc.option(anyAddress(family), { nil: undefined }),
      routes: fc.array(
        fc.record({
          destination: fc.constantFrom(...destinations),
          gateway: fc.option(anyAddress(family), { nil: undefined }),
        }),
        { maxLength: 3 },
      ),
      included: fc.subarray(["198.51.100.0/24"]),
      excluded: fc.subarray(["203.0.113.0/24", "203.0.113.128/25", "2001:db8:7::/48"]),
      mtu: fc.option(fc.constantFrom(500, 1400, 20_000), { nil: undefined }),
    })
    .filter(({ address, gateway }) => address !== gateway)
    .map(({ address, prefixLength, gateway, routes, included, excluded, mtu }) => ({
      settings: mergeSettings({
        static: { ...emptyStaticIp, includedRoutes: included, excludedRoutes: excluded },
        dhcp4: {
          ...emptyIpSettings,
          [`ipv${family}`]: { family, address, prefixLength, ...(gateway && { gateway }) },
          routes: routes.filter((route) => isOfFamily(route, family)).map(withoutAbsent),
          ...(mtu && { mtu }),
        },
      }),
    })),
);
const isOfFamily = ({ destination }: { readonly destination: string }, family: Family): boolean =>
  destination.includes(":") === (family === 6);
const withoutAbsent = (route: { readonly destination: string; readonly gateway: string | undefined }): IpRoute =>
  route.gateway === undefined
    ? { destination: route.destination }
    : { destination: route.destination, gateway: route.gateway };

type LinkName = (typeof links)[number];

/** Earlier changes of other programs to the machine. */
type Foreign =
  | { readonly is: "address"; readonly link: LinkName; readonly address: string; readonly prefixLength: number }
  | {
      readonly is: "route";
      readonly link: LinkName;
      readonly destination: string;
      readonly metric: number;
      readonly isInLinkTable: boolean;
    }
  | { readonly is: "rule"; readonly priority: number; readonly source: string };
const anyForeign: fc.Arbitrary<Foreign> = fc.oneof(
  fc.record({
    is: fc.constant("address"),
    link: fc.constantFrom(...links),
    address: anyAddress(4),
    prefixLength: anyLength(4),
  }),
  fc.record({
    is: fc.constant("route"),
    link: fc.constantFrom(...links),
    destination: fc.constantFrom("0.0.0.0/0", "10.0.0.0/24", "172.16.0.0/12"),
    metric: fc.constantFrom(0, 200, 201, 210),
    isInLinkTable: fc.boolean(),
  }),
  fc.record({ is: fc.constant("rule"), priority: fc.constantFrom(100, 20_300, 20_500), source: anyAddress(4) }),
);
const staticProtocol = 4;

function requestOf(foreign: Foreign, world: KernelWorld): KernelRequest {
  switch (foreign.is) {
    case "address": {
      const { address, prefixLength } = foreign;
      return { op: "put-address", address: { link: world[foreign.link], family: 4, address, prefixLength } };
    }
    case "route": {
      const { destination, metric, isInLinkTable } = foreign;
      const link = world[foreign.link];
      const table = isInLinkTable ? 1000 + link : 254;
      const rest = { protocol: staticProtocol, scope: 253, type: "unicast" } as const;
      return { op: "put-route", route: { family: 4, table, destination, link, metric, ...rest } };
    }
    case "rule": {
      const { priority, source } = foreign;
      const rest = { family: 4, action: "lookup", table: 1002, protocol: staticProtocol } as const;
      return { op: "add-rule", rule: { priority, source: `${source}/32`, ...rest } };
    }
  }
}

/**
 * Not asked here, since it is the kernel's doing: when an address goes from one link, the routes of all links go that
 * have it as their source.
 */
const isSharedWithOtherLink = (steps: readonly Step[], foreign: readonly Foreign[]): boolean =>
  steps.some(
    (step) =>
      step.do === "wish" &&
      foreign.some(
        (each) => each.is === "address" && each.link !== step.link && each.address === step.wish.settings.ipv4?.address,
      ),
  );

type Step =
  | { readonly do: "wish"; readonly link: LinkName; readonly wish: NetworkWish }
  | { readonly do: "release"; readonly link: LinkName }
  | { readonly do: "ranks"; readonly order: readonly LinkName[] }
  | { readonly do: "restart" };
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("wish"), link: fc.constantFrom(...links), wish: anyWish }) },
  fc.record({ do: fc.constant("release"), link: fc.constantFrom(...links) }),
  fc.record({ do: fc.constant("ranks"), order: fc.shuffledSubarray([...links]) }),
  fc.record({ do: fc.constant("restart") }),
);

const isOwn = (request: { readonly protocol?: number | undefined }): boolean => request.protocol === 102;

/** The text of all that is not ours. */
function foreignPart(snapshot: Snapshot): string {
  return JSON.stringify(
    [
      snapshot.addresses().filter((address) => !isOwnAddress(address, false)),
      snapshot.routes().filter((route) => !isOwnRoute(route)),
      snapshot.rules().filter((rule) => !isOwnRule(rule)),
    ].map((list) => list.map((item) => JSON.stringify(item)).sort()),
  );
}

/**
 * A link without any IPv4 address loses all its IPv4 routes, of all programs: the kernel's doing, and not the subject
 * here.
 */
const permanentAddress = (link: number): KernelRequest => ({
  op: "put-address",
  address: { link, family: 4, address: `172.20.0.${link}`, prefixLength: 32 },
});

async function play(steps: readonly Step[], foreign: readonly Foreign[]) {
  fc.pre(!isSharedWithOtherLink(steps, foreign));
  const world = await makeKernelWorld();
  for (const name of links) world.kernel.outside(permanentAddress(world[name]));
  for (const each of foreign) ignoringRefusal(() => world.kernel.outside(requestOf(each, world)));
  const untouched = foreignPart(world.kernel.snapshot);
  let { applier } = world;
  applier.releaseUnclaimed();
  const wishes = new Map<LinkName, NetworkWish>();
  for (const step of steps) {
    if (step.do === "wish") applier.setNetwork(world[step.link], wishes.set(step.link, step.wish).get(step.link));
    else if (step.do === "release") applier.release(world[step.link]);
    else if (step.do === "ranks") applier.setRanks(step.order.map((name) => world[name]));
    else {
      await applier.settled();
      applier.close();
      applier = world.restart();
      for (const [link, wish] of wishes) applier.setNetwork(world[link], wish);
      applier.releaseUnclaimed();
    }
    if (step.do === "release") wishes.delete(step.link);
    assert.equal(foreignPart(world.kernel.snapshot), untouched);
  }
  await applier.settled();
  await world.clock.settle();
  return { world, applier, untouched, wishes };
}

function ignoringRefusal(attempt: () => void): void {
  try {
    attempt();
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error)) throw error;
  }
}

const anyScript = [fc.array(anyStep, { minLength: 1, maxLength: 6 }), fc.array(anyForeign, { maxLength: 4 })] as const;

test("applying twice changes nothing the second time", async () => {
  await fc.assert(
    fc.asyncProperty(...anyScript, async (steps, foreign) => {
      const { world, applier, wishes } = await play(steps, foreign);
      assert.deepEqual(world.log.messages("warn"), []);
      const before = world.kernel.toText();
      const asked = world.kernel.requested.length;
      for (const [link, wish] of wishes) applier.setNetwork(world[link], wish);
      await applier.settled();
      assert.deepEqual(world.kernel.requested.slice(asked), []);
      assert.equal(world.kernel.toText(), before);
    }),
    { numRuns: runs, includeErrorInReport: true },
  );
});

test("other programs' objects are never changed and never removed, and every request carries our mark", async () => {
  await fc.assert(
    fc.asyncProperty(...anyScript, async (steps, foreign) => {
      const { world, untouched } = await play(steps, foreign);
      assert.equal(foreignPart(world.kernel.snapshot), untouched);
      for (const request of world.kernel.requested) {
        if ("address" in request) assert.ok(isOwn(request.address), request.op);
        else if ("route" in request) assert.ok(isOwn(request.route), request.op);
        else if ("rule" in request) assert.ok(isOwn(request.rule), request.op);
        else assert.equal(request.op, "set-link");
      }
    }),
    { numRuns: runs, includeErrorInReport: true },
  );
});

test("at the end nothing of ours is left, after any history", async () => {
  await fc.assert(
    fc.asyncProperty(...anyScript, async (steps, foreign) => {
      const { world, applier } = await play(steps, foreign);
      for (const link of links) applier.release(world[link]);
      await applier.settled();
      await world.clock.settle();
      const { snapshot } = world.kernel;
      assert.deepEqual(
        snapshot.addresses().filter((address) => isOwnAddress(address, false)),
        [],
      );
      assert.deepEqual(snapshot.routes().filter(isOwnRoute), []);
      assert.deepEqual(snapshot.rules().filter(isOwnRule), []);
    }),
    { numRuns: runs, includeErrorInReport: true },
  );
});
