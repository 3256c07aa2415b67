import assert from "node:assert/strict";
import { test } from "node:test";
import { DaemonError } from "../../../src/base/errors.ts";
import { Network } from "../../../src/network/network.ts";
import { emptyStaticIp, type StaticIp } from "../../../src/network/static-ip.ts";
import type { Address } from "../../../src/rtnl/rtnl.ts";
import { savedConfigDictionary } from "../../../src/services/network-dictionaries.ts";
import { dhcp4With, protocolsOf } from "../../fakes/protocols.ts";
import { lease, makeConnected, makeWorld, router } from "./network-world.ts";

const fixed: StaticIp = { ...emptyStaticIp, address: "10.0.0.50", prefixLength: 24, gateway: "10.0.0.1" };

test("a lease: configuring, then connected when the kernel has it", async () => {
  const world = await makeWorld();
  assert.equal(world.network.state, "idle");
  world.start();
  assert.equal(world.network.state, "configuring");
  const { effective: nothingYet } = world.network;
  assert.equal(nothingYet, undefined);
  world.dhcp.last.up(lease());
  assert.equal(await world.heard(), "changed, connected first");
  assert.equal(world.network.state, "connected");
  assert.equal(world.network.primaryFamily, 4);
  assert.equal(world.addresses(), "10.0.0.9");
  assert.deepEqual(world.network.effective?.nameServers, ["10.0.0.53"]);
  assert.deepEqual(world.clock.pendingTimers(), []);
});

test("a lease reaches the kernel in one batch, in the turn in which it came", async () => {
  const world = await makeWorld();
  world.start();
  const batches: number[] = [];
  const send = world.kernel.batch.bind(world.kernel);
  world.kernel.batch = (requests) => {
    batches.push(requests.length);
    return send(requests);
  };
  let hasTurnEnded = false;
  setImmediate(() => {
    hasTurnEnded = true;
  });
  world.dhcp.last.up(lease());
  while (world.network.state !== "connected" && !hasTurnEnded) await Promise.resolve();
  assert.equal(world.network.state, "connected");
  assert.equal(hasTurnEnded, false);
  assert.deepEqual(batches, [7]);
});

test("the link has its settings before any host can ask for its address", async () => {
  const world = await makeWorld();
  world.start();
  assert.equal(world.sysctls.getForLink("ipv4", "eth0", "arp_ignore"), 1);
  await world.network.stop({ release: false });
  assert.equal(world.sysctls.getForLink("ipv4", "eth0", "arp_ignore"), 0);
});

test("the question to the server leaves before start returns", async () => {
  const world = await makeWorld();
  world.start();
  assert.equal(world.dhcp.last.takeCalls(), "setup");
});

test("the kernel's lifetime of the address is that of the lease, counted from when it came", async () => {
  const world = await makeWorld();
  world.start();
  world.dhcp.last.up(lease());
  await world.heard();
  const [address] = world.kernel.snapshot.addresses(world.eth0);
  assert.equal((address as Address).validSeconds, 600);
});

test("nothing to start with is a failure, told after start has returned", async () => {
  const world = await makeWorld();
  world.start({});
  assert.deepEqual(world.told, []);
  assert.equal(await world.heard(), "failed no-ip-configuration: neither a static address nor DHCP");
  assert.equal(world.network.state, "idle");
});

test("a static address alone is connected at once", async () => {
  const world = await makeWorld();
  world.start({ static: fixed });
  assert.equal(world.addresses(), "10.0.0.50");
  assert.deepEqual(world.told, []);
  assert.equal(await world.heard(), "changed, connected first");
  assert.deepEqual(world.clock.pendingTimers(), []);
});

