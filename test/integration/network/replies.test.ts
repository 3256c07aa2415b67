// mostly waits: for pings that are not answered
/** Traffic of an address keeps to its cable, and routes of other programs keep their traffic. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { addPeer, requirePrivateNamespace, run } from "../../harness/namespace.ts";
import { makeRealWorld, wish } from "./real-world.ts";

requirePrivateNamespace();

const wayOf = (...args: string[]): string =>
  / dev (\S+)/.exec(run("ip", ["route", "get", ...args]).replace(/^local .*/, ""))?.[1] ?? "none";
const packets = (link: string): number => Number(run("cat", [`/sys/class/net/${link}/statistics/tx_packets`]));

/** Our side's echo replies: which cable carried them. */
function repliesOver(ping: () => string): { readonly eth0: boolean; readonly eth1: boolean } {
  const before = { eth0: packets("eth0"), eth1: packets("eth1") };
  assert.match(ping(), / 0% packet loss/);
  return { eth0: packets("eth0") - before.eth0 >= 20, eth1: packets("eth1") - before.eth1 >= 20 };
}
const pingArgs = ["-q", "-c", "20", "-i", "0.01", "-W", "2"];

test("replies leave where the question came in, also to a host of the other network", async (t) => {
  const { peer, applier, eth0, eth1 } = await makeRealWorld(t);
  applier.setNetwork(eth0, wish("10.1.0.2/24", "10.1.0.1"));
  applier.setNetwork(eth1, wish("10.2.0.2/24", "10.2.0.1"));
  await applier.settled();
  // The router has 10.1.0.1 on the first cable, and asks our second address from there.
  const ask = (from: string, to: string) => () => peer.exec("ping", ...pingArgs, "-I", from, to);
  assert.deepEqual(repliesOver(ask("10.1.0.1", "10.2.0.2")), { eth0: false, eth1: true });
  assert.deepEqual(repliesOver(ask("10.2.0.1", "10.1.0.2")), { eth0: true, eth1: false });
  assert.deepEqual(repliesOver(ask("10.2.0.1", "10.2.0.2")), { eth0: false, eth1: true });
});

test("replies from one of two cables in one subnet leave by that cable, and each answers for its own address", async (t) => {
  const { peer, applier, eth0, eth1 } = await makeRealWorld(t, { routerAddresses: undefined });
  applier.setNetwork(eth0, wish("10.1.0.2/24", "10.1.0.1"));
  applier.setNetwork(eth1, wish("10.1.0.3/24", "10.1.0.1"));
  await applier.settled();
  const ask = (to: string) => () => peer.exec("ping", ...pingArgs, to);
  assert.deepEqual(repliesOver(ask("10.1.0.3")), { eth0: false, eth1: true });
  assert.deepEqual(repliesOver(ask("10.1.0.2")), { eth0: true, eth1: false });
  for (const [address, link] of [
    ["10.1.0.2", "eth0"],
    ["10.1.0.3", "eth1"],
  ] as const) {
    const mac = run("cat", [`/sys/class/net/${link}/address`]).trim();
    assert.ok(peer.exec("ip", "neighbour", "show", address).includes(mac), `${address} is at ${link}`);
  }
});

test("strict reverse path filtering accepts what comes in on either cable", async (t) => {
  const { peer, applier, eth0, eth1 } = await makeRealWorld(t);
  for (const link of ["eth0", "eth1"]) run("sysctl", ["-qw", `net.ipv4.conf.${link}.rp_filter=1`]);
  peer.exec("ip", "address", "add", "10.9.9.9/32", "dev", "lo");
  applier.setNetwork(eth0, wish("10.1.0.2/24", "10.1.0.1"));
  applier.setNetwork(eth1, wish("10.2.0.2/24", "10.2.0.1"));
  await applier.settled();
  for (const to of ["10.1.0.2", "10.2.0.2"]) {
    assert.match(peer.exec("ping", ...pingArgs, "-I", "10.9.9.9", to), / 0% packet loss/);
  }
});

