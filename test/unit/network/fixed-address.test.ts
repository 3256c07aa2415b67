/** A fixed address on a wire with other hosts: RFC 5227, 2.1 and 2.4 (c). */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { parseMac } from "../../../src/base/ip-address.ts";
import { Network } from "../../../src/network/network.ts";
import { FixedAddressGuards } from "../../../src/network/protocols/fixed-address-guards.ts";
import type { ProtocolLink } from "../../../src/network/protocols/handler.ts";
import { emptyStaticIp, type StaticIp } from "../../../src/network/static-ip.ts";
import { bytesOf } from "../../fakes/fake-dhcp-server.ts";
import { FakePackets, FakeWire, type Station } from "../../fakes/fake-packets.ts";
import { FakeProtocolHandler } from "../../fakes/fake-protocol-handler.ts";
import { dhcp4With, protocolsOf } from "../../fakes/protocols.ts";
import { ipv4, makeKernelWorld, settingsOf } from "./kernel/kernel-world.ts";

const ownMac = "02:00:00:00:00:02";
const otherMac = "02:00:00:00:00:bb";
const everybody = "ff:ff:ff:ff:ff:ff";
const fixedAt = (address: string): StaticIp => ({ ...emptyStaticIp, address, prefixLength: 24, gateway: "10.0.0.1" });
const address = "10.0.0.50";
const fixed = fixedAt(address);

const arp = (operation: number, mac: string, sender: string, target: string): Buffer =>
  Buffer.concat([
    Buffer.from(`000108000604000${operation}`, "hex"),
    parseMac(mac),
    bytesOf(sender),
    Buffer.alloc(6),
    bytesOf(target),
  ]);

async function makeWorld(t: TestContext) {
  const kernelWorld = await makeKernelWorld();
  const { kernel, clock, applier, eth0, log } = kernelWorld;
  const wire = new FakeWire();
  const packets = new FakePackets();
  packets.addLink(eth0, ownMac, wire);
  const hostMacs = new Set<string>();
  const isOwnMac = (mac: string) => hostMacs.has(mac);
  const guards = new FixedAddressGuards({ clock, log, packets, isOwnMac, random: () => 0.5 });
  const told: string[] = [];
  const dhcp = new FakeProtocolHandler();
  const network = new Network(
    {
      clock,
      log,
      applier,
      protocols: protocolsOf({ dhcp4: dhcp }),
      guard: (link, observer) => guards.guard(link, observer),
    },
    {
      connected: () => told.push("connected"),
      changed: () => {},
      failed: (reason) => told.push(`failed ${reason}`),
      conflicted: ({ address, mac, outcome }) => told.push(`conflict ${address} ${mac} ${outcome}`),
      conflictOver: (because) => told.push(`over: ${because}`),
    },
  );
  t.after(async () => {
    await network.stop({ release: false });
    assert.deepEqual(clock.pendingTimers(), [], "timers left");
    guards.close();
    assert.equal(packets.openChannels, 0, "sockets left");
  });
  const link: ProtocolLink = { index: eth0, name: "eth0", mac: ownMac, mtu: 1500 };
  const pass = (seconds: number) => clock.advanceSettled(seconds * 1000);
  let seen = 0;
  /** Packets that this host has sent since the last time, such as `probe 10.0.0.50`. */
  const sent = (): readonly string[] => {
    const frames = wire.frames.slice(seen).filter(({ sourceMac }) => sourceMac === ownMac);
    seen = wire.frames.length;
    return frames.map(({ payload }) => {
      const [sender, target] = [14, 24].map((at) => [...payload.subarray(at, at + 4)].join("."));
      return `${sender === "0.0.0.0" ? "probe" : "announce"} ${target}`;
    });
  };
  const hasAddress = () => kernel.snapshot.addresses(eth0).some((one) => one.address === address);
  const heard = () => told.splice(0);
  return { network, dhcp, wire, hostMacs, link, pass, sent, heard, hasAddress, packets };
}