test("a static address is connected at once, and DHCP supplies the rest later", async () => {
  const world = await makeWorld();
  world.start({ static: fixed, protocols: dhcp4With() });
  assert.equal(await world.heard(), "changed, connected first");
  assert.deepEqual(world.network.effective?.nameServers, []);
  world.dhcp.last.up(lease());
  assert.equal(await world.heard(), "changed");
  assert.equal(world.addresses(), "10.0.0.50");
  assert.deepEqual(world.network.effective?.nameServers, ["10.0.0.53"]);
  assert.deepEqual(world.network.effective?.searchDomains, ["lan"]);
});

test("with a static address the lease is released as soon as it was obtained, and what it brought stays", async () => {
  const world = await makeWorld();
  world.start({ static: fixed, protocols: dhcp4With() });
  await world.heard();
  assert.equal(world.dhcp.last.takeCalls(), "setup");
  world.dhcp.last.up(lease());
  await world.heard();
  assert.equal(world.dhcp.last.takeCalls(), "teardown");
  assert.equal(savedConfigDictionary(world.network).get("Address")?.value, "10.0.0.9");
});

test("no lease within 30 s is a failure, and everything is taken back", async () => {
  const world = await makeWorld();
  world.start();
  await world.clock.advanceSettled(29_999);
  assert.equal(await world.heard(), "");
  await world.clock.advanceSettled(1);
  assert.equal(await world.heard(), "failed dhcp-failed: no lease within 30 s");
  assert.equal(world.network.state, "idle");
  assert.equal(world.dhcp.last.takeCalls(), "setup abort teardown!");
  assert.deepEqual(world.network.ipConfigs, []);
  assert.deepEqual(world.clock.pendingTimers(), []);
});

test("a handler that gives up fails the Network at once", async () => {
  const world = await makeWorld();
  world.start();
  world.dhcp.last.fail(new DaemonError("OperationTimeout", "no DHCP server answered in time"));
  assert.match(await world.heard(), /failed dhcp-failed: no DHCP server answered in time$/);
  assert.deepEqual(world.clock.pendingTimers(), []);
});

test("with a static address a missing DHCP server is no failure; it is asked again, less and less often", async () => {
  const world = await makeWorld();
  world.start({ static: fixed, protocols: dhcp4With() });
  await world.heard();
  for (const waitMs of [60_000, 120_000, 240_000]) {
    world.dhcp.last.takeCalls();
    world.dhcp.last.fail(new DaemonError("OperationTimeout"));
    assert.doesNotMatch(await world.heard(), /failed/);
    assert.equal(world.clock.pendingTimers()[0]?.dueInMs, waitMs);
    await world.clock.advanceSettled(waitMs);
    assert.equal(world.dhcp.last.takeCalls(), "setup");
  }
  world.dhcp.last.up(lease());
  assert.equal(await world.heard(), "changed");
  assert.deepEqual(world.clock.pendingTimers(), []);
});

test("a lost lease is taken from the kernel at once and asked for anew", async () => {
  const world = await makeConnected();
  world.dhcp.last.host.lost("lease-expired");
  assert.equal(await world.heard(), "changed");
  assert.equal(world.network.state, "configuring");
  assert.equal(world.addresses(), "");
  assert.equal(world.dhcp.last.takeCalls(), "setup");
  world.dhcp.last.up(lease());
  assert.equal(await world.heard(), "changed, connected again");
  assert.equal(world.network.state, "connected");
});

test("an address that another host has is told with its MAC, before the lease is lost, until the next lease", async () => {
  const world = await makeConnected();
  world.dhcp.last.host.conflict?.("10.0.0.9", "02:00:00:00:00:bb");
  world.dhcp.last.host.lost("address-conflict");
  assert.equal(await world.heard(), "conflict 02:00:00:00:00:bb declined, changed");
  assert.deepEqual(world.network.conflict, {
    address: "10.0.0.9",
    mac: "02:00:00:00:00:bb",
    outcome: "declined",
  });
  world.dhcp.last.up(lease("10.0.0.10/24"));
  await world.heard();
  assert.equal(world.network.conflict, undefined);
});

