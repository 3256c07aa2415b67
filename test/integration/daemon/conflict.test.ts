// mostly waits: ten seconds after a DECLINE (RFC 2131, 3.1)
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { variant } from "../../harness/bus-client.ts";
import type { TestDaemon } from "../../harness/daemon.ts";
import { addBridge, addPeer, run } from "../../harness/namespace.ts";
import { until } from "../../harness/until.ts";
import { addressesOf, addressOf } from "./kernel-view.ts";
import { addLan, plugIn, serviceOn, startDaemon, startServer, times, untilState } from "./support.ts";

test("an address that another host has is declined, and the next one is taken", async (t) => {
  const peer = addPeer("office");
  t.after(() => peer.remove());
  addBridge("lan", peer, "10.1.0.1/24");
  plugIn(t, "eth0", peer, { bridge: "lan", peerLink: "port", mac: "02:00:00:00:00:aa" });
  const squatter = addPeer("squatter");
  t.after(() => squatter.remove());
  peer.exec("ip", "link", "add", "port2", "type", "veth", "peer", "name", "lan", "netns", squatter.netns);
  peer.exec("ip", "link", "set", "port2", "master", "lan", "up");
  squatter.exec("ip", "link", "set", "lan", "up");
  squatter.exec("ip", "address", "add", "10.1.0.150/24", "dev", "lan");
  const server = await startServer(t, peer, "10.1.0", { extraArgs: ["--dhcp-host=02:00:00:00:00:aa,10.1.0.150"] });
  const daemon = await startDaemon(t);
  await until("the address is declined", () => times(server, "DHCPDECLINE") === 1);
  await until("the other host's address is not on the link", () => !addressesOf("eth0").includes("10.1.0.150/24"));
  await untilState(daemon, "eth0", "configuration");
  // The RFC asks for ten seconds of patience before the next attempt.
  await untilState(daemon, "eth0", "ready", 15_000);
  assert.match(addressOf("eth0") ?? "", /^10\.1\.0\.1\d\d\/24$/);
  assert.notEqual(addressOf("eth0"), "10.1.0.150/24");
});

/** Two cables of this host in one network, the first of which has an address that is not ours. */
async function besideForeignLink(t: TestContext) {
  const peer = addPeer("office");
  t.after(() => peer.remove());
  addBridge("lan", peer, "10.1.0.1/24");
  plugIn(t, "eth0", peer, { bridge: "lan", peerLink: "port0" });
  plugIn(t, "eth1", peer, { bridge: "lan", peerLink: "port1" });
  run("ip", ["link", "set", "eth0", "up"]);
  run("ip", ["address", "add", "10.1.0.9/24", "dev", "eth0"]);
  return { peer, server: await startServer(t, peer, "10.1.0") };
}
async function isProbing(daemon: TestDaemon, link: string): Promise<boolean> {
  const [json] = await daemon.call("/", "org.fairlead.Manager1", "Dump");
  const { timers } = JSON.parse(json as string) as { timers: { name: string }[] };
  return timers.some(({ name }) => name.startsWith("arp-") && name.endsWith(link));
}
const untilProbing = (daemon: TestDaemon, link: string) =>
  until(`probing on ${link} has begun`, () => isProbing(daemon, link));
const untilNotProbing = (daemon: TestDaemon, link: string) =>
  until(`probing and announcing on ${link} are over`, async () => !(await isProbing(daemon, link)), 20_000);

for (const [how, args] of [
  ["left alone", []],
  ["not looked at at all", ["--allow", "eth1"]],
] as const) {
  test(`beside a link of this host that is ${how}, its answers for our lease are no conflict`, async (t) => {
    const { server } = await besideForeignLink(t);
    const daemon = await startDaemon(t, { args });
    await untilState(daemon, "eth1", "ready");
    const address = addressOf("eth1");
    await untilProbing(daemon, "eth1");
    await untilNotProbing(daemon, "eth1");
    assert.equal(times(server, "DHCPDECLINE"), 0);
    assert.equal(addressOf("eth1"), address);
    await untilState(daemon, "eth1", "ready");
  });
}

test("a fixed address that another host has is kept, and that host is named wherever a person looks", async (t) => {
  const { peer } = await addLan(t, "office");
  const mac = (JSON.parse(peer.exec("ip", "-j", "link", "show", "lan")) as { address: string }[])[0]?.address ?? "none";
  const daemon = await startDaemon(t);
  const { path } = await untilState(daemon, "eth0", "ready");
  peer.exec("ip", "address", "add", "10.1.0.77/24", "dev", "lan");
  await daemon.setProperty(path as string, "Service", "StaticIPConfig", "a{sv}", {
    Address: variant("s", "10.1.0.77"),
    Prefixlen: variant("i", 24),
    Gateway: variant("s", "10.1.0.1"),
  });
  const conflict = async () => {
    const [order] = await daemon.call("/", "org.fairlead.Manager1", "GetOrder");
    return (order as { Device: string; AddressConflict: string; StateReason: string }[]).find(
      ({ Device }) => Device === "eth0",
    );
  };
  await until("the conflict is found", async () => (await conflict())?.AddressConflict !== "");
  const found = await conflict();
  assert.ok(
    found?.AddressConflict.includes(mac) && found.StateReason.includes(mac),
    `${found?.AddressConflict}; ${found?.StateReason}`,
  );
  const [events] = await daemon.call("/", "org.fairlead.Events1", "GetHistory", "u", [100]);
  const told = (events as { Type: string; Because: string }[])
    .filter(({ Type }) => Type === "address-conflict")
    .map(({ Because }) => Because);
  assert.ok(told.length === 1 && told[0]?.includes(mac), told.join());
  assert.deepEqual(addressesOf("eth0"), ["10.1.0.77/24"]);
  assert.equal((await serviceOn(daemon, "eth0"))?.State, "ready");
});

test("one fixed address on two links of this host, in one network, is no conflict on either", async (t) => {
  const peer = addPeer("office");
  t.after(() => peer.remove());
  addBridge("lan", peer, "10.1.0.1/24");
  for (const [link, peerLink] of Object.entries({ eth0: "port0", eth1: "port1" }))
    plugIn(t, link, peer, { bridge: "lan", peerLink });
  await startServer(t, peer, "10.1.0");
  const daemon = await startDaemon(t);
  for (const link of ["eth0", "eth1"]) {
    const { path } = await untilState(daemon, link, "ready");
    await daemon.setProperty(path as string, "Service", "StaticIPConfig", "a{sv}", {
      Address: variant("s", "10.1.0.77"),
      Prefixlen: variant("i", 24),
    });
    await until(`${link} has it`, () => addressesOf(link).join() === "10.1.0.77/24");
    await untilProbing(daemon, link);
  }
  for (const link of ["eth0", "eth1"]) await untilNotProbing(daemon, link);
  const [order] = await daemon.call("/", "org.fairlead.Manager1", "GetOrder");
  const conflicts = (order as { AddressConflict: string }[]).map(({ AddressConflict }) => AddressConflict);
  assert.equal(conflicts.join(""), "");
  for (const link of ["eth0", "eth1"]) {
    assert.equal((await serviceOn(daemon, link))?.State, "ready");
    assert.deepEqual(addressesOf(link), ["10.1.0.77/24"]);
  }
});
