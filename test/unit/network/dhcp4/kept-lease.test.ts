import assert from "node:assert/strict";
import { test } from "node:test";
import type { LeaseKeeper } from "../../../../src/network/protocols/dhcp4/config.ts";
import { clientMac, World, worldWithLease } from "./world.ts";

/** When the client sent something, by the clock. */
function questions(world: World): number[] {
  const at: number[] = [];
  world.wire.station("02:00:00:00:00:99", (frame) => {
    if (frame.type === "ipv4" && frame.sourceMac === clientMac) at.push(world.clock.now());
  });
  return at;
}

/** As if the kept lease were of an earlier run of the kernel. */
function otherBoot(world: World): void {
  const { boot, ...lease } = JSON.parse(world.keeper.text as string);
  assert.equal(boot.id, world.bootId);
  world.keeper.text = JSON.stringify({ ...lease, boot: { ...boot, id: "89ab-cdef" } });
}

test("a known lease takes two messages", async (t) => {
  const world = await worldWithLease(t);
  world.attach({});
  await world.up();
  assert.deepEqual(world.server.heard, ["REQUEST 10.1.0.100"]);
  assert.equal(world.server.received[0]?.from, "0.0.0.0");
});

test("a known lease that is refused is forgotten and a new one got in the same turn", async (t) => {
  const world = await worldWithLease(t);
  world.server.leases.clear();
  world.server.config.pool = ["10.1.0.150"];
  await world.up();
  assert.deepEqual(world.server.heard, ["REQUEST 10.1.0.100", "DISCOVER", "REQUEST 10.1.0.150 @10.1.0.1"]);
  assert.deepEqual(world.told, ["up 10.1.0.150"]);
});

test("a known lease without a confirmation is asked for twice, then DISCOVER names it as a wish", async (t) => {
  const world = await worldWithLease(t);
  world.server.leases.clear();
  world.server.config.authoritative = false;
  world.setup();
  await world.pass(2.9);
  assert.deepEqual(world.server.heard, ["REQUEST 10.1.0.100", "REQUEST 10.1.0.100"]);
  await world.pass(0.2);
  assert.deepEqual(world.told, ["up 10.1.0.100"]);
  assert.deepEqual(world.server.heard.slice(2), [
    "DISCOVER 10.1.0.100 broadcast-flag",
    "REQUEST 10.1.0.100 @10.1.0.1 broadcast-flag",
  ]);
});

test("an expired lease is only a wish", async (t) => {
  const world = await worldWithLease(t);
  await world.pass(2000);
  await world.up();
  assert.equal(world.server.heard[0], "DISCOVER 10.1.0.100");
});

test("without any server an unexpired lease is used after ten seconds", async (t) => {
  const world = await worldWithLease(t);
  world.server.config.silent = true;
  world.setup();
  await world.pass(9.9);
  assert.deepEqual(world.told, []);
  await world.pass(0.2);
  assert.deepEqual(world.told, ["up 10.1.0.100"]);
  await world.pass(25);
  assert.deepEqual(world.told, ["up 10.1.0.100"]);
  world.server.config.silent = false;
  await world.pass(10);
  assert.equal(world.state, "bound");
  assert.deepEqual(world.told, ["up 10.1.0.100", "settings 10.1.0.100"], "confirmed by the next question");
});

for (const seconds of [12, 20, 32, 50, 70, 110]) {
  test(`a network that is heard ${seconds} s after the cable went in replaces the kept lease within ten seconds`, async (t) => {
    const world = await worldWithLease(t);
    world.server.config.silent = true;
    world.setup();
    await world.pass(seconds);
    world.server.leases.clear();
    Object.assign(world.server.config, { silent: false, pool: ["10.9.0.77"], serverId: "10.9.0.1" });
    await world.pass(10);
    assert.deepEqual(world.told, ["up 10.1.0.100", "settings 10.9.0.77"]);
  });
}

test("an unconfirmed lease is asked about to its end, ever more rarely", async (t) => {
  const world = await worldWithLease(t);
  const listener = questions(world);
  world.server.config.deafTo = clientMac;
  world.setup();
  await world.pass(990);
  const gaps = listener.slice(1).map((at, index) => Math.round((at - (listener[index] as number)) / 1000));
  assert.deepEqual(gaps.slice(0, 19), [1, 2, 4, 8, ...Array(14).fill(9), 18]);
  assert.deepEqual([...new Set(gaps.slice(19))], [36, 63]);
});

test("the owner hears nothing of questions that stay without an answer", async (t) => {
  const world = await worldWithLease(t);
  world.server.config.silent = true;
  world.attach({ resume: "in-use" });
  world.setup();
  await world.pass(900);
  assert.deepEqual(world.told, ["up 10.1.0.100"]);
  assert.equal(world.session.inspect().isConfirmed, false);
});

test("an unconfirmed lease that another network refuses is lost at once", async (t) => {
  const world = await worldWithLease(t);
  world.server.config.silent = true;
  world.setup();
  await world.pass(200);
  world.server.leases.clear();
  world.server.config.silent = false;
  world.session.renew();
  await world.pass(0);
  assert.deepEqual(world.told, ["up 10.1.0.100", "lost nak"]);
});

