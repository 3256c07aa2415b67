import assert from "node:assert/strict";
import { test } from "node:test";
import type { LeaseKeeper } from "../../../src/network/protocols/dhcp4/config.ts";
import { DeviceLeases, ProfileLeaseKeeper } from "../../../src/profiles/lease-keeper.ts";
import { MemoryStore } from "../../../src/profiles/memory-store.ts";
import type { ProfileStore } from "../../../src/profiles/store.ts";
import { FakeClock } from "../../fakes/fake-clock.ts";

const hour = 3_600_000;

class World {
  readonly clock = new FakeClock();
  store: ProfileStore | undefined = new MemoryStore("test");
  /** As after a restart of the daemon. */
  keeper(entry = "ethernet_any"): LeaseKeeper {
    return new ProfileLeaseKeeper({ entry, store: () => this.store, clock: this.clock });
  }
  in(ms: number): number {
    return this.clock.wallTime() + ms;
  }
}

test("a saved lease is there after a restart", () => {
  const world = new World();
  assert.equal(world.keeper().load(), undefined);
  world.keeper().save("one", world.in(hour), "server1");
  assert.equal(world.keeper().load(), "one");
  assert.equal(world.keeper("wifi_a").load(), undefined);
});

test("the newest of several networks is loaded, and a network keeps one lease", () => {
  const world = new World();
  const keeper = world.keeper();
  keeper.save("one", world.in(hour), "server1");
  keeper.save("two", world.in(hour), "server2");
  keeper.save("one again", world.in(hour), "server1");
  assert.equal(world.keeper().load(), "one again");
  assert.equal(world.store?.leases("ethernet_any").length, 2);
});

test("a lease that has run out is not loaded, also when the clock stood still for a reboot", () => {
  const world = new World();
  world.keeper().save("short", world.in(hour), "server1");
  world.clock.setWallTime(world.in(hour));
  assert.equal(world.keeper().load(), undefined);
});

test("the client may have the lease saved last although it has run out by the wall clock, which may be wrong", () => {
  const world = new World();
  world.keeper().save("long", world.in(10 * hour), "server1");
  world.keeper().save("short", world.in(hour), "server2");
  world.clock.setWallTime(world.in(2 * hour));
  const keeper = world.keeper();
  assert.equal(keeper.load({ evenExpired: true }), "short");
  assert.equal(keeper.load(), "long");
  assert.equal(keeper.load({ evenExpired: true }), "short");
  keeper.forget();
  assert.equal(keeper.load({ evenExpired: true }), undefined);
  assert.deepEqual(
    world.store?.leases("ethernet_any").map((lease) => lease.json),
    ["long"],
  );
});

test("a lease without end stays", () => {
  const world = new World();
  world.keeper().save("forever", Number.MAX_SAFE_INTEGER, "server1");
  world.clock.setWallTime(world.in(1000 * 365 * 24 * hour));
  assert.equal(world.keeper().load(), "forever");
});

test("an expired newest lease does not hide a valid older one", () => {
  const world = new World();
  world.keeper().save("long", world.in(10 * hour), "server1");
  world.keeper().save("short", world.in(hour), "server2");
  world.clock.setWallTime(world.in(2 * hour));
  assert.equal(world.keeper().load(), "long");
});

test("saving drops what has run out and all but the 16 newest", () => {
  const world = new World();
  world.keeper().save("short", world.in(hour), "short");
  world.clock.setWallTime(world.in(2 * hour));
  for (let count = 0; count < 20; count++) world.keeper().save(`${count}`, world.in(hour), `server${count}`);
  const kept = world.store?.leases("ethernet_any").map((lease) => lease.json);
  assert.deepEqual(kept, ["19", "18", "17", "16", "15", "14", "13", "12", "11", "10", "9", "8", "7", "6", "5", "4"]);
});

test("a forgotten lease is gone for good, those of other networks are kept but not offered", () => {
  const world = new World();
  const keeper = world.keeper();
  keeper.save("one", world.in(hour), "server1");
  keeper.save("two", world.in(hour), "server2");
  keeper.forget();
  keeper.forget();
  assert.equal(keeper.load(), undefined);
  assert.deepEqual(
    world.store?.leases("ethernet_any").map((lease) => lease.json),
    ["one"],
  );
  keeper.save("three", world.in(hour), "server3");
  assert.equal(keeper.load(), "three");
});

test("forgetting after a restart means the lease that was loaded", () => {
  const world = new World();
  world.keeper().save("one", world.in(hour), "server1");
  const keeper = world.keeper();
  keeper.load();
  keeper.forget();
  assert.deepEqual(world.store?.leases("ethernet_any"), []);
});

test("without a Profile the lease is kept as long as the keeper, and moves to none later", () => {
  const world = new World();
  world.store = undefined;
  const keeper = world.keeper();
  keeper.save("one", world.in(hour), "server1");
  assert.equal(keeper.load(), "one");
  assert.equal(world.keeper().load(), undefined);
  world.clock.setWallTime(world.in(hour));
  assert.equal(keeper.load(), undefined);
});

test("a store that fails throws, and the keeper goes on with what it had", () => {
  const world = new World();
  const keeper = world.keeper();
  keeper.save("one", world.in(hour), "server1");
  assert.throws(() => keeper.save("two", -1, "server2"), /is no time/);
  assert.equal(keeper.load(), "one");
});

test("cards have leases of their own in one network, and lose them when it is forgotten", () => {
  const [clock, store] = [new FakeClock(), new MemoryStore("test")];
  const leases = new DeviceLeases({ profileForDevices: () => undefined }, clock);
  const network = { storageId: "wifi_a", profile: { store } as { store: ProfileStore } | undefined };
  const [inside, dongle] = [{ storageId: "device_1" }, { storageId: "device_2" }];
  leases.of(inside, network).save("one", clock.wallTime() + hour, "server1");
  assert.equal(leases.of(dongle, network).load(), undefined);
  leases.of(dongle, network).save("two", clock.wallTime() + hour, "server1");
  assert.equal(leases.of(inside).load(), undefined, "that of the link is another one");
  const after = new DeviceLeases({ profileForDevices: () => undefined }, clock);
  assert.deepEqual([after.of(inside, network).load(), after.of(dongle, network).load()], ["one", "two"]);
  network.profile = undefined;
  assert.deepEqual([after.of(inside, network).load(), after.of(dongle, network).load()], [undefined, undefined]);
});
