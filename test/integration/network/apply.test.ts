import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { ApplyResult } from "../../../src/network/kernel/applier.ts";
import type { NetworkWish } from "../../../src/network/kernel/wish.ts";
import { requirePrivateNamespace, run } from "../../harness/namespace.ts";
import { until } from "../../harness/until.ts";
import { ip, lines, makeRealWorld, wish } from "./real-world.ts";

requirePrivateNamespace();

const first = wish("10.1.0.2/24", "10.1.0.1");
const second = wish("10.2.0.2/24", "10.2.0.1");
const isFound = (device: string) => (line: string) => line.includes(device);
const sysctl = (path: string): string => readFileSync(`/proc/sys/net/${path}`, "utf8").trim();

const ofLinksThemselves = /^\d+: |^\s+inet6 fe80:|^\s+valid_lft|^(local |anycast |multicast )?(fe80|ff00)::\S* dev/;
/**
 * Without changes that links make by themselves meanwhile: carrier that comes late, link-local addresses, and the
 * kernel's progress with looking for duplicates (RFC 4862, 5.4).
 */
const wholeState = (): string =>
  [["address"], ["route", "show", "table", "all"], ["-6", "route", "show", "table", "all"], ["rule"], ["-6", "rule"]]
    .flatMap((args) => ip(...args).split("\n"))
    .filter((line) => !ofLinksThemselves.test(line))
    .map((line) => line.replace(" tentative", ""))
    .join("\n");

test("a lease is in the kernel before the turn ends, and looks right to ip", async (t) => {
  const { applier, eth0, log } = await makeRealWorld(t);
  const results: ApplyResult[] = [];
  applier.setNetwork(eth0, first, (result) => results.push(result));
  assert.match(
    run("ip", ["address", "show", "dev", "eth0"]),
    /inet 10\.1\.0\.2\/24 scope global noprefixroute (proto 0x66 )?eth0/,
  );
  await applier.settled();
  assert.deepEqual(results, [{ link: eth0, wish: first, refused: [] }]);
  assert.equal(
    ip("-4", "route", "show"),
    lines(
      "10.1.0.0/24 dev eth0 proto 102 scope link src 10.1.0.2 metric 200",
      "default via 10.1.0.1 dev eth0 proto 102 src 10.1.0.2 metric 200",
    ),
  );
  assert.equal(
    ip("-4", "route", "show", "table", String(1000 + eth0)),
    lines(
      "10.1.0.0/24 dev eth0 proto 102 scope link src 10.1.0.2",
      "default via 10.1.0.1 dev eth0 proto 102 src 10.1.0.2",
    ),
  );
  assert.deepEqual(ip("rule", "show").split("\n").filter(isFound("proto 102")), [
    "20300:\tfrom all lookup main suppress_prefixlength 0 proto 102",
    `20500:\tfrom 10.1.0.2 lookup ${1000 + eth0} proto 102`,
  ]);
  assert.deepEqual(log.messages("warn"), []);
});

test("the link's settings are made and given back", async (t) => {
  const { applier, eth0 } = await makeRealWorld(t);
  const names = ["ignore_routes_with_linkdown", "arp_announce", "arp_ignore", "promote_secondaries"];
  const settings = () => names.map((name) => sysctl(`ipv4/conf/eth0/${name}`)).join(" ");
  const before = settings();
  applier.setNetwork(eth0, first);
  await applier.settled();
  assert.equal(settings(), "1 2 1 1");
  assert.equal(sysctl("ipv6/conf/eth0/ignore_routes_with_linkdown"), "1");
  applier.release(eth0);
  await applier.settled();
  assert.equal(settings(), before);
});

