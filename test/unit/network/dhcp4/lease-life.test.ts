import assert from "node:assert/strict";
import { test } from "node:test";
import { optionCode } from "../../../../src/network/protocols/dhcp4/options.ts";
import { bytesOf, FakeDhcpServer, uint32 } from "../../../fakes/fake-dhcp-server.ts";
import { clientMac, World } from "./world.ts";

test("half way through, the lease is renewed by unicast from its own address", async (t) => {
  const world = new World(t, {}, { leaseSeconds: 1000 });
  await world.up();
  // A hundredth earlier at most; the test's chance is half of that.
  await world.pass(497);
  assert.equal(world.server.heard.length, 2);
  await world.pass(1);
  assert.equal(world.server.heard.at(-1), "REQUEST 10.1.0.100 to 10.1.0.1");
  assert.equal(world.server.received.at(-1)?.from, "10.1.0.100");
  assert.deepEqual(world.told, ["up 10.1.0.100", "settings 10.1.0.100"]);
  assert.equal(world.settings?.ipv4?.validSeconds, 1000);
  assert.equal(world.state, "bound");
  assert.equal(world.udp.openAddresses.size, 0, "the port is held only while it is needed");
});

test("T1 and T2 of the server are obeyed", async (t) => {
  const world = new World(t, {}, { leaseSeconds: 1000 });
  world.server.config.options.set(optionCode.renewalTime, uint32(100)).set(optionCode.rebindingTime, uint32(300));
  await world.up();
  world.server.config.silent = true;
  await world.pass(101);
  assert.equal(world.state, "renewing");
  await world.pass(200);
  assert.equal(world.state, "rebinding");
});

test("an unanswered renewal is repeated at half of the time left to T2, then broadcast, until the lease ends", async (t) => {
  const world = new World(t, {}, { leaseSeconds: 1000 });
  await world.up();
  world.server.config.spoil = () => undefined;
  const began = world.server.heard.length;
  const times: string[] = [];
  for (let second = 1; second <= 1001; second++) {
    await world.pass(1);
    while (began + times.length < world.server.heard.length) {
      times.push(`${second} ${world.server.heard[began + times.length]}`);
    }
  }
  assert.deepEqual(times, [
    "498 REQUEST 10.1.0.100 to 10.1.0.1",
    "687 REQUEST 10.1.0.100 to 10.1.0.1",
    "781 REQUEST 10.1.0.100 to 10.1.0.1",
    "841 REQUEST 10.1.0.100 to 10.1.0.1",
    "875 REQUEST 10.1.0.100",
    "938 REQUEST 10.1.0.100",
    "998 REQUEST 10.1.0.100",
  ]);
  assert.deepEqual(world.told, ["up 10.1.0.100", "lost lease-expired"]);
  assert.equal(world.keeper.text, undefined);
});

test("where the port is taken or there is no route, the renewal goes straight to the server's hardware address", async (t) => {
  const world = new World(t, {}, { leaseSeconds: 1000 });
  await world.up();
  world.udp.failure = Object.assign(new Error("bind EADDRINUSE"), { code: "EADDRINUSE" });
  await world.pass(498);
  assert.equal(world.told.at(-1), "settings 10.1.0.100");
  world.udp.failure = undefined;
  world.udp.hasRoute = false;
  await world.pass(500);
  assert.equal(world.told.length, 3);
  const renewals = world.wire.frames.filter(({ destinationMac }) => destinationMac === world.server.config.mac);
  assert.equal(renewals.length, 2);
});

test("after T2 another server may take the lease over", async (t) => {
  const world = new World(t, {}, { leaseSeconds: 1000 });
  await world.up();
  world.server.config.silent = true;
  const other = new FakeDhcpServer(world.wire, { mac: "02:00:00:00:00:02", serverId: "10.1.0.2", leaseSeconds: 1000 });
  other.leases.set("02:00:00:00:00:aa", "10.1.0.100");
  await world.pass(870);
  assert.deepEqual(world.told, ["up 10.1.0.100"], "the other server is not asked before T2");
  await world.pass(6);
  assert.deepEqual(world.told, ["up 10.1.0.100", "settings 10.1.0.100"]);
  await world.pass(500);
  assert.equal(other.heard.at(-1), "REQUEST 10.1.0.100 to 10.1.0.2");
});