/** Another host that has the address and answers for it. */
function holder({ wire }: { wire: FakeWire }, mac = otherMac): Station {
  const station = wire.station(mac, ({ type, payload }) => {
    const isAboutIt = type === "arp" && [...payload.subarray(24, 28)].join(".") === address;
    if (isAboutIt) station.send(ownMac, "arp", arp(2, mac, address, "0.0.0.0"));
  });
  return station;
}

test("a fixed address is used at once, then probed three times and announced twice", async (t) => {
  const world = await makeWorld(t);
  world.network.start({ link: world.link, static: fixed });
  await world.pass(0);
  assert.deepEqual(world.heard(), ["connected"], "probing delays nothing");
  await world.pass(1);
  assert.deepEqual(world.sent(), [`probe ${address}`], "within a second");
  await world.pass(20);
  const [probe, announcement] = [`probe ${address}`, `announce ${address}`];
  assert.deepEqual(world.sent(), [probe, probe, announcement, announcement]);
  assert.deepEqual(world.heard(), []);
});

test("an address that another host has stays, is told with its MAC address once, and is not announced", async (t) => {
  const world = await makeWorld(t);
  const station = holder(world);
  world.network.start({ link: world.link, static: fixed });
  await world.pass(1);
  assert.deepEqual(world.heard(), ["connected", `conflict ${address} ${otherMac} kept`]);
  assert.deepEqual(world.network.conflict, { address, mac: otherMac, outcome: "kept" });
  for (let claim = 0; claim < 5; claim++) station.send(everybody, "arp", arp(1, otherMac, address, address));
  await world.pass(600);
  assert.ok(world.hasAddress());
  assert.equal(world.network.state, "connected");
  assert.deepEqual(world.heard(), [], "told once");
  const sent = world.sent();
  assert.ok(sent.length <= 12 && sent.every((line) => line === `probe ${address}`), sent.join());
});

test("when the other host is gone that is told, and the address is announced", async (t) => {
  const world = await makeWorld(t);
  const station = holder(world);
  world.network.start({ link: world.link, static: fixed });
  await world.pass(1);
  world.heard();
  station.leave();
  await world.pass(70);
  assert.deepEqual(world.heard(), [`over: no other host answers for ${address} any more`]);
  assert.equal(world.network.conflict, undefined);
  assert.equal(world.sent().at(-1), `announce ${address}`);
});

test("another holder than before is told", async (t) => {
  const world = await makeWorld(t);
  const first = holder(world);
  world.network.start({ link: world.link, static: fixed });
  await world.pass(1);
  world.heard();
  first.leave();
  holder(world, "02:00:00:00:00:cc");
  await world.pass(61);
  assert.deepEqual(world.heard(), [`conflict ${address} 02:00:00:00:00:cc kept`]);
});

test("an address that was ours first is defended at most once in ten seconds, for as long as it takes", async (t) => {
  const world = await makeWorld(t);
  world.network.start({ link: world.link, static: fixed });
  await world.pass(20);
  world.sent();
  world.heard();
  const station = world.wire.station(otherMac, () => {});
  const claim = async (times: number) => {
    for (let sent = 0; sent < times; sent++) station.send(everybody, "arp", arp(1, otherMac, address, address));
    await world.pass(0);
  };
  await claim(3);
  assert.deepEqual(world.sent(), [`announce ${address}`]);
  assert.deepEqual(world.heard(), [`conflict ${address} ${otherMac} kept`]);
  await world.pass(9);
  await claim(3);
  assert.deepEqual(world.sent(), []);
  for (let round = 0; round < 3; round++) {
    await world.pass(10);
    await claim(2);
    assert.deepEqual(world.sent(), [`announce ${address}`]);
  }
  assert.deepEqual(world.heard(), []);
  assert.ok(world.hasAddress());
});

