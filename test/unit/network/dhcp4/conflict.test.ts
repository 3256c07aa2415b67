import assert from "node:assert/strict";
import { test } from "node:test";
import { formatMac, parseMac } from "../../../../src/base/ip-address.ts";
import { bytesOf } from "../../../fakes/fake-dhcp-server.ts";
import type { Frame, Station } from "../../../fakes/fake-packets.ts";
import { clientMac, World } from "./world.ts";

const otherMac = "02:00:00:00:00:bb";
const address = "10.1.0.100";

const arp = (operation: number, mac: string, sender: string, target: string): Buffer =>
  Buffer.concat([
    Buffer.from(`000108000604000${operation}`, "hex"),
    parseMac(mac),
    bytesOf(sender),
    Buffer.alloc(6),
    bytesOf(target),
  ]);

/** "probe 10.1.0.100", "announce 10.1.0.100" of the client. */
function arpSent(world: World): string[] {
  return world.wire.frames.filter(isArpOfClient).map(({ payload }) => {
    const [sender, target] = [[...payload.subarray(14, 18)].join("."), [...payload.subarray(24, 28)].join(".")];
    assert.equal(formatMac(payload, 8, 6), clientMac);
    if (sender === "0.0.0.0") return `probe ${target}`;
    return sender === target ? `announce ${target}` : `ask ${target} from ${sender}`;
  });
}
const isArpOfClient = ({ type, sourceMac }: Frame) => type === "arp" && sourceMac === clientMac;

/** Another machine that holds the address and answers for it. */
function holder(world: World): Station {
  const station = world.wire.station(otherMac, ({ type, payload }) => {
    const isAboutUs = type === "arp" && [...payload.subarray(24, 28)].join(".") === address;
    if (isAboutUs) station.send(clientMac, "arp", arp(2, otherMac, address, "0.0.0.0"));
  });
  return station;
}

test("in parallel: used at once, probed three times, announced twice", async (t) => {
  const world = new World(t);
  await world.up();
  assert.deepEqual(arpSent(world), [`probe ${address}`], "the first probe follows the address");
  await world.pass(20);
  assert.deepEqual(arpSent(world), [
    `probe ${address}`,
    `probe ${address}`,
    `probe ${address}`,
    `announce ${address}`,
    `announce ${address}`,
  ]);
});

test("in parallel: an address that another host holds is declined and lost at once", async (t) => {
  const world = new World(t);
  holder(world);
  world.setup();
  await world.pass(0);
  assert.deepEqual(world.told, [`up ${address}`, "lost address-conflict"]);
  assert.equal(world.server.heard.at(-1), `DECLINE ${address} @10.1.0.1`);
  assert.deepEqual(world.conflicts, [`${address} ${otherMac}`]);
  assert.equal(world.keeper.text, undefined);
});

test("after a DECLINE the next DISCOVER waits ten seconds, then 20, 40, 60, 60", async (t) => {
  const world = new World(t, { acquisitionLimitMs: 100_000 }, { pool: [address] });
  holder(world);
  world.setup();
  for (const wait of [10, 20, 40, 60, 60]) {
    await world.pass(0);
    assert.equal(world.told.at(-1), "lost address-conflict");
    world.server.declined.clear();
    const heard = world.server.heard.length;
    world.setup();
    await world.pass(wait - 0.1);
    assert.equal(world.server.heard.length, heard, `nothing is sent for ${wait} s`);
    await world.pass(0.1);
    assert.ok(world.server.heard.length > heard, `something is sent after ${wait} s`);
  }
});

test("an address already verified is defended once, then given up", async (t) => {
  const world = new World(t);
  await world.up();
  await world.pass(20);
  const before = arpSent(world).length;
  const station = world.wire.station(otherMac, () => {});
  const claim = () => station.send("ff:ff:ff:ff:ff:ff", "arp", arp(1, otherMac, address, address));
  claim();
  await world.pass(0);
  assert.deepEqual(arpSent(world).slice(before), [`announce ${address}`]);
  assert.deepEqual(world.told, [`up ${address}`]);
  await world.pass(11);
  claim();
  await world.pass(5);
  assert.deepEqual(world.told, [`up ${address}`], "one dispute in ten seconds is defended each time");
  claim();
  await world.pass(0);
  assert.deepEqual(world.told, [`up ${address}`, "lost address-conflict"]);
});

test("a flood of disputes costs one defence, one DECLINE and one loss", async (t) => {
  const world = new World(t);
  await world.up();
  await world.pass(20);
  const before = arpSent(world).length;
  const station = world.wire.station(otherMac, () => {});
  for (let count = 0; count < 10_000; count++) station.send(clientMac, "arp", arp(2, otherMac, address, address));
  await world.pass(0);
  assert.equal(arpSent(world).length, before + 1);
  assert.equal(world.server.heard.filter((line) => line.startsWith("DECLINE")).length, 1);
  assert.deepEqual(world.told, [`up ${address}`, "lost address-conflict"]);
});

test("our own packets, other addresses, probes of others and nonsense dispute nothing", async (t) => {
  const world = new World(t);
  await world.up();
  const station = world.wire.station(otherMac, () => {});
  const everybody = "ff:ff:ff:ff:ff:ff";
  station.send(everybody, "arp", arp(1, clientMac, address, address));
  station.send(everybody, "arp", arp(1, otherMac, "10.1.0.7", address));
  station.send(everybody, "arp", arp(1, otherMac, "0.0.0.0", address));
  station.send(everybody, "arp", arp(1, otherMac, address, address).subarray(0, 27));
  station.send(everybody, "arp", arp(7, otherMac, address, address));
  station.send(everybody, "arp", Buffer.alloc(0));
  station.send(everybody, "arp", Buffer.concat([Buffer.from("00060800060400010203", "hex"), Buffer.alloc(40)]));
  await world.pass(0);
  assert.deepEqual(world.told, [`up ${address}`]);
  assert.equal(world.session.inspect().addressDisputes, 0);
});