test("a lost lease that does not come back within 30 s is a failure", async () => {
  const world = await makeConnected();
  world.dhcp.last.host.lost("nak");
  await world.heard();
  await world.clock.advanceSettled(30_000);
  assert.match(await world.heard(), /failed dhcp-failed/);
});

test("a lost lease does not matter to a connection that stands on IPv6", async () => {
  const world = await makeConnected();
  world.network.setSource("slaac", router);
  assert.equal(await world.heard(), "changed");
  world.dhcp.last.host.lost("lease-expired");
  assert.equal(await world.heard(), "changed, connected again");
  assert.equal(world.network.primaryFamily, 6);
  await world.clock.advanceSettled(30_000);
  assert.doesNotMatch(await world.heard(), /failed/);
  assert.equal(world.network.state, "connected");
});

test("IPv6 is the connection only with name servers, and IPv4 takes over when it comes", async () => {
  const world = await makeWorld();
  world.start();
  world.network.setSource("slaac", { ...router, nameServers: [] });
  assert.equal(await world.heard(), "changed");
  assert.equal(world.network.state, "configuring");
  assert.deepEqual(
    world.network.ipConfigs.map(({ family }) => family),
    [4],
  );
  world.network.setSource("slaac", router);
  assert.equal(await world.heard(), "changed, connected first");
  assert.deepEqual(
    world.network.ipConfigs.map(({ family, method }) => `${family} ${method}`),
    ["4 dhcp", "6 ipv6"],
  );
  world.dhcp.last.up(lease());
  assert.equal(await world.heard(), "changed, connected again");
  assert.equal(world.network.primaryFamily, 4);
});

test("a network that wants to be used without IPv4 is waited for, not failed", async () => {
  const world = await makeWorld();
  world.start();
  world.dhcp.last.takeCalls();
  const context = { reason: "ipv6-only-preferred", retryAfterMs: 1_800_000 };
  world.dhcp.last.fail(new DaemonError("OperationAborted", "IPv6 only", { context }));
  assert.equal(await world.heard(), "changed");
  assert.equal(world.network.state, "configuring");
  world.network.setSource("slaac", router);
  assert.equal(await world.heard(), "changed, connected first");
  await world.clock.advanceSettled(1_799_999);
  assert.equal(world.dhcp.last.takeCalls(), "");
  await world.clock.advanceSettled(1);
  assert.equal(world.dhcp.last.takeCalls(), "setup");
});

test("a renewal with the same result is told as a change and not as a new connection", async () => {
  const world = await makeConnected();
  world.network.renew();
  assert.equal(world.dhcp.last.takeCalls(), "renew");
  world.dhcp.last.host.settingsChanged(lease("10.0.0.9/24", { nameServers: ["10.0.0.54"] }));
  assert.equal(await world.heard(), "changed");
  assert.deepEqual(world.network.effective?.nameServers, ["10.0.0.54"]);
});

test("another address or gateway is a new connection", async () => {
  const world = await makeConnected();
  world.dhcp.last.host.settingsChanged(lease("10.0.0.10/24"));
  assert.equal(await world.heard(), "changed, connected again");
  assert.equal(world.addresses(), "10.0.0.10");
});

test("a static address set on a lease: used at once, and the lease is released", async () => {
  const world = await makeConnected();
  world.network.setStatic(fixed);
  assert.equal(world.dhcp.last.takeCalls(), "teardown");
  assert.equal(await world.heard(), "changed, connected again");
  assert.equal(world.addresses(), "10.0.0.50");
  assert.deepEqual(world.network.effective?.nameServers, ["10.0.0.53"]);
});

test("a static address set while a lease is asked for: the asking goes on until there is one", async () => {
  const world = await makeWorld();
  world.start();
  world.network.setStatic(fixed);
  assert.equal(await world.heard(), "changed, connected first");
  assert.equal(world.dhcp.last.takeCalls(), "setup");
  world.dhcp.last.up(lease());
  await world.heard();
  assert.equal(world.dhcp.last.takeCalls(), "teardown");
});