test("everything is taken back, and what others made is as it was", async (t) => {
  const { applier, eth0, eth1, log } = await makeRealWorld(t);
  run("ip", ["address", "add", "172.20.0.1/24", "dev", "eth0"]);
  run("ip", ["route", "add", "198.51.100.0/24", "via", "172.20.0.9"]);
  run("ip", ["route", "add", "default", "via", "172.20.0.254", "metric", "200"]);
  run("ip", ["route", "add", "203.0.113.0/24", "via", "172.20.0.9", "table", String(1000 + eth0)]);
  run("ip", ["rule", "add", "from", "10.9.9.9", "lookup", String(1000 + eth0), "priority", "20500"]);
  applier.releaseUnclaimed();
  const before = wholeState();
  applier.setNetwork(eth0, first);
  applier.setNetwork(eth1, second);
  await applier.settled();
  applier.setRanks([eth1, eth0]);
  await applier.settled();
  assert.match(ip("route", "show"), /^default via 172\.20\.0\.254 dev eth0 metric 200/m);
  assert.match(ip("route", "show"), /^default via 10\.2\.0\.1 dev eth1 proto 102 src 10\.2\.0\.2 metric 201/m);
  applier.setNetwork(
    eth0,
    wish("10.3.0.2/24", "10.3.0.1", { routes: [{ destination: "198.51.100.0/24", gateway: "10.3.0.9" }] }),
  );
  await applier.settled();
  applier.release(eth0);
  applier.release(eth1);
  await applier.settled();
  assert.equal(wholeState(), before);
  assert.deepEqual(log.messages("warn"), []);
});

const wishes: readonly (readonly [name: string, eth0: NetworkWish, eth1: NetworkWish])[] = [
  ["two networks", first, second],
  ["one subnet twice", first, wish("10.1.0.3/24", "10.1.0.1")],
  ["the same address twice", first, first],
  ["an off-subnet gateway", wish("192.0.2.7/32", "198.51.100.1"), second],
  ["IPv6", wish("2001:db8:1::2/64", "fe80::1"), wish("2001:db8:1::3/64", "2001:db8:1::1")],
  [
    "classless routes and exclusions",
    wish("10.1.0.2/24", "10.1.0.1", {
      routes: [{ destination: "172.16.0.0/12", gateway: "10.1.0.9" }, { destination: "10.7.0.0/16" }],
    }),
    { settings: { ...second.settings, excludedRoutes: ["203.0.113.0/24"] } },
  ],
  [
    "nothing but exclusions",
    { settings: { ...first.settings, excludedRoutes: ["203.0.113.0/24"] } },
    { settings: { ...second.settings, excludedRoutes: ["203.0.113.0/24"] } },
  ],
  [
    "an IPv6 exclusion",
    wish("2001:db8:1::2/64", "fe80::1"),
    { settings: { ...wish("2001:db8:2::2/64", "fe80::2").settings, excludedRoutes: ["2001:db8:9::/48"] } },
  ],
];
for (const [name, one, two] of wishes) {
  test(`applied twice, and after a restart, the kernel stays as it is, in either order of rank: ${name}`, async (t) => {
    const { applier, makeApplier, eth0, eth1, rtnl, log } = await makeRealWorld(t);
    applier.releaseUnclaimed();
    applier.setNetwork(eth0, one);
    applier.setNetwork(eth1, two);
    for (const order of [
      [eth1, eth0],
      [eth0, eth1],
    ]) {
      applier.setRanks(order);
      await applier.settled();
      const before = wholeState();
      for (const { settings } of [one, two])
        assert.ok(before.includes((settings.ipv4 ?? settings.ipv6)?.address ?? "?"));
      const { requests } = rtnl.counters;
      applier.setNetwork(eth0, one);
      applier.setNetwork(eth1, two);
      await applier.settled();
      assert.equal(rtnl.counters.requests, requests);
      const again = makeApplier();
      again.setRanks(order);
      again.setNetwork(eth0, one);
      again.setNetwork(eth1, two);
      again.releaseUnclaimed();
      await again.settled();
      again.close();
      assert.equal(wholeState(), before);
    }
    assert.deepEqual(log.messages("warn"), []);
    applier.release(eth0);
    applier.release(eth1);
    await applier.settled();
    assert.doesNotMatch(ip("route", "show", "table", "all") + ip("-6", "route", "show", "table", "all"), /proto 102/);
    assert.doesNotMatch(ip("rule") + ip("-6", "rule") + ip("address"), /proto (102|0x66)/);
  });
}