test("a program that chose an address or a link gets that cable, others get the best one", async (t) => {
  const { applier, eth0, eth1 } = await makeRealWorld(t);
  applier.setNetwork(eth0, wish("10.1.0.2/24", "10.1.0.1"));
  applier.setNetwork(eth1, wish("10.2.0.2/24", "10.2.0.1"));
  await applier.settled();
  const far = "192.0.2.1";
  assert.equal(wayOf(far), "eth0");
  assert.equal(wayOf(far, "from", "10.2.0.2"), "eth1");
  assert.equal(wayOf(far, "oif", "eth1"), "eth1");
  assert.match(run("ip", ["route", "get", far, "oif", "eth1"]), /via 10\.2\.0\.1 .*src 10\.2\.0\.2/);
  applier.setRanks([eth1, eth0]);
  await applier.settled();
  assert.equal(wayOf(far), "eth1");
  assert.equal(wayOf(far, "from", "10.1.0.2"), "eth0");
});

test("a container of this host is reached from our addresses, not sent to the gateway", async (t) => {
  const { applier, eth0, eth1 } = await makeRealWorld(t);
  const container = addPeer("container");
  t.after(() => container.remove());
  run("ip", ["link", "add", "docker0", "type", "veth", "peer", "name", "inside", "netns", "container"]);
  run("ip", ["address", "add", "172.17.0.1/16", "dev", "docker0"]);
  run("ip", ["link", "set", "docker0", "up"]);
  container.exec("ip", "address", "add", "172.17.0.2/16", "dev", "inside");
  container.exec("ip", "link", "set", "inside", "up");
  container.exec("ip", "route", "add", "default", "via", "172.17.0.1");
  for (const both of [false, true]) {
    applier.setNetwork(eth0, wish("10.1.0.2/24", "10.1.0.1"));
    if (both) applier.setNetwork(eth1, wish("10.2.0.2/24", "10.2.0.1"));
    await applier.settled();
    assert.equal(wayOf("172.17.0.2", "from", "10.1.0.2"), "docker0");
    assert.match(container.exec("ping", ...pingArgs, "10.1.0.2"), / 0% packet loss/);
  }
});

test("an excluded destination goes by the other network, and nowhere when there is none", async (t) => {
  const { applier, eth0, eth1 } = await makeRealWorld(t);
  const { settings } = wish("10.1.0.2/24", "10.1.0.1");
  applier.setNetwork(eth0, { settings: { ...settings, excludedRoutes: ["203.0.113.0/24"] } });
  applier.setNetwork(eth1, wish("10.2.0.2/24", "10.2.0.1"));
  await applier.settled();
  assert.equal(wayOf("203.0.113.5"), "eth1");
  assert.equal(wayOf("203.0.113.5", "from", "10.1.0.2"), "eth1");
  assert.equal(wayOf("203.0.114.5"), "eth0");
  applier.release(eth1);
  await applier.settled();
  assert.throws(() => run("ip", ["route", "get", "203.0.113.5"]), /No route to host|unreachable/i);
});

test("IPv6 replies leave where the question came in", async (t) => {
  const { peer, applier, eth0, eth1 } = await makeRealWorld(t);
  for (const [link, address] of [
    ["lan0", "2001:db8:1::1/64"],
    ["lan1", "2001:db8:2::1/64"],
  ] as const) {
    peer.exec("ip", "address", "add", address, "dev", link, "nodad");
  }
  for (const link of ["eth0", "eth1"]) run("sysctl", ["-qw", `net.ipv6.conf.${link}.accept_dad=0`]);
  applier.setNetwork(eth0, wish("2001:db8:1::2/64", "2001:db8:1::1"));
  applier.setNetwork(eth1, wish("2001:db8:2::2/64", "2001:db8:2::1"));
  await applier.settled();
  const ask = (from: string, to: string) => () => peer.exec("ping", ...pingArgs, "-I", from, to);
  assert.deepEqual(repliesOver(ask("2001:db8:1::1", "2001:db8:2::2")), { eth0: false, eth1: true });
  assert.deepEqual(repliesOver(ask("2001:db8:2::1", "2001:db8:1::2")), { eth0: true, eth1: false });
});