test("a static address taken away: it stays until there is a lease again", async () => {
  const world = await makeConnected();
  world.network.setStatic(fixed);
  await world.heard();
  world.dhcp.last.takeCalls();
  world.network.setStatic(emptyStaticIp);
  await world.heard();
  assert.equal(world.dhcp.last.takeCalls(), "setup");
  assert.equal(world.addresses(), "10.0.0.50");
  world.dhcp.last.up(lease());
  assert.equal(await world.heard(), "changed, connected again");
  assert.equal(world.addresses(), "10.0.0.9");
});

test("a static address taken away where no server answers: a failure after 30 s", async () => {
  const world = await makeConnected();
  world.network.setStatic(fixed);
  await world.heard();
  world.network.setStatic(emptyStaticIp);
  await world.clock.advanceSettled(30_000);
  assert.match(await world.heard(), /failed dhcp-failed/);
  assert.equal(world.addresses(), "");
});

test("a static address taken away without DHCP is a failure", async () => {
  const world = await makeConnected({ static: fixed });
  world.network.setStatic(emptyStaticIp);
  assert.match(await world.heard(), /failed no-ip-configuration: the static address was removed/);
  assert.equal(world.addresses(), "");
});

test("other static settings are laid over a lease without disturbing it", async () => {
  const world = await makeConnected();
  world.network.setStatic({ ...emptyStaticIp, nameServers: ["192.0.2.1"], mtu: 1400 });
  assert.equal(await world.heard(), "changed");
  assert.deepEqual(world.network.effective?.nameServers, ["192.0.2.1"]);
  assert.equal(world.kernel.snapshot.links.get(world.eth0)?.mtu, 1400);
  world.network.setStatic(emptyStaticIp);
  assert.equal(await world.heard(), "changed");
  assert.deepEqual(world.network.effective?.nameServers, ["10.0.0.53"]);
  assert.equal(world.kernel.snapshot.links.get(world.eth0)?.mtu, 1500);
  assert.equal(world.dhcp.last.takeCalls(), "");
});

test("the same static settings again do nothing", async () => {
  const world = await makeConnected({ static: fixed });
  world.network.setStatic({ ...fixed });
  assert.equal(await world.heard(), "");
});

test("a stop gives the lease back before the address goes, and tells no observer", async () => {
  const world = await makeConnected();
  let addressesAtFarewell = "";
  const teardown = world.dhcp.last.teardown.bind(world.dhcp.last);
  world.dhcp.last.teardown = (how) => {
    addressesAtFarewell = world.addresses();
    return teardown(how);
  };
  await world.network.stop({ release: true });
  assert.equal(world.dhcp.last.takeCalls(), "teardown");
  assert.equal(addressesAtFarewell, "10.0.0.9");
  assert.equal(world.text(), "");
  assert.equal(world.network.state, "idle");
  assert.equal(world.network.effective, undefined);
  assert.deepEqual(world.network.ipConfigs, []);
  assert.equal(await world.heard(), "");
});

test("a stop without release says no farewell", async () => {
  const world = await makeConnected();
  await world.network.stop({ release: false });
  assert.equal(world.dhcp.last.takeCalls(), "teardown!");
});

test("a stop before a restart of the daemon leaves the kernel as it is", async () => {
  const world = await makeConnected();
  const before = world.kernel.toText();
  await world.network.stop({ release: false, leaveConfigured: true });
  assert.equal(world.kernel.toText(), before);
});

test("a stop resolves when the farewell is over, and a stop of nothing at once", async () => {
  const world = await makeConnected();
  world.dhcp.last.endsAtOnce = false;
  let isOver = false;
  void world.network.stop({ release: true }).then(() => {
    isOver = true;
  });
  await world.clock.settle();
  assert.equal(isOver, false);
  world.dhcp.last.endTeardown();
  await world.clock.settle();
  assert.equal(isOver, true);
  await world.network.stop({ release: true });
});

