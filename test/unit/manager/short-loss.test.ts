import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Route } from "../../../src/rtnl/rtnl.ts";
import type { Service } from "../../../src/services/service.ts";
import { leaseOf } from "../../fakes/fake-dhcp-handler.ts";
import { FakeMachine, type FakeMachineOptions } from "../../fakes/fake-machine.ts";
import { machine } from "./machine.ts";

const graceMs = 5_000;
const withGrace = (t: TestContext, plugged: readonly string[], options: FakeMachineOptions = {}) =>
  machine(t, plugged, { carrierGraceMs: graceMs, ...options });

const linkOf = (it: FakeMachine, name: string) => it.device(name).link;
const addressesOn = (it: FakeMachine, name: string): string =>
  it.kernel.snapshot
    .addresses(linkOf(it, name).index)
    .filter(({ family }) => family === 4)
    .map(({ address }) => address)
    .join(" ");
const isDefault = ({ destination, table, link }: Route): boolean =>
  destination === "0.0.0.0/0" && table === 254 && link !== undefined;
/** `eth1 200, eth0 20210`: where packets go, first the best. */
const defaults = (it: FakeMachine): string =>
  it.kernel.snapshot
    .routes({})
    .filter(isDefault)
    .sort((a, b) => a.metric - b.metric)
    .map(({ link, metric }) => `${it.kernel.snapshot.links.get(link ?? 0)?.name} ${metric}`)
    .join(", ");

/** A route of an administrator on the link. */
async function addForeignRoute(it: FakeMachine, name: string): Promise<void> {
  const route = { family: 4, table: 254, destination: "10.50.0.0/16", gateway: "192.0.2.1", metric: 0 } as const;
  const own = { protocol: 4, scope: 0, type: "unicast", link: linkOf(it, name).index } as const;
  await it.kernel.request({ op: "put-route", route: { ...route, ...own } });
}
const hasForeignRoute = (it: FakeMachine): boolean =>
  it.kernel.snapshot.routes({}).some(({ destination }) => destination === "10.50.0.0/16");

async function pull(it: FakeMachine, name: string): Promise<void> {
  it.kernel.unplug(name);
  await it.settle();
}
async function plug(it: FakeMachine, name: string): Promise<void> {
  it.kernel.plug(name);
  await it.settle();
}
const setStaticIp = (service: Service, mtu?: number): void =>
  service.setProperty(
    "StaticIPConfig",
    new Map<string, { signature: string; value: unknown }>([
      ["Address", { signature: "s", value: "192.0.2.99" }],
      ["Prefixlen", { signature: "i", value: 24 }],
      ["Gateway", { signature: "s", value: "192.0.2.1" }],
      ...(mtu === undefined ? [] : ([["Mtu", { signature: "i", value: mtu }]] as const)),
    ]),
  );

test("a lost carrier is told at once, and the address stays in the kernel for the grace", async (t) => {
  const it = await withGrace(t, ["eth0"]);
  await addForeignRoute(it, "eth0");
  await pull(it, "eth0");
  assert.equal(it.service("eth0").state, "idle");
  assert.equal(it.service("eth0").connection.reason, "carrier lost");
  assert.deepEqual(
    [it.device("eth0").ipConfigs, it.nameServers, it.manager.services.defaultService],
    [[], [], undefined],
  );
  assert.equal(addressesOn(it, "eth0"), "192.0.2.10");
  assert.equal(defaults(it), "eth0 20200");
  await it.clock.advanceSettled(graceMs - 1);
  assert.deepEqual([addressesOn(it, "eth0"), hasForeignRoute(it)], ["192.0.2.10", true]);
  await it.clock.advanceSettled(1);
  assert.doesNotMatch(it.kernel.toText(), /192\.0\.2\.10|proto 102/);
});