test("an answer in the name of another link of this host disputes nothing, in any phase", async (t) => {
  for (const conflictDetection of ["parallel", "before-use"] as const) {
    const world = new World(t, { conflictDetection });
    world.hostMacs.add(otherMac);
    const station = holder(world);
    world.setup();
    await world.pass(20);
    assert.deepEqual(world.told, [`up ${address}`], conflictDetection);
    for (let claim = 0; claim < 3; claim++)
      station.send("ff:ff:ff:ff:ff:ff", "arp", arp(1, otherMac, address, address));
    await world.pass(0);
    assert.deepEqual(world.told, [`up ${address}`], conflictDetection);
    await world.session.teardown({ force: true });
  }
});

test("before use: two links of one host that probe for one address do not yield to each other", async (t) => {
  const world = new World(t, { conflictDetection: "before-use" });
  world.hostMacs.add(otherMac);
  world.setup();
  await world.pass(1);
  world.wire.station(otherMac, () => {}).send("ff:ff:ff:ff:ff:ff", "arp", arp(1, otherMac, "0.0.0.0", address));
  await world.pass(10);
  assert.deepEqual(world.told, [`up ${address}`]);
});

test("a MAC address counts as ours only while a link of the host has it", async (t) => {
  const world = new World(t);
  world.hostMacs.add(otherMac);
  const station = holder(world);
  await world.up();
  await world.pass(20);
  world.hostMacs.delete(otherMac);
  for (let claim = 0; claim < 2; claim++) station.send(clientMac, "arp", arp(2, otherMac, address, address));
  await world.pass(0);
  assert.equal(world.told.at(-1), "lost address-conflict");
});

test("before use: the address is told only after three probes and two seconds of silence", async (t) => {
  const world = new World(t, { conflictDetection: "before-use" });
  world.setup();
  await world.pass(5.4);
  assert.deepEqual(world.told, []);
  assert.equal(world.state, "checking");
  assert.equal(arpSent(world).length, 3);
  await world.pass(0.2);
  assert.deepEqual(world.told, [`up ${address}`]);
  await world.pass(3);
  assert.deepEqual(arpSent(world).slice(3), [`announce ${address}`, `announce ${address}`]);
});

test("before use: an address in use is declined and another one got after ten seconds", async (t) => {
  const world = new World(t, { conflictDetection: "before-use" });
  holder(world);
  world.setup();
  await world.pass(9);
  assert.deepEqual(world.told, []);
  assert.equal(world.server.heard.at(-1), `DECLINE ${address} @10.1.0.1`);
  assert.deepEqual(world.conflicts, [`${address} ${otherMac}`]);
  await world.pass(17);
  assert.deepEqual(world.told, ["up 10.1.0.101"]);
});

test("before use: a host that probes for the same address at the same time is a conflict", async (t) => {
  const world = new World(t, { conflictDetection: "before-use" });
  world.setup();
  await world.pass(1);
  world.wire.station(otherMac, () => {}).send("ff:ff:ff:ff:ff:ff", "arp", arp(1, otherMac, "0.0.0.0", address));
  await world.pass(0);
  assert.equal(world.server.heard.at(-1), `DECLINE ${address} @10.1.0.1`);
});

test("before use: a lease in use is not probed again when it is renewed", async (t) => {
  const world = new World(t, { conflictDetection: "before-use" });
  world.setup();
  await world.pass(10);
  const before = arpSent(world).length;
  world.session.renew();
  await world.pass(1);
  assert.equal(world.told.at(-1), `settings ${address}`);
  assert.equal(arpSent(world).length, before);
});

test("off: not one ARP packet, and no ARP socket", async (t) => {
  const world = new World(t, { conflictDetection: "off" });
  await world.up();
  await world.pass(30);
  assert.deepEqual(arpSent(world), []);
  assert.equal(world.packets.openChannels, 1);
});

test("a lease that is resumed is defended but not probed", async (t) => {
  const world = new World(t);
  await world.up();
  await world.pass(1);
  await world.session.teardown({ force: true });
  const before = arpSent(world).length;
  world.attach({ resume: "in-use" });
  world.setup();
  await world.pass(20);
  assert.deepEqual(arpSent(world).slice(before), []);
  const station = world.wire.station(otherMac, () => {});
  station.send(clientMac, "arp", arp(2, otherMac, address, address));
  await world.pass(0);
  assert.deepEqual(arpSent(world).slice(before), [`announce ${address}`]);
});

test("a renewal with another address probes that one", async (t) => {
  const world = new World(t, {}, { leaseSeconds: 1000 });
  await world.up();
  await world.pass(20);
  world.server.config.spoil = (answer) => ({ ...answer, yourAddress: "10.1.0.177" });
  await world.pass(480);
  assert.equal(world.told.at(-1), "settings 10.1.0.177");
  assert.equal(arpSent(world).at(-1), "probe 10.1.0.177");
});

test("nothing is probed or announced after a teardown", async (t) => {
  const world = new World(t);
  await world.up();
  await world.session.teardown({ force: true });
  const before = arpSent(world).length;
  await world.pass(30);
  assert.equal(arpSent(world).length, before);
});