test("later news of an ended session are not heard", async () => {
  const world = await makeConnected();
  const { host } = world.dhcp.last;
  await world.network.stop({ release: false });
  host.settingsChanged(lease("10.0.0.77/24"));
  host.lost("too late");
  assert.equal(await world.heard(), "");
  assert.equal(world.addresses(), "");
});

test("a start of a running one is a new session; nothing of the old one is heard", async () => {
  const world = await makeConnected();
  const [first] = world.dhcp.sessions;
  const session = world.network.sessionId;
  world.start();
  assert.equal(first?.takeCalls(), "teardown!");
  assert.notEqual(world.network.sessionId, session);
  assert.equal(await world.heard(), "");
  world.dhcp.last.up(lease("10.0.0.11/24"));
  assert.equal(await world.heard(), "changed, connected first");
  assert.equal(world.addresses(), "10.0.0.11");
});

test("an address that the kernel refuses is a failure, with the kernel's words", async () => {
  const world = await makeWorld();
  world.kernel.refuseNext("put-address", "EPERM", "not you");
  world.start();
  world.dhcp.last.up(lease());
  assert.match(await world.heard(), /failed address-refused: .*EPERM \(not you\)/);
  assert.equal(world.network.state, "idle");
});

test("a route that the kernel refuses is a problem to be read, not a failure", async () => {
  const world = await makeWorld();
  world.kernel.refuseNext("put-route", "ENETUNREACH", "no way");
  world.start();
  world.dhcp.last.up(lease());
  assert.equal(await world.heard(), "changed, connected first");
  assert.equal(world.network.problems.length, 1);
  assert.match(world.network.problems[0] ?? "", /ENETUNREACH \(no way\)/);
});

test("an observer that stops the Network hears no more", async () => {
  const world = await makeWorld();
  const told: string[] = [];
  const network = new Network(
    { clock: world.clock, log: world.log, applier: world.applier, protocols: protocolsOf({ dhcp4: world.dhcp }) },
    {
      changed: () => {
        told.push("changed");
        void network.stop({ release: false });
      },
      connected: () => told.push("connected"),
      failed: () => told.push("failed"),
      conflicted: () => told.push("conflict"),
      conflictOver: () => told.push("conflict over"),
    },
  );
  network.start({ link: world.link, static: fixed });
  await world.clock.settle();
  assert.deepEqual(told, ["changed"]);
});

test("an IPConfig of DHCP exists from the start on, empty, and is the same object until the stop", async () => {
  const world = await makeWorld();
  world.start();
  const [empty] = world.network.ipConfigs;
  assert.deepEqual(
    { ...empty, id: 0 },
    {
      ...{ id: 0, kind: "dhcp", family: 4, method: "dhcp", address: "", prefixLength: 0, gateway: "", mtu: 0 },
      ...{ nameServers: [], searchDomains: [], webProxyAutoDiscoveryUrl: "" },
    },
  );
  world.dhcp.last.up(lease("10.0.0.9/24", { webProxyAutoDiscoveryUrl: "http://wpad/wpad.dat", mtu: 1492 }));
  await world.heard();
  assert.deepEqual(world.network.ipConfigs, [
    {
      ...{ id: empty?.id, kind: "dhcp", family: 4, method: "dhcp", address: "10.0.0.9", prefixLength: 24 },
      ...{ gateway: "10.0.0.1", mtu: 1492, nameServers: ["10.0.0.53"], searchDomains: ["lan"] },
      webProxyAutoDiscoveryUrl: "http://wpad/wpad.dat",
    },
  ]);
  await world.network.stop({ release: false });
  world.start();
  assert.notEqual(world.network.ipConfigs[0]?.id, empty?.id);
});