test("a NAK while renewing takes the lease away at once", async (t) => {
  const world = new World(t, {}, { leaseSeconds: 1000 });
  await world.up();
  world.server.config.refuses = true;
  await world.pass(498);
  assert.deepEqual(world.told, ["up 10.1.0.100", "lost nak"]);
  assert.equal(world.keeper.text, undefined);
  world.server.config.refuses = false;
  await world.up();
});

test("a NAK of another server than ours is ignored while renewing", async (t) => {
  const world = new World(t, {}, { leaseSeconds: 1000 });
  await world.up();
  world.server.config.spoil = (answer) => ({
    ...answer,
    type: "nak",
    options: new Map([[optionCode.serverId, bytesOf("10.1.0.66")]]),
  });
  await world.pass(498);
  assert.deepEqual(world.told, ["up 10.1.0.100"]);
  // Once from each socket.
  assert.deepEqual(world.ignored, { "other-server": 2 });
});

test("other settings in a renewal are told", async (t) => {
  const world = new World(t, {}, { leaseSeconds: 1000 });
  await world.up();
  world.server.config.options.set(optionCode.nameServers, bytesOf("9.9.9.9"));
  await world.pass(498);
  assert.deepEqual(world.settings?.nameServers, ["9.9.9.9"]);
});

test("a lease without end is never renewed", async (t) => {
  const world = new World(t, { conflictDetection: "off" }, { leaseSeconds: 0xffffffff });
  await world.up();
  assert.equal(world.settings?.ipv4?.validSeconds, undefined);
  assert.deepEqual(world.clock.pendingTimers(), []);
  assert.equal(world.keeper.expiresAtMs, Number.MAX_SAFE_INTEGER);
});

test("after a sleep past its end the lease is lost without a word to the server", async (t) => {
  const world = new World(t, { conflictDetection: "off" }, { leaseSeconds: 1000 });
  await world.up();
  const heard = world.server.heard.length;
  world.clock.sleep(5_000_000);
  await world.pass(0);
  assert.deepEqual(world.told, ["up 10.1.0.100", "lost lease-expired"]);
  assert.equal(world.server.heard.length, heard);
});

test("after a sleep past T2 the lease is rebound, not renewed first", async (t) => {
  const world = new World(t, { conflictDetection: "off" }, { leaseSeconds: 1000 });
  await world.up();
  world.clock.sleep(900_000);
  await world.pass(0);
  assert.equal(world.server.heard.at(-1), "REQUEST 10.1.0.100");
  assert.equal(world.server.heard.length, 3);
});

test("after a sleep while renewing, past T2, the repetition does not come before the rebinding", async (t) => {
  const world = new World(t, { conflictDetection: "off" }, { leaseSeconds: 1000 });
  await world.up();
  world.server.config.spoil = () => undefined;
  await world.pass(498);
  world.clock.sleep(400_000);
  await world.pass(0);
  assert.deepEqual(world.server.heard.slice(2), ["REQUEST 10.1.0.100 to 10.1.0.1", "REQUEST 10.1.0.100"]);
});

test("renew asks at once, in the way of INIT-REBOOT", async (t) => {
  const world = new World(t);
  await world.up();
  world.session.renew();
  await world.pass(0);
  assert.equal(world.server.heard.at(-1), "REQUEST 10.1.0.100");
  assert.equal(world.server.received.at(-1)?.clientAddress, "0.0.0.0");
  assert.deepEqual(world.told, ["up 10.1.0.100", "settings 10.1.0.100"]);
});

test("renew on another network is refused and the lease lost in the same turn", async (t) => {
  const world = new World(t);
  await world.up();
  world.server.leases.clear();
  world.session.renew();
  await world.pass(0);
  assert.deepEqual(world.told, ["up 10.1.0.100", "lost nak"]);
});

test("renew where the server does not know the lease but stays silent ends with a new one", async (t) => {
  const world = new World(t, {}, { authoritative: false });
  await world.up();
  world.server.leases.clear();
  world.server.config.pool = ["10.1.0.150"];
  world.session.renew();
  await world.pass(4);
  assert.deepEqual(world.told, ["up 10.1.0.100", "settings 10.1.0.150"]);
});