test("a flood of claims in many names costs one packet and one word", async (t) => {
  const world = await makeWorld(t);
  world.network.start({ link: world.link, static: fixed });
  await world.pass(20);
  world.sent();
  world.heard();
  const station = world.wire.station(otherMac, () => {});
  for (let count = 0; count < 10_000; count++) {
    const mac = `02:00:00:00:${(count >> 8).toString(16).padStart(2, "0")}:${(count & 255).toString(16).padStart(2, "0")}`;
    if (mac !== ownMac) station.send(everybody, "arp", arp(1, mac, address, address));
  }
  await world.pass(0);
  assert.deepEqual(world.sent(), [`announce ${address}`]);
  assert.equal(world.heard().length, 1);
});

test("another link of this host that has the address, too, is no conflict", async (t) => {
  const world = await makeWorld(t);
  world.hostMacs.add(otherMac);
  holder(world);
  world.network.start({ link: world.link, static: fixed });
  await world.pass(120);
  assert.deepEqual(world.heard(), ["connected"]);
});

test("another host's probe for the address is left to the kernel to answer", async (t) => {
  const world = await makeWorld(t);
  world.network.start({ link: world.link, static: fixed });
  const station = world.wire.station(otherMac, () => {});
  for (let round = 0; round < 10; round++) {
    station.send(everybody, "arp", arp(1, otherMac, "0.0.0.0", address));
    await world.pass(3);
  }
  assert.deepEqual(world.heard(), ["connected"]);
});

test("an address that takes the place of a disputed one ends the conflict and is probed itself", async (t) => {
  const world = await makeWorld(t);
  holder(world);
  world.network.start({ link: world.link, static: fixed });
  await world.pass(1);
  world.heard();
  world.sent();
  world.network.setStatic(fixedAt("10.0.0.51"));
  await world.pass(20);
  assert.deepEqual(world.heard(), [
    "connected",
    `over: ${address}, which another host has too, is not in use any more`,
  ]);
  assert.deepEqual(world.sent().slice(0, 1), ["probe 10.0.0.51"]);
  assert.equal(world.network.conflict, undefined);
});

test("other static settings leave the watch as it is", async (t) => {
  const world = await makeWorld(t);
  world.network.start({ link: world.link, static: fixed });
  await world.pass(20);
  world.sent();
  world.network.setStatic({ ...fixed, nameServers: ["10.0.0.53"] });
  await world.pass(20);
  assert.deepEqual(world.sent(), []);
});

test("a fixed address with DHCP beside it is watched; a lease alone is the DHCP client's own affair", async (t) => {
  const world = await makeWorld(t);
  world.network.start({ link: world.link, protocols: dhcp4With() });
  world.dhcp.last.up(settingsOf({ ipv4: ipv4("10.0.0.9/24", "10.0.0.1") }));
  await world.pass(20);
  assert.deepEqual(world.sent(), []);
  world.network.setStatic(fixed);
  await world.pass(1);
  assert.deepEqual(world.sent(), [`probe ${address}`]);
  world.network.setStatic(emptyStaticIp);
  world.dhcp.last.up(settingsOf({ ipv4: ipv4("10.0.0.9/24", "10.0.0.1") }));
  await world.pass(0);
  world.sent();
  await world.pass(120);
  assert.deepEqual(world.sent(), [], "nothing more for an address that is gone");
});

test("after a resume the address is probed again: the network may be another one", async (t) => {
  const world = await makeWorld(t);
  world.network.start({ link: world.link, static: fixed });
  await world.pass(20);
  world.heard();
  holder(world);
  world.network.renew();
  await world.pass(1);
  assert.deepEqual(world.heard(), [`conflict ${address} ${otherMac} kept`]);
});

test("a link whose ARP socket cannot be had has its fixed address all the same", async (t) => {
  const world = await makeWorld(t);
  world.packets.removeLink(world.link.index);
  world.network.start({ link: world.link, static: fixed });
  await world.pass(10);
  assert.deepEqual(world.heard(), ["connected"]);
  assert.ok(world.hasAddress());
});