test("a new lease in the old subnet keeps the new address when the old one goes", async (t) => {
  const { applier, eth0, rtnl } = await makeRealWorld(t);
  applier.setNetwork(eth0, first);
  await applier.settled();
  const { requests } = rtnl.counters;
  applier.setNetwork(eth0, wish("10.1.0.3/24", "10.1.0.1"));
  await applier.settled();
  assert.equal(rtnl.counters.requests - requests, 8);
  assert.match(ip("-4", "address", "show", "dev", "eth0"), /inet 10\.1\.0\.3\/24/);
  assert.doesNotMatch(ip("-4", "address", "show", "dev", "eth0"), /10\.1\.0\.2/);
  assert.match(ip("route", "show"), /^default via 10\.1\.0\.1 dev eth0 proto 102 src 10\.1\.0\.3 metric 200/m);
});

test("at no moment of a change of rank is the far host out of reach", async (t) => {
  const { applier, eth0, eth1, rtnl } = await makeRealWorld(t);
  applier.setNetwork(eth0, first);
  applier.setNetwork(eth1, second);
  await applier.settled();
  const ways: string[] = [];
  rtnl.onDelta(() => ways.push(run("ip", ["route", "get", "192.0.2.1"]).split(" src")[0] ?? ""));
  for (const order of [
    [eth1, eth0],
    [eth0, eth1],
    [eth1, eth0],
  ]) {
    applier.setRanks(order);
    await applier.settled();
  }
  assert.ok(ways.length >= 12, `${ways.length} deltas`);
  assert.ok(
    ways.every((way) => /^192\.0\.2\.1 via 10\.[12]\.0\.1 dev eth[01]/.test(way)),
    ways.join("\n"),
  );
});

test("an address that a person removes is put back, and its lifetime is the lease's", async (t) => {
  const { applier, clock, eth0 } = await makeRealWorld(t);
  applier.setNetwork(eth0, { ...first, lifetimes: { "10.1.0.2": { validUntilMs: clock.now() + 600_000 } } });
  await applier.settled();
  assert.match(run("ip", ["address", "show", "dev", "eth0"]), /valid_lft (600|599)sec preferred_lft (600|599)sec/);
  const before = ip("route", "show", "table", "all");
  const isBack = () => ip("route", "show", "table", "all") === before && ip("rule").includes("from 10.1.0.2 lookup");
  for (const command of [
    "address del 10.1.0.2/24 dev eth0",
    "route del default",
    "rule del from 10.1.0.2 priority 20500",
    "route flush table main",
  ]) {
    run("ip", command.split(" "));
    await until(`everything is back after "ip ${command}"`, isBack);
  }
  run("ip", ["link", "set", "eth0", "down"]);
  run("ip", ["link", "set", "eth0", "up"]);
  await until("everything is back after the link was down", isBack);
});

test("a link that is taken away leaves no rule behind", async (t) => {
  const { applier, eth0, eth1, log } = await makeRealWorld(t);
  applier.releaseUnclaimed();
  applier.setNetwork(eth0, first);
  applier.setNetwork(eth1, { settings: { ...second.settings, excludedRoutes: ["203.0.113.0/24"] } });
  await applier.settled();
  run("ip", ["link", "del", "eth1"]);
  await until("its rules are gone", () => !ip("rule").includes("10.2.0.2"));
  assert.doesNotMatch(ip("route", "show", "table", "all"), /203\.0\.113|10\.2\.0/);
  assert.match(ip("rule"), /from 10\.1\.0\.2/);
  assert.deepEqual(log.messages("warn"), []);
});

test("the MTU is set along and given back", async (t) => {
  const { applier, eth0 } = await makeRealWorld(t);
  applier.setNetwork(eth0, wish("10.1.0.2/24", "10.1.0.1", { mtu: 1400 }));
  await applier.settled();
  assert.equal(readFileSync("/sys/class/net/eth0/mtu", "utf8").trim(), "1400");
  applier.release(eth0);
  await applier.settled();
  assert.equal(readFileSync("/sys/class/net/eth0/mtu", "utf8").trim(), "1500");
});