test("renew without any answer keeps the lease until its end, and asking goes on", async (t) => {
  const world = new World(t, {}, { leaseSeconds: 1000 });
  await world.up();
  world.server.config.deafTo = clientMac;
  world.session.renew();
  await world.pass(501);
  assert.equal(world.state, "selecting");
  await world.pass(498);
  assert.deepEqual(world.told, ["up 10.1.0.100"]);
  await world.pass(2);
  assert.deepEqual(world.told, ["up 10.1.0.100", "lost lease-expired"]);
});

test("renew while the lease is being asked about begins anew with the address", async (t) => {
  const world = new World(t);
  await world.up();
  world.server.config.silent = true;
  world.session.renew();
  await world.pass(300);
  assert.equal(world.state, "selecting");
  world.server.config.silent = false;
  world.server.received.length = 0;
  world.session.renew();
  await world.pass(0);
  assert.deepEqual(world.server.heard, ["REQUEST 10.1.0.100"]);
  assert.deepEqual(world.told, ["up 10.1.0.100", "settings 10.1.0.100"]);
});

test("renew in every state of asking keeps the lease in use", async (t) => {
  const world = new World(t);
  await world.up();
  world.server.config.spoil = (answer) => (answer.type === "ack" ? undefined : answer);
  const seen = new Set<unknown>();
  for (const seconds of [0, 0.5, 4, 5, 9, 13, 1]) {
    world.session.renew();
    await world.pass(seconds);
    seen.add(world.state);
  }
  assert.ok(seen.has("rebooting") && seen.has("requesting"), String([...seen]));
  assert.deepEqual(world.told, ["up 10.1.0.100"]);
});

test("renew without any answer loses the lease after 30 seconds where unconfirmed ones are not wanted", async (t) => {
  const world = new World(t, { useUnconfirmedLease: false });
  await world.up();
  world.server.config.silent = true;
  world.session.renew();
  await world.pass(29);
  assert.deepEqual(world.told, ["up 10.1.0.100"]);
  await world.pass(2);
  assert.deepEqual(world.told, ["up 10.1.0.100", "lost unconfirmed"]);
});

test("a lease that ends while it is being verified is lost", async (t) => {
  const world = new World(t, {}, { leaseSeconds: 1000 });
  await world.up();
  world.server.config.silent = true;
  await world.pass(990);
  world.session.renew();
  await world.pass(11);
  assert.deepEqual(world.told, ["up 10.1.0.100", "lost lease-expired"]);
});

test("renew on a session that is not up does nothing", async (t) => {
  const world = new World(t);
  world.session.renew();
  assert.equal(world.wire.frames.length, 0);
});

test("teardown gives the lease back to the server's hardware address and forgets it", async (t) => {
  const world = new World(t);
  await world.up();
  await world.pass(1);
  await world.session.teardown({ force: false });
  await world.pass(0);
  assert.equal(world.server.heard.at(-1), "RELEASE 10.1.0.100 @10.1.0.1 to 10.1.0.1");
  assert.equal(world.wire.frames.at(-1)?.destinationMac, world.server.config.mac);
  assert.equal(world.keeper.text, undefined);
  assert.equal(world.server.leases.size, 0);
});

test("a forced teardown says nothing and keeps the lease", async (t) => {
  const world = new World(t);
  await world.up();
  const heard = world.server.heard.length;
  await world.session.teardown({ force: true });
  await world.pass(0);
  assert.equal(world.server.heard.length, heard);
  assert.notEqual(world.keeper.text, undefined);
});

test("a lease that could not be given back, the link being down, stays kept", async (t) => {
  const world = new World(t);
  await world.up();
  await world.pass(1);
  world.packets.setLinkUp(7, false);
  await world.session.teardown({ force: false });
  assert.notEqual(world.keeper.text, undefined);
});

test("teardown during a setup rejects it", async (t) => {
  const world = new World(t, {}, { silent: true });
  world.setup();
  await world.session.teardown({ force: false });
  await world.pass(0);
  assert.deepEqual(world.told, ["failed OperationAborted"]);
});

test("setup when up answers what is in force now", async (t) => {
  const world = new World(t);
  await world.up();
  await world.pass(100);
  const settings = await world.session.setup(new AbortController().signal);
  assert.equal(settings.ipv4?.validSeconds, 3500);
});

test("a granted time of some seconds is taken as twenty", async (t) => {
  const world = new World(t, {}, { leaseSeconds: 1 });
  await world.up();
  assert.equal(world.settings?.ipv4?.validSeconds, 20);
});
