import assert from "node:assert/strict";
import { test } from "node:test";
import type { DhcpMessage } from "../../../../src/network/protocols/dhcp4/message.ts";
import { optionCode } from "../../../../src/network/protocols/dhcp4/options.ts";
import { bytesOf, FakeDhcpServer } from "../../../fakes/fake-dhcp-server.ts";
import { World } from "./world.ts";

const hex = (text: string) => Buffer.from(text, "hex");
const unnamed = (answer: DhcpMessage) => ({
  ...answer,
  options: new Map([...answer.options].filter(([code]) => code !== optionCode.serverId)),
});

test("a server that never names itself is known by the sender of its packets, from the first to the last", async (t) => {
  const world = new World(t, {}, { spoil: unnamed, leaseSeconds: 1000 });
  await world.up();
  assert.deepEqual(world.server.heard, ["DISCOVER", "REQUEST 10.1.0.100 @10.1.0.1"]);
  await world.pass(501);
  assert.deepEqual(world.told, ["up 10.1.0.100", "settings 10.1.0.100"], "renewed");
  world.server.config.refuses = true;
  await world.pass(501);
  assert.equal(world.told.at(-1), "lost nak");
  assert.deepEqual(world.oddities, ["server 10.1.0.1: no server identifier (option 54): taken for 10.1.0.1"]);
});

test("an unnamed NAK of another host than the server that was asked is ignored", async (t) => {
  const world = new World(t);
  const other = new FakeDhcpServer(world.wire, {
    ...{ mac: "02:00:00:00:00:02", serverId: "10.1.0.2", pool: [], refuses: true },
    spoil: unnamed,
  });
  other.config.pool = [];
  world.server.config.spoil = (answer) => (answer.type === "ack" ? undefined : answer);
  world.setup();
  await world.pass(1);
  world.server.config.spoil = (answer) => answer;
  assert.equal(world.state, "requesting");
  other.send(unnamed({ ...(world.server.received.at(-1) as DhcpMessage), op: "reply", type: "nak" }));
  await world.pass(4);
  assert.equal(world.told.at(-1), "up 10.1.0.100");
});

test("an unnamed OFFER from an address that no host has is ignored and counted", async (t) => {
  const world = new World(t);
  const nowhere = new FakeDhcpServer(world.wire, { serverId: "0.0.0.0", mac: "02:00:00:00:00:02", spoil: unnamed });
  world.server.config.silent = true;
  world.setup();
  await world.pass(1);
  assert.equal(nowhere.heard.length, 1);
  assert.deepEqual(world.ignored, { "no-server": 1 });
});

test("an ACK that does not repeat the address in use confirms it", async (t) => {
  const world = new World(t, {}, { leaseSeconds: 1000 });
  await world.up();
  world.server.config.spoil = (answer) => ({
    ...answer,
    yourAddress: "0.0.0.0",
    clientAddress: answer.yourAddress,
  });
  await world.pass(501);
  assert.deepEqual([world.told.at(-1), world.state], ["settings 10.1.0.100", "bound"]);
});

const masks = {
  "with holes": hex("ff00ff00"),
  "of two bytes": hex("ffff"),
  "of no bytes": hex(""),
  "without ones": hex("00000000"),
};
for (const [what, mask] of Object.entries(masks)) {
  test(`a mask ${what} makes a host of its own, never a network by class`, async (t) => {
    const world = new World(t, {}, { options: new Map([[optionCode.subnetMask, mask]]) });
    await world.up();
    const { prefixLength, gateway } = world.settings?.ipv4 ?? {};
    assert.deepEqual([prefixLength, gateway], [32, "10.1.0.1"]);
    assert.ok(
      world.oddities.includes("server 10.1.0.1: no usable subnet mask: 10.1.0.100/32, all others through the router"),
    );
  });
}

const routers = {
  "0.0.0.0": [["0.0.0.0"], "on link"],
  "the own address": [["10.1.0.100"], "on link"],
  "0.0.0.0 before a router": [["0.0.0.0", "10.1.0.9"], "10.1.0.9"],
  "the own address before a router": [["10.1.0.100", "10.1.0.9"], "10.1.0.9"],
  "a multicast address before a router": [["224.0.0.1", "10.1.0.9"], "10.1.0.9"],
  "a multicast address": [["224.0.0.1"], "none"],
} as const;
for (const [what, [addresses, expected]] of Object.entries(routers)) {
  test(`with ${what} as router the way out is ${expected}`, async (t) => {
    const world = new World(t, {}, { options: new Map([[optionCode.router, bytesOf(...addresses)]]) });
    await world.up();
    const { gateway, isAllOnLink } = world.settings?.ipv4 ?? {};
    assert.equal(isAllOnLink ? "on link" : (gateway ?? "none"), expected);
    // The kept lease says the same.
    await world.pass(1);
    await world.session.teardown({ force: true });
    world.server.config.silent = true;
    world.attach({ resume: "in-use" });
    await world.up();
    assert.deepEqual(world.settings?.ipv4?.isAllOnLink, isAllOnLink);
  });
}

test("a classless route through the own address, and a default route through 0.0.0.0, are on the link", async (t) => {
  const routes = hex("080b0a0100640000000000");
  const world = new World(t, {}, { options: new Map([[optionCode.classlessRoutes, routes]]) });
  await world.up();
  assert.deepEqual(world.settings?.routes, [{ destination: "11.0.0.0/8" }]);
  assert.equal(world.settings?.ipv4?.isAllOnLink, true);
});

test("each oddity of a server is told once, however often it comes and in any session", async (t) => {
  const world = new World(t, {}, { leaseSeconds: 60, options: new Map([[optionCode.mtu, hex("0044")]]) });
  await world.up();
  await world.pass(300);
  await world.session.teardown({ force: true });
  world.attach({});
  await world.up();
  assert.deepEqual(world.log.messages("info"), ["eth0: server 10.1.0.1: option 26 is malformed or of no use"]);
});

test("a server that thinks of new oddities all the time is told of 64 times", async (t) => {
  let count = 0;
  const odd = () => [optionCode.nameServers, bytesOf(`224.0.0.${count++}`, "9.9.9.9")] as const;
  const spoil = (answer: DhcpMessage) => ({ ...answer, options: new Map([...answer.options, odd()]) });
  const world = new World(t, {}, { spoil });
  await world.up();
  for (let time = 0; time < 200; time++) {
    world.session.renew();
    await world.pass(0);
  }
  assert.equal(world.oddities.length, 64);
  assert.equal(world.log.messages("info").length, 64);
});
