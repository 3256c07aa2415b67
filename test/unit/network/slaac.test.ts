/** Router advertisements on the fake kernel, as a Network sees them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Network } from "../../../src/network/network.ts";
import { slaacHandler } from "../../../src/network/protocols/slaac/handler.ts";
import type { RouterOption } from "../../../src/rtnl/rtnl.ts";
import { FakeProtocolHandler } from "../../fakes/fake-protocol-handler.ts";
import { protocolsOf } from "../../fakes/protocols.ts";
import type { Advertisement } from "../../harness/router-advertisement.ts";
import { ipv4, makeKernelWorld, settingsOf } from "./kernel/kernel-world.ts";

const prefix = { prefix: "2001:db8:1::/64", validSeconds: 7200, preferredSeconds: 3600 };
const servers = (lifetimeSeconds: number | undefined, ...list: string[]): RouterOption => ({
  kind: "name-servers",
  servers: list,
  ...(lifetimeSeconds !== undefined && { lifetimeSeconds }),
});
const ad = (more: Partial<Advertisement> = {}): Advertisement => ({
  ...{ router: "fe80::1", lifetimeSeconds: 1800, prefixes: [prefix], options: [servers(600, "2001:db8::53")] },
  ...more,
});

async function makeWorld({ isIpv6Unwanted = false } = {}) {
  const world = await makeKernelWorld();
  const { kernel, clock, applier, eth0, log, sysctls } = world;
  applier.releaseUnclaimed();
  const asked: number[] = [];
  const handler = slaacHandler({
    ...{ rtnl: kernel, log, sysctls, isIpv6Unwanted: () => isIpv6Unwanted, now: () => clock.now() },
    solicitor: { solicit: (link) => asked.push(link) > 0 },
  });
  const dhcp4 = new FakeProtocolHandler();
  const told: string[] = [];
  const network = new Network(
    { clock, log, applier, protocols: protocolsOf({ dhcp4, slaac: handler }) },
    {
      connected: (first) => told.push(first ? "connected first" : "connected again"),
      changed: () => told.push("changed"),
      failed: (reason, detail) => told.push(`failed ${reason}: ${detail}`),
      conflicted: () => {},
      conflictOver: () => {},
    },
  );
  handler.prepareLink(eth0);
  const link = { index: eth0, name: "eth0", mac: "02:00:00:00:00:02", mtu: 1500 };
  const start = (...names: ("dhcp4" | "slaac")[]) =>
    network.start({ link, protocols: names.map((source) => ({ source, config: {} })) });
  const heard = async (): Promise<string> => {
    await clock.settle();
    return told.splice(0).join(", ");
  };
  const hear = (what: Advertisement) => kernel.hearRouter("eth0", what);
  const own = (...words: string[]) =>
    world
      .text()
      .split("\n")
      .filter((line) => line.includes("proto 102") && words.every((word) => line.includes(word)));
  return { ...world, handler, dhcp4, network, start, heard, hear, asked, own };
}

test("IPv6 alone: the kernel's address is used and not put, its router leads out, replies go by the link's table", async () => {
  const world = await makeWorld();
  world.start("slaac");
  assert.deepEqual(world.asked, [world.eth0]);
  world.hear(ad());
  assert.equal(await world.heard(), "changed, connected first");
  const [address] = world.network.effective?.ipv6 ? [world.network.effective.ipv6.address] : [];
  assert.match(address ?? "", /^2001:db8:1::/);
  assert.deepEqual(world.own(), [
    "route -6 2001:db8:1::/64 dev eth0 metric 200 proto 102",
    "route -6 2001:db8:1::/64 dev eth0 table 1002 metric 1024 proto 102",
    "route -6 default via fe80::1 dev eth0 metric 200 proto 102",
    "route -6 default via fe80::1 dev eth0 table 1002 metric 1024 proto 102",
    "rule -6 20300: from all lookup main suppress_prefixlength 0 proto 102",
    `rule -6 20500: from ${address}/128 lookup 1002 proto 102`,
  ]);
  assert.deepEqual(world.network.effective?.nameServers, ["2001:db8::53"]);
});

test("a router that repeats itself changes nothing and is not told", async () => {
  const world = await makeWorld();
  world.start("slaac");
  world.hear(ad());
  await world.heard();
  world.kernel.requested.length = 0;
  await world.clock.advanceSettled(10_000);
  world.hear(ad());
  assert.equal(await world.heard(), "");
  assert.deepEqual(world.kernel.requested, []);
});

test("lifetime 0 takes the way out and leaves address and name server; that of another router changes nothing", async () => {
  const world = await makeWorld();
  world.start("slaac");
  world.hear(ad());
  await world.heard();
  world.hear(ad({ router: "fe80::66", lifetimeSeconds: 0, prefixes: [], options: [servers(0, "2001:db8::53")] }));
  assert.equal(await world.heard(), "");
  world.hear(ad({ lifetimeSeconds: 0 }));
  await world.heard();
  assert.deepEqual(world.own("default"), []);
  assert.equal(world.network.effective?.ipv6?.gateway, undefined);
  assert.deepEqual(world.network.effective?.nameServers, ["2001:db8::53"]);
});

test("name servers end at their own time, or never, without a word from a router", async () => {
  const world = await makeWorld();
  world.start("slaac");
  world.hear(ad({ options: [servers(60, "2001:db8::1"), servers(undefined, "2001:db8::2")] }));
  await world.heard();
  await world.clock.advanceSettled(59_000);
  assert.deepEqual(world.network.effective?.nameServers, ["2001:db8::1", "2001:db8::2"]);
  await world.clock.advanceSettled(2_000);
  assert.deepEqual(world.network.effective?.nameServers, ["2001:db8::2"]);
});

test("a way out ends with its router's time, unless the router prolonged it without a word from the kernel", async () => {
  const world = await makeWorld();
  world.start("slaac");
  world.hear(ad({ lifetimeSeconds: 30 }));
  await world.heard();
  world.kernel.setRouterExpiry("fe80::1", 20);
  await world.clock.advanceSettled(31_000);
  assert.equal(world.own("default").length, 2, "prolonged");
  world.kernel.setRouterExpiry("fe80::1", 0);
  await world.clock.advanceSettled(20_000);
  assert.deepEqual(world.own("default"), []);
  world.kernel.setRouterExpiry("fe80::1", 1800);
  await world.clock.advanceSettled(6_000);
  assert.equal(world.own("default").length, 2, "the router is back");
});

test("of two routers the preferred one leads out", async () => {
  const world = await makeWorld();
  world.start("slaac");
  world.hear(ad());
  world.hear(ad({ router: "fe80::2", preference: "high", prefixes: [], options: [] }));
  await world.heard();
  assert.equal(world.network.effective?.ipv6?.gateway, "fe80::2");
});

test("a link-local name server has the link as its zone", async () => {
  const world = await makeWorld();
  world.start("slaac");
  world.hear(ad({ options: [servers(600, "fe80::53")] }));
  assert.match(await world.heard(), /connected first/);
  assert.deepEqual(world.network.effective?.nameServers, ["fe80::53%eth0"]);
});

test("no DHCP server and a router: IPv6 goes on alone; a lease that comes later becomes the connection", async () => {
  const world = await makeWorld();
  world.start("dhcp4", "slaac");
  world.hear(ad());
  assert.match(await world.heard(), /connected first/);
  assert.equal(world.network.primaryFamily, 6);
  await world.clock.advanceSettled(30_000);
  assert.doesNotMatch(await world.heard(), /failed/);
  await world.clock.advanceSettled(60_000);
  world.dhcp4.last.up(settingsOf({ ipv4: ipv4("10.0.0.9/24", "10.0.0.1"), nameServers: ["10.0.0.53"] }));
  assert.match(await world.heard(), /connected again/);
  assert.equal(world.network.primaryFamily, 4);
});

test("a network without a router fails after the one time limit, and its routers are asked three times", async () => {
  const world = await makeWorld();
  world.start("slaac");
  await world.clock.advanceSettled(30_000);
  assert.equal(await world.heard(), "failed protocol-failed: no router within 30 s");
  assert.equal(world.asked.length, 3);
});

test("leaving takes away what the router brought, also an address that the kernel tells of later", async () => {
  const world = await makeWorld();
  world.start("slaac");
  world.hear(ad());
  await world.heard();
  await world.network.stop({ release: true });
  await world.clock.settle();
  assert.equal(world.text(), "");
  assert.equal(world.sysctls.getForLink("ipv6", "eth0", "accept_ra"), 0);
  world.hear(ad({ lifetimeSeconds: 0, options: [] }));
  await world.clock.settle();
  assert.deepEqual(world.kernel.snapshot.addresses(world.eth0), []);
});

test("a short loss of carrier and a stop for a restart leave addresses and settings alone", async () => {
  const world = await makeWorld();
  world.start("slaac");
  world.hear(ad());
  await world.heard();
  const before = world.text();
  await world.network.stop({ release: false, leaveConfigured: true });
  await world.clock.settle();
  assert.equal(world.text(), before);
  assert.equal(world.sysctls.getForLink("ipv6", "eth0", "accept_ra"), 2);
});

test("the link's settings are made while it is ours, and given back with it", async () => {
  const world = await makeWorld();
  world.sysctls.setForLink("ipv6", "eth1", "disable_ipv6", 1);
  world.sysctls.setForLink("ipv6", "eth1", "addr_gen_mode", 1);
  world.sysctls.setForLink("ipv6", "eth1", "accept_ra", 1);
  const names = ["disable_ipv6", "addr_gen_mode", "accept_ra", "use_tempaddr", "accept_dad"];
  const values = () => names.map((name) => world.sysctls.getForLink("ipv6", "eth1", name)).join(" ");
  world.handler.prepareLink(world.eth1);
  assert.equal(values(), "0 0 0 2 1");
  world.handler.leaveLink(world.eth1);
  assert.equal(values(), "1 1 1 0 0");
});

test("where a person has switched IPv6 off for the whole machine it stays off", async () => {
  const world = await makeWorld({ isIpv6Unwanted: true });
  world.sysctls.setForLink("ipv6", "eth1", "disable_ipv6", 1);
  world.handler.prepareLink(world.eth1);
  assert.equal(world.sysctls.getForLink("ipv6", "eth1", "disable_ipv6"), 1);
});

test("a hostile router cannot make the list of name servers grow without end", async () => {
  const world = await makeWorld();
  world.start("slaac");
  for (let at = 0; at < 40; at++) world.hear(ad({ options: [servers(600, `2001:db8::${at + 1}`)] }));
  await world.heard();
  assert.equal(world.network.effective?.nameServers.length, 16);
});

test("a neighbour's forged advertisements leave room for the servers of the real router, and one of its is among the first", async () => {
  const world = await makeWorld();
  world.start("slaac");
  const many = Array.from({ length: 40 }, (_, at) => `2001:db8:bad::${at + 1}`);
  world.hear(ad({ router: "fe80::bad", options: [servers(600, ...many)] }));
  await world.heard();
  world.hear(ad({ options: [servers(600, "2001:db8::53", "2001:db8::54")] }));
  await world.heard();
  const { nameServers = [] } = world.network.effective ?? {};
  assert.deepEqual(nameServers.slice(0, 4), ["2001:db8:bad::1", "2001:db8::53", "2001:db8:bad::2", "2001:db8::54"]);
  assert.equal(nameServers.length, 16);
});

test("invented routers cannot push out one that was heard, and leave room for another when they are silent", async () => {
  const world = await makeWorld();
  world.start("slaac");
  world.hear(ad({ options: [servers(6000, "2001:db8::53")] }));
  for (let at = 1; at <= 40; at++)
    world.hear(ad({ router: `fe80::bad:${at}`, options: [servers(600, `2001:db8:bad::${at}`)] }));
  await world.heard();
  assert.equal(world.network.effective?.nameServers[0], "2001:db8::53");
  assert.equal(world.network.effective?.nameServers.length, 16);
  world.hear(ad({ router: "fe80::2", options: [servers(6000, "2001:db8::2")] }));
  await world.clock.advanceSettled(601_000);
  world.hear(ad({ router: "fe80::2", options: [servers(6000, "2001:db8::2")] }));
  await world.heard();
  assert.deepEqual(world.network.effective?.nameServers, ["2001:db8::53", "2001:db8::2"]);
});
