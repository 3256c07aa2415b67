// mostly waits: for conflict probes, and for servers that are not there
/** A Network with its DHCP client against a real server, on the real kernel, without a daemon around it. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Network } from "../../../src/network/network.ts";
import type { Dhcp4Config } from "../../../src/network/protocols/dhcp4/config.ts";
import { dhcp4Handler } from "../../../src/network/protocols/dhcp4/handler.ts";
import { KernelUdp } from "../../../src/network/protocols/dhcp4/kernel-udp.ts";
import type { ProtocolLink } from "../../../src/network/protocols/handler.ts";
import { emptyStaticIp, type StaticIp } from "../../../src/network/static-ip.ts";
import { KernelPackets } from "../../../src/packet/kernel-packets.ts";
import { dhcp4With, protocolsOf } from "../../fakes/protocols.ts";
import { type DhcpServerOptions, startDhcpServer } from "../../harness/dhcp-server.ts";
import { requirePrivateNamespace, run } from "../../harness/namespace.ts";
import { until } from "../../harness/until.ts";
import { ip, makeRealWorld } from "./real-world.ts";

requirePrivateNamespace();

const range = "10.1.0.100,10.1.0.199,255.255.255.0,1h";
const fixed: StaticIp = { ...emptyStaticIp, address: "10.1.0.50", prefixLength: 24, gateway: "10.1.0.1" };

async function makeWorld(t: TestContext, server: Partial<DhcpServerOptions> | "no server" = {}) {
  const world = await makeRealWorld(t);
  const { peer, clock, log, applier, rtnl, eth0 } = world;
  if (server !== "no server") await serve(t, peer, server);
  const dhcp = dhcp4Handler({ packets: new KernelPackets(), udp: new KernelUdp() });
  const told: string[] = [];
  let kept: string | undefined;
  const leases: NonNullable<Dhcp4Config["leases"]> = {
    load: () => kept,
    save: (json) => {
      kept = json;
    },
    forget: () => {
      kept = undefined;
    },
  };
  const network = new Network(
    { clock, log, applier, protocols: protocolsOf({ dhcp4: dhcp }) },
    {
      connected: (first) => told.push(first ? "connected first" : "connected again"),
      changed: () => told.push("changed"),
      failed: (reason) => told.push(`failed ${reason}`),
      conflicted: ({ mac }) => told.push(`conflict ${mac}`),
      conflictOver: () => told.push("conflict over"),
    },
  );
  t.after(async () => {
    await network.stop({ release: false });
    dhcp.close();
  });
  const mac = run("cat", ["/sys/class/net/eth0/address"]).trim();
  const link: ProtocolLink = { index: eth0, name: "eth0", mac, mtu: 1500 };
  const start = (options: { static?: StaticIp; dhcp?: Dhcp4Config } = { dhcp: {} }) => {
    const { dhcp: config, ...others } = options;
    network.start({ link, ...others, ...(config && { protocols: dhcp4With({ leases, ...config }) }) });
  };
  const addresses = () =>
    rtnl.snapshot
      .addresses(eth0)
      .filter(({ family }) => family === 4)
      .map(({ address }) => address)
      .join(" ");
  const connected = (times = 1) =>
    until(`connected ${times} times`, () => told.filter((word) => word.startsWith("connected")).length >= times);
  return { ...world, dhcp, told, network, start, addresses, connected };
}

async function serve(t: TestContext, peer: Parameters<typeof startDhcpServer>[0], options: Partial<DhcpServerOptions>) {
  const server = await startDhcpServer(peer, {
    link: "lan0",
    range,
    options: ["option:dns-server,10.1.0.53"],
    ...options,
  });
  t.after(() => server.stop());
  return server;
}

test("a lease ends in an address with its lifetime, routes, rules and name servers", async (t) => {
  const world = await makeWorld(t);
  world.start();
  await world.connected();
  assert.match(world.addresses(), /^10\.1\.0\.1\d\d$/);
  assert.deepEqual(world.network.effective?.nameServers, ["10.1.0.53"]);
  assert.match(run("ip", ["address", "show", "dev", "eth0"]), /valid_lft 3(600|599)sec/);
  assert.match(
    ip("route", "show"),
    new RegExp(`default via 10\\.1\\.0\\.1 dev eth0 proto 102 src ${world.addresses()} metric 200`),
  );
  assert.deepEqual(world.told, ["changed", "connected first"]);
  assert.deepEqual(world.log.messages("warn"), []);
});

test("a known lease is back after the cable was pulled, with the same address", async (t) => {
  const world = await makeWorld(t);
  world.start();
  await world.connected();
  const before = world.addresses();
  world.cables.eth0.unplug();
  await until("the carrier is gone", () => world.rtnl.snapshot.links.get(world.eth0)?.hasCarrier === false);
  await world.network.stop({ release: false });
  await world.applier.settled();
  assert.equal(world.addresses(), "");
  world.cables.eth0.plug();
  await until("the carrier is back", () => world.rtnl.snapshot.links.get(world.eth0)?.hasCarrier);
  world.start();
  await world.connected(2);
  assert.equal(world.addresses(), before);
});

test("a static address comes and goes on a live connection", async (t) => {
  const world = await makeWorld(t);
  world.start();
  await world.connected();
  world.network.setStatic(fixed);
  await world.connected(2);
  assert.equal(world.addresses(), "10.1.0.50");
  assert.deepEqual(world.network.effective?.nameServers, ["10.1.0.53"]);
  world.network.setStatic(emptyStaticIp);
  await world.connected(3);
  assert.match(world.addresses(), /^10\.1\.0\.1\d\d$/);
});

test("a static address without a server is connected, and a server that appears supplies the rest", async (t) => {
  const world = await makeWorld(t, "no server");
  world.start({ static: fixed, dhcp: {} });
  await world.connected();
  assert.deepEqual(world.network.effective?.nameServers, []);
  await serve(t, world.peer, {});
  await until("the name server is there", () => world.network.effective?.nameServers.join() === "10.1.0.53", 20_000);
  assert.equal(world.addresses(), "10.1.0.50");
  assert.deepEqual(world.told, ["changed", "connected first", "changed"]);
});

test("an MTU from the server is in use with the address", async (t) => {
  const world = await makeWorld(t, { options: ["option:mtu,1400"] });
  world.start();
  await world.connected();
  assert.equal(world.rtnl.snapshot.links.get(world.eth0)?.mtu, 1400);
  await world.network.stop({ release: true });
  await world.applier.settled();
  assert.equal(world.rtnl.snapshot.links.get(world.eth0)?.mtu, 1500);
});

test("classless routes are in both tables, and a gateway among them serves as the default", async (t) => {
  const world = await makeWorld(t, { options: ["option:router", "121,10.9.0.0/16,10.1.0.2,0.0.0.0/0,10.1.0.3"] });
  world.start();
  await world.connected();
  for (const table of ["main", String(1000 + world.eth0)]) {
    assert.match(ip("route", "show", "table", table), /^10\.9\.0\.0\/16 via 10\.1\.0\.2 dev eth0 proto 102/m);
    assert.match(ip("route", "show", "table", table), /^default via 10\.1\.0\.3 dev eth0 proto 102/m);
  }
});

test("a restart in use changes nothing in the kernel but the time of the lease", async (t) => {
  const world = await makeWorld(t);
  world.start();
  await world.connected();
  const state = () =>
    [
      ip("-4", "address", "show", "dev", "eth0").replace(/\d+sec/g, ""),
      ip("route", "show", "table", "all"),
      ip("rule"),
    ].join("\n");
  const before = state();
  await world.network.stop({ release: false, leaveConfigured: true });
  const removed: string[] = [];
  world.rtnl.onDelta((delta) => delta.kind.endsWith("-removed") && removed.push(delta.kind));
  world.start({ dhcp: { resume: "in-use" } });
  await world.connected(2);
  assert.equal(state(), before);
  assert.deepEqual(removed, []);
});

test("nothing between start and address waits for a timer", async (t) => {
  const world = await makeWorld(t, { rapidCommit: true });
  const { clock } = world;
  let fired: string[] = [];
  const startTimer = clock.startTimer.bind(clock);
  clock.startTimer = (name, ms, fire) =>
    startTimer(name, ms, () => {
      fired.push(`${name}, ${ms} ms`);
      fire();
    });
  const waitedFor: (readonly string[])[] = [];
  world.applier.manage(world.eth0);
  for (let round = 1; round <= 5; round++) {
    fired = [];
    let before: readonly string[] | undefined;
    const stopListening = world.rtnl.onDelta((delta) => {
      if (delta.kind === "address-added" && delta.address.family === 4) before ??= [...fired];
    });
    world.start();
    await world.connected(round);
    stopListening();
    waitedFor.push(before ?? ["no address"]);
    await world.network.stop({ release: true });
    await world.applier.settled();
  }
  // A server that is kept from answering is asked again by a timer; it is not each time.
  assert.ok(
    waitedFor.some((timers) => timers.length === 0),
    waitedFor.map((timers) => timers.join("; ")).join(" | "),
  );
});