test("a short loss leaves address and foreign routes untouched, and the metric is what it was", async (t) => {
  const it = await withGrace(t, ["eth0"]);
  await addForeignRoute(it, "eth0");
  const before = it.kernel.toText();
  await pull(it, "eth0");
  const asked = it.kernel.requested.length;
  await it.clock.advanceSettled(3_000);
  await plug(it, "eth0");
  assert.equal(it.service("eth0").state, "ready");
  assert.equal(it.kernel.toText(), before);
  const ops = new Set(it.kernel.requested.slice(asked).map(({ op }) => op));
  assert.deepEqual([...ops].sort(), ["delete-route", "put-address", "put-route"], "metrics, and the lease's new time");
  await it.clock.advanceSettled(graceMs);
  assert.equal(it.kernel.toText(), before, "no timer of the loss is left");
});

test("another cable takes over in the same turn, and traffic moves back when the lease is confirmed", async (t) => {
  const it = await withGrace(t, ["eth0", "eth1"]);
  assert.equal(defaults(it), "eth0 200, eth1 210");
  it.dhcp.serve("eth1", 11, { nameServers: ["198.51.100.1"] });
  await pull(it, "eth1");
  await plug(it, "eth1");
  await pull(it, "eth0");
  assert.equal(defaults(it), "eth1 200, eth0 20210");
  assert.deepEqual(it.nameServers, ["198.51.100.1"]);
  it.dhcp.servers.set("eth0", { lease: undefined });
  await plug(it, "eth0");
  await it.clock.advanceSettled(graceMs);
  assert.equal(defaults(it), "eth1 200, eth0 20210", "carrier alone is not enough");
  assert.equal(addressesOn(it, "eth0"), "192.0.2.10");
  it.dhcp.serve("eth0", 10);
  await pull(it, "eth0");
  await plug(it, "eth0");
  assert.equal(defaults(it), "eth0 200, eth1 210");
  assert.deepEqual(it.nameServers, ["192.0.2.1"]);
});

test("a cable that was moved to another network gets that one's address, and nothing of the old one stays", async (t) => {
  const it = await withGrace(t, ["eth0"]);
  await pull(it, "eth0");
  it.dhcp.servers.set("eth0", { lease: leaseOf(77) });
  await plug(it, "eth0");
  assert.equal(addressesOn(it, "eth0"), "192.0.2.77");
  assert.doesNotMatch(it.kernel.toText(), /192\.0\.2\.10\b/);
});

test("a server that refuses the address ends the grace at once, with any offer", async (t) => {
  const it = await withGrace(t, ["eth0"]);
  await pull(it, "eth0");
  it.dhcp.servers.set("eth0", { lease: undefined });
  await plug(it, "eth0");
  assert.equal(addressesOn(it, "eth0"), "192.0.2.10");
  it.dhcp.session("eth0").host.step?.({ kind: "refused", text: "DHCP 198.51.100.1 refuses 192.0.2.10" });
  await it.settle();
  assert.doesNotMatch(it.kernel.toText(), /192\.0\.2\.10|proto 102/);
  assert.equal(it.service("eth0").state, "configuration");
});

test("a refusal takes nothing from a static address that is back already", async (t) => {
  const it = await withGrace(t, []);
  setStaticIp(it.service("eth0"));
  await plug(it, "eth0");
  await pull(it, "eth0");
  it.dhcp.servers.set("eth0", { lease: undefined });
  await plug(it, "eth0");
  it.dhcp.session("eth0").host.step?.({ kind: "refused", text: "DHCP 198.51.100.1 refuses 192.0.2.10" });
  await it.settle();
  assert.deepEqual([addressesOn(it, "eth0"), it.service("eth0").state], ["192.0.2.99", "ready"]);
});

test("held addresses go when no server answers behind the cable that is back", async (t) => {
  const it = await withGrace(t, ["eth0"]);
  await pull(it, "eth0");
  it.dhcp.servers.set("eth0", { lease: undefined });
  await plug(it, "eth0");
  await it.clock.advanceSettled(30_000);
  assert.equal(it.service("eth0").connection.previousError, "dhcp-failed");
  assert.doesNotMatch(it.kernel.toText(), /192\.0\.2\.10|proto 102/);
});