test("a server that appears while an unconfirmed lease is used decides", async (t) => {
  const world = await worldWithLease(t);
  world.server.config.silent = true;
  world.setup();
  await world.pass(11);
  world.server.leases.clear();
  Object.assign(world.server.config, { silent: false, pool: ["10.1.0.150"] });
  await world.pass(10);
  assert.deepEqual(world.told, ["up 10.1.0.100", "settings 10.1.0.150"]);
});

test("an unconfirmed lease ends when its time is up", async (t) => {
  const world = await worldWithLease(t);
  await world.pass(985);
  world.server.config.silent = true;
  world.setup();
  await world.pass(20);
  assert.deepEqual(world.told, ["up 10.1.0.100", "lost lease-expired"]);
});

for (const config of [{ useUnconfirmedLease: false }, { conflictDetection: "before-use" }] as const) {
  test(`no unconfirmed lease is used with ${JSON.stringify(config)}`, async (t) => {
    const world = await worldWithLease(t, { conflictDetection: "off" });
    world.attach(config);
    world.server.config.silent = true;
    world.setup();
    await world.pass(31);
    assert.deepEqual(world.told, ["failed OperationTimeout"]);
  });
}

test("a lease still in use is in force at once and confirmed in the background", async (t) => {
  const world = await worldWithLease(t);
  await world.pass(100);
  world.attach({ resume: "in-use" });
  world.setup();
  assert.equal(world.server.heard.length, 0);
  await world.pass(0);
  assert.deepEqual(world.told, ["up 10.1.0.100", "settings 10.1.0.100"]);
  assert.deepEqual(world.server.heard, ["REQUEST 10.1.0.100"]);
  assert.equal(world.settings?.ipv4?.validSeconds, 1000);
});

test("settings that are resumed say how long they still hold", async (t) => {
  const world = await worldWithLease(t);
  await world.pass(99);
  world.attach({ resume: "in-use" });
  world.server.config.silent = true;
  world.setup();
  await world.pass(0);
  assert.equal(world.settings?.ipv4?.validSeconds, 900);
});

test("a lease in use that the server refuses is lost", async (t) => {
  const world = await worldWithLease(t);
  world.server.leases.clear();
  world.attach({ resume: "in-use" });
  world.setup();
  await world.pass(0);
  assert.deepEqual(world.told.toSorted(), ["lost nak", "up 10.1.0.100"]);
});

test("a second setup after a resumed lease was lost begins from nothing", async (t) => {
  const world = await worldWithLease(t);
  world.server.leases.clear();
  world.server.config.pool = ["10.1.0.150"];
  world.attach({ resume: "in-use" });
  world.setup();
  await world.pass(0);
  await world.up();
  assert.equal(world.settings?.ipv4?.address, "10.1.0.150");
});

test("nothing to resume is a setup like any other", async (t) => {
  const world = new World(t, { resume: "in-use" });
  await world.up();
  assert.deepEqual(world.server.heard, ["DISCOVER", "REQUEST 10.1.0.100 @10.1.0.1"]);
});

test("saving waits until the owner has the settings", async (t) => {
  const world = new World(t);
  world.setup();
  await world.clock.settle();
  assert.deepEqual([world.told, world.keeper.saves], [["up 10.1.0.100"], 0]);
  await world.pass(0);
  assert.equal(world.keeper.saves, 1);
});

test("a lease not yet saved is saved by a teardown", async (t) => {
  const world = new World(t);
  world.setup();
  await world.clock.settle();
  await world.session.teardown({ force: true });
  assert.equal(world.keeper.saves, 1);
});

test("the keeper learns when the lease ends by the wall clock", async (t) => {
  const world = new World(t, {}, { leaseSeconds: 1000 });
  await world.up();
  assert.equal(world.keeper.expiresAtMs, world.clock.wallTime() + 1_000_000);
});

test("the lease of another client identifier is not used", async (t) => {
  const world = await worldWithLease(t);
  world.attach({ clientId: { kind: "raw", hex: "0102" } });
  await world.up();
  assert.equal(world.server.heard[0], "DISCOVER");
});

test("a lease from the future is not used: the clock was set back before this boot", async (t) => {
  const world = await worldWithLease(t);
  otherBoot(world);
  world.clock.setWallTime(world.clock.wallTime() - 3_600_000);
  await world.up();
  assert.equal(world.server.heard[0], "DISCOVER");
});