test("with a static address on a DHCP network there is one IPConfig, equal but for the address (T9)", async () => {
  const world = await makeConnected();
  const [before] = world.network.ipConfigs;
  world.network.setStatic(fixed);
  await world.heard();
  assert.deepEqual(world.network.ipConfigs, [{ ...before, address: "10.0.0.50" }]);
});

test("a static address without DHCP shows as ipv4, without gateway as 0.0.0.0", async () => {
  const world = await makeWorld();
  world.start({ static: { ...emptyStaticIp, address: "10.0.0.50", prefixLength: 24 } });
  await world.heard();
  const [config] = world.network.ipConfigs;
  assert.equal(config?.kind, "ip");
  assert.equal(config?.method, "ipv4");
  assert.equal(config?.gateway, "0.0.0.0");
});

test("name servers are shown with the family they belong to", async () => {
  const world = await makeConnected();
  world.network.setSource("slaac", router);
  await world.heard();
  assert.deepEqual(
    world.network.ipConfigs.map(({ nameServers }) => nameServers),
    [["10.0.0.53"], ["2001:db8::53"]],
  );
});

test("a phone that tethers is known by its vendor options", async () => {
  const world = await makeWorld();
  world.start();
  world.dhcp.last.up(lease("10.0.0.9/24", { vendorEncapsulatedOptions: "414e44524f49445f4d455445524544" }));
  await world.heard();
  assert.equal(world.network.isTethered, true);
  world.dhcp.last.host.settingsChanged(lease());
  await world.heard();
  assert.equal(world.network.isTethered, false);
});

test("the captive portal seen first stays for the connection, and is forgotten after it", async () => {
  const world = await makeWorld();
  world.start();
  world.dhcp.last.up(lease("10.0.0.9/24", { captivePortalUri: "https://one.example" }));
  await world.heard();
  world.dhcp.last.host.settingsChanged(lease("10.0.0.9/24", { captivePortalUri: "https://two.example" }));
  await world.heard();
  assert.equal(world.network.effective?.captivePortalUri, "https://one.example");
  await world.network.stop({ release: false });
  world.start();
  world.dhcp.last.up(lease());
  await world.heard();
  assert.equal(world.network.effective?.captivePortalUri, undefined);
});

test("after a restart of the daemon a resumed lease changes nothing but the lifetime", async () => {
  const world = await makeConnected();
  const before = world.kernel.toText();
  await world.network.stop({ release: false, leaveConfigured: true });
  const second = world.restart();
  const asked = world.kernel.requested.length;
  const network = new Network(
    { clock: world.clock, log: world.log, applier: second, protocols: protocolsOf({ dhcp4: world.dhcp }) },
    { connected() {}, changed() {}, failed() {}, conflicted() {}, conflictOver() {} },
  );
  network.start({ link: world.link, protocols: dhcp4With() });
  assert.equal(world.kernel.toText(), before);
  world.dhcp.last.up(lease());
  await world.clock.settle();
  assert.equal(world.kernel.toText(), before);
  assert.deepEqual(
    world.kernel.requested.slice(asked).map(({ op }) => op),
    ["put-address"],
  );
  assert.equal(network.state, "connected");
});

test("each start has its own session number, also across Networks", async () => {
  const one = await makeConnected({ static: fixed });
  const two = await makeConnected({ static: fixed });
  assert.notEqual(one.network.sessionId, two.network.sessionId);
  assert.ok(one.network.sessionId > 0);
});

test("the dump says where layer 3 stands, and what the kernel did not take", async () => {
  const world = await makeWorld();
  world.kernel.refuseNext("put-route", "ENETUNREACH", "no way");
  world.start();
  world.dhcp.last.up(lease());
  await world.heard();
  const { state, link, dhcp, problems } = world.network.dump() as Record<string, unknown>;
  assert.deepEqual({ state, link, dhcp }, { state: "connected", link: "eth0", dhcp: "up" });
  assert.equal((problems as string[]).length, 1);
});