test("a second loss before the lease is confirmed gives the grace anew", async (t) => {
  const it = await withGrace(t, ["eth0"]);
  await pull(it, "eth0");
  it.dhcp.servers.set("eth0", { lease: undefined });
  await it.clock.advanceSettled(4_000);
  await plug(it, "eth0");
  await pull(it, "eth0");
  await it.clock.advanceSettled(4_000);
  assert.equal(addressesOn(it, "eth0"), "192.0.2.10");
  await it.clock.advanceSettled(1_000);
  assert.equal(addressesOn(it, "eth0"), "");
});

test("static settings are back with the carrier, and the lease's MTU is not given back in between", async (t) => {
  const it = await withGrace(t, []);
  it.dhcp.serve("eth0", 10, { mtu: 1400 });
  setStaticIp(it.service("eth0"));
  await plug(it, "eth0");
  assert.deepEqual([addressesOn(it, "eth0"), linkOf(it, "eth0").mtu], ["192.0.2.99", 1400]);
  await pull(it, "eth0");
  it.dhcp.servers.set("eth0", { lease: undefined });
  await plug(it, "eth0");
  assert.equal(it.service("eth0").state, "ready");
  assert.deepEqual([defaults(it), linkOf(it, "eth0").mtu], ["eth0 200", 1400]);
  await it.clock.advanceSettled(30_000);
  assert.deepEqual([it.service("eth0").state, linkOf(it, "eth0").mtu], ["ready", 1500], "no server names it any more");
});

const ends: Readonly<Record<string, (it: FakeMachine) => void>> = {
  "the Device is disabled": (it) => void it.device("eth0").setEnabled(false, { isPersistent: false }),
  "a person disconnects": (it) => assert.throws(() => it.service("eth0").disconnect("D-Bus RPC")),
  "the link is removed": (it) => it.kernel.removeHardware("eth0"),
};
for (const [what, happens] of Object.entries(ends)) {
  test(`during the grace: ${what}, and nothing of ours is left, nor a timer`, async (t) => {
    const it = await withGrace(t, ["eth0"]);
    await pull(it, "eth0");
    happens(it);
    await it.settle();
    assert.doesNotMatch(it.kernel.toText(), /192\.0\.2\.10|proto 102/);
    assert.equal(it.clock.pendingTimers().filter(({ name }) => name.startsWith("carrier-grace")).length, 0);
  });
}

test("an address that another program removes during the grace is not put back, and the rest goes with it", async (t) => {
  const it = await withGrace(t, ["eth0"]);
  await pull(it, "eth0");
  const [address] = it.kernel.snapshot.addresses(linkOf(it, "eth0").index);
  assert.ok(address);
  await it.kernel.request({ op: "delete-address", address });
  await it.settle();
  assert.doesNotMatch(it.kernel.toText(), /192\.0\.2\.10|proto 102/);
});

test("a daemon that stops during the grace leaves the link as it is; the next one clears it up and asks with the carrier", async (t) => {
  const first = await withGrace(t, ["eth0"]);
  await pull(first, "eth0");
  first.manager.stop();
  first.applier.close();
  assert.equal(addressesOn(first, "eth0"), "192.0.2.10");
  assert.equal(first.clock.pendingTimers().filter(({ name }) => name.startsWith("carrier-grace")).length, 0);
  first.kernel.restart();
  const { kernel, storage, clock, dhcp } = first;
  const second = new FakeMachine({ kernel, storage, clock, dhcp });
  t.after(() => second.stop());
  await second.start();
  await clock.advanceSettled(1_000);
  assert.doesNotMatch(second.kernel.toText(), /192\.0\.2\.10|proto 102/);
  second.kernel.plug("eth0");
  await second.settle();
  const question = dhcp.standbys.findLast(({ link }) => link.name === "eth0");
  assert.deepEqual([question?.state, question?.config.resume], ["taken", undefined]);
});

test("a grace that ended while the machine slept is over, also when the carrier is told first", async (t) => {
  const it = await withGrace(t, ["eth0"]);
  await pull(it, "eth0");
  it.dhcp.servers.set("eth0", { lease: undefined });
  it.clock.sleep(8 * 3_600_000);
  await plug(it, "eth0");
  assert.equal(it.service("eth0").state, "configuration");
  assert.equal(addressesOn(it, "eth0"), "");
});