const days = (count: number) => count * 86_400_000;
for (const [what, jump] of [
  ["ahead", days(3)],
  ["back", days(-3)],
] as const) {
  test(`a wall clock set ${what} by days says nothing about a lease of the same boot`, async (t) => {
    const world = await worldWithLease(t);
    world.clock.setWallTime(world.clock.wallTime() + jump);
    await world.pass(99);
    world.server.config.silent = true;
    world.attach({ resume: "in-use" });
    world.setup();
    await world.pass(60);
    assert.deepEqual(world.told, ["up 10.1.0.100"]);
    assert.equal(world.settings?.ipv4?.validSeconds, 900);
  });

  test(`a wall clock set ${what} by days takes no address away whose life the kernel counts`, async (t) => {
    const world = await worldWithLease(t);
    otherBoot(world);
    world.clock.setWallTime(world.clock.wallTime() + jump);
    world.server.config.silent = true;
    world.attach({
      resume: "in-use",
      held: [{ address: "10.1.0.100", prefixLength: 24, remainingSeconds: 700 }],
    });
    world.setup();
    await world.pass(120);
    assert.deepEqual(world.told, ["up 10.1.0.100"]);
    assert.equal(world.settings?.ipv4?.validSeconds, 700);
    await world.pass(581);
    assert.deepEqual(world.told, ["up 10.1.0.100", "lost lease-expired"]);
  });
}

test("a renewal that could not be stored counts as the kernel counts it", async (t) => {
  const world = await worldWithLease(t);
  await world.pass(800);
  world.server.config.silent = true;
  world.attach({ resume: "in-use", held: [{ address: "10.1.0.100", prefixLength: 24, remainingSeconds: 990 }] });
  world.setup();
  await world.pass(0);
  assert.equal(world.settings?.ipv4?.validSeconds, 990);
});

test("the kernel's count for another address says nothing about the lease", async (t) => {
  const world = await worldWithLease(t);
  await world.pass(1500);
  world.attach({ resume: "in-use", held: [{ address: "10.1.0.7", prefixLength: 24, remainingSeconds: 990 }] });
  await world.up();
  assert.equal(world.server.heard[0], "DISCOVER 10.1.0.100");
});

test("the boot clock outlives the end of a lease that the wall clock would still allow", async (t) => {
  const world = await worldWithLease(t);
  await world.pass(1500);
  world.clock.setWallTime(world.clock.wallTime() - 1_400_000);
  await world.up();
  assert.equal(world.server.heard[0], "DISCOVER 10.1.0.100");
});

test("a keeper that fails is survived", async (t) => {
  const failing = (): never => {
    throw new Error("disk full");
  };
  const leases: LeaseKeeper = { load: failing, save: failing, forget: failing };
  const world = new World(t, { leases });
  await world.up();
  await world.pass(1);
  await world.session.teardown({ force: false });
});

// biome-ignore lint/suspicious/noExplicitAny: damaged on purpose
type Parsed = Record<string, any>;

const damages: Record<string, (lease: Parsed) => unknown> = {
  "not JSON": () => undefined,
  "an array": () => [],
  "another version": (lease) => ({ ...lease, version: 2 }),
  "no settings": ({ settings: _, ...lease }) => lease,
  "an address that is none": (lease) => withIpv4(lease, { address: "10.1.0.1000" }),
  "a hostile address": (lease) => withIpv4(lease, { address: "10.1.0.1\nnameserver 6.6.6.6" }),
  "the broadcast address": (lease) => withIpv4(lease, { address: "10.1.0.255" }),
  "a prefix out of range": (lease) => withIpv4(lease, { prefixLength: 33 }),
  "a broadcast elsewhere": (lease) => withIpv4(lease, { broadcast: "8.8.8.8" }),
  "a name server that is none": (lease) => withSettings(lease, { nameServers: ["x"] }),
  "name servers that are no list": (lease) => withSettings(lease, { nameServers: "10.1.0.1" }),
  "a hostile search domain": (lease) => withSettings(lease, { searchDomains: ["a b\nnameserver 1.2.3.4"] }),
  "a route that is none": (lease) => withSettings(lease, { routes: [{ destination: "10.0.0.0/99" }] }),
  "an http portal": (lease) => withSettings(lease, { captivePortalUri: "http://x" }),
  "an MTU too small": (lease) => withSettings(lease, { mtu: 68 }),
  "a negative time": (lease) => ({ ...lease, leaseSeconds: -5 }),
  "no time at all": ({ leaseSeconds: _, ...lease }) => lease,
  "a server that is none": (lease) => ({ ...lease, serverId: "10.1.0.0/8" }),
  "no hardware address": (lease) => ({ ...lease, serverMac: "zz" }),
  "a boot that is none": (lease) => ({ ...lease, boot: { id: "../x", grantedAtMs: 1 } }),
  "a huge text": (lease) => ({ ...lease, padding: "x".repeat(100_000) }),
};
const withSettings = (lease: Parsed, change: object) => ({ ...lease, settings: { ...lease.settings, ...change } });
const withIpv4 = (lease: Parsed, change: object) =>
  withSettings(lease, { ipv4: { ...lease.settings.ipv4, ...change } });

for (const [what, damage] of Object.entries(damages)) {
  test(`a kept lease with ${what} is ignored`, async (t) => {
    const world = await worldWithLease(t);
    world.keeper.text = JSON.stringify(damage(JSON.parse(world.keeper.text as string))) ?? "{not JSON";
    world.attach({ resume: "in-use" });
    await world.up();
    assert.equal(world.server.heard[0], "DISCOVER");
  });
}