test("a link that another program sets down has no grace: its routes are gone already", async (t) => {
  const it = await withGrace(t, ["eth0"]);
  await it.kernel.request({ op: "set-link", link: linkOf(it, "eth0").index, change: { isUp: false } });
  await it.settle();
  assert.doesNotMatch(it.kernel.toText(), /192\.0\.2\.10|proto 102/);
});

/**
 * A card that starts anew, without carrier for so long, whenever its MTU is set. Stops after ten, so that a loop ends.
 */
function resetOnMtu(it: FakeMachine, name: string, awayMs: number): { readonly mtus: number[] } {
  const mtus: number[] = [];
  it.kernel.onDelta((delta) => {
    if (delta.kind !== "link-changed" || delta.link.name !== name || delta.link.mtu === delta.before.mtu) return;
    mtus.push(delta.link.mtu);
    if (mtus.length > 10 || !delta.link.hasCarrier) return;
    queueMicrotask(() => it.kernel.unplug(name));
    it.clock.startTimer("the card is back", awayMs, () => it.kernel.plug(name));
  });
  return { mtus };
}

for (const [carrierGraceMs, awayMs, expected] of [
  [graceMs, 700, "1400"],
  [graceMs, 20_000, "1400 1500 1400"],
  [0, 700, "1400 1500 1400"],
] as const) {
  test(`a card that resets for ${awayMs} ms at each MTU comes to rest, with a grace of ${carrierGraceMs} ms`, async (t) => {
    const it = await withGrace(t, [], { carrierGraceMs });
    const { mtus } = resetOnMtu(it, "eth0", awayMs);
    it.dhcp.serve("eth0", 10, { mtu: 1400 });
    await plug(it, "eth0");
    await it.clock.advanceSettled(300_000);
    assert.equal(mtus.join(" "), expected);
    assert.deepEqual([it.service("eth0").state, addressesOn(it, "eth0")], ["ready", "192.0.2.10"]);
  });
}

test("the MTU that was there before comes back with the end of the grace, and in a network without that option", async (t) => {
  const it = await withGrace(t, []);
  it.dhcp.serve("eth0", 10, { mtu: 1400 });
  await plug(it, "eth0");
  await it.clock.advanceSettled(60_000);
  await pull(it, "eth0");
  assert.equal(linkOf(it, "eth0").mtu, 1400);
  await it.clock.advanceSettled(graceMs);
  assert.equal(linkOf(it, "eth0").mtu, 1500);
  await plug(it, "eth0");
  await it.clock.advanceSettled(60_000);
  await pull(it, "eth0");
  it.dhcp.serve("eth0", 10);
  await plug(it, "eth0");
  assert.equal(linkOf(it, "eth0").mtu, 1500);
});

test("flaps without end that each get a lease leave one address and no timer", async (t) => {
  const it = await withGrace(t, ["eth0"]);
  for (let round = 0; round < 50; round++) {
    await pull(it, "eth0");
    await it.clock.advanceSettled(round * 50);
    await plug(it, "eth0");
  }
  assert.deepEqual(
    [it.service("eth0").state, addressesOn(it, "eth0"), defaults(it)],
    ["ready", "192.0.2.10", "eth0 200"],
  );
  assert.equal(it.clock.pendingTimers().filter(({ name }) => name.startsWith("carrier-grace")).length, 0);
});

test("a lease that lost its router during the loss takes the default route away", async (t) => {
  const it = await withGrace(t, ["eth0"]);
  await pull(it, "eth0");
  const ipv4 = { family: 4, address: "192.0.2.10", prefixLength: 24, validSeconds: 3600 } as const;
  it.dhcp.serve("eth0", 10, { ipv4 });
  await plug(it, "eth0");
  assert.deepEqual([defaults(it), addressesOn(it, "eth0")], ["", "192.0.2.10"]);
});
