/** Wish in, resulting system as text out. The system is a fake kernel that obeys the contract tests of the real one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { NetworkWish } from "../../../../src/network/kernel/wish.ts";
import { mergeSettings } from "../../../../src/network/merge.ts";
import { emptyStaticIp } from "../../../../src/network/static-ip.ts";
import { ipv4, leaseWish, lines, makeKernelWorld, settingsOf, wish } from "./kernel-world.ts";

interface Row {
  readonly name: string;
  readonly eth0?: NetworkWish;
  readonly eth1?: NetworkWish;
  readonly expected: string;
}

const withRoutes = (
  cidr: string,
  gateway: string,
  part: { includedRoutes?: string[]; excludedRoutes?: string[] },
): NetworkWish => ({
  settings: mergeSettings({
    static: { ...emptyStaticIp, includedRoutes: part.includedRoutes ?? [], excludedRoutes: part.excludedRoutes ?? [] },
    dhcp4: settingsOf({ ipv4: ipv4(cidr, gateway || undefined) }),
  }),
});

const rows: readonly Row[] = [
  {
    name: "one cable: a table of its own, and a default route for all",
    eth0: wish("10.0.0.2/24", "10.0.0.1"),
    expected: `
      address 10.0.0.2/24 dev eth0 proto 102
      route 10.0.0.0/24 dev eth0 metric 200 scope link src 10.0.0.2 proto 102
      route 10.0.0.0/24 dev eth0 table 1002 scope link src 10.0.0.2 proto 102
      route default via 10.0.0.1 dev eth0 metric 200 src 10.0.0.2 proto 102
      route default via 10.0.0.1 dev eth0 table 1002 src 10.0.0.2 proto 102
      rule 20300: from all lookup main suppress_prefixlength 0 proto 102
      rule 20500: from 10.0.0.2/32 lookup 1002 proto 102`,
  },
  {
    name: "no gateway: no default route",
    eth0: wish("10.0.0.2/24"),
    expected: `
      address 10.0.0.2/24 dev eth0 proto 102
      route 10.0.0.0/24 dev eth0 metric 200 scope link src 10.0.0.2 proto 102
      route 10.0.0.0/24 dev eth0 table 1002 scope link src 10.0.0.2 proto 102
      rule 20300: from all lookup main suppress_prefixlength 0 proto 102
      rule 20500: from 10.0.0.2/32 lookup 1002 proto 102`,
  },
  {
    name: "everything on the link: a default route without a router",
    eth0: { settings: mergeSettings({ dhcp4: settingsOf({ ipv4: { ...ipv4("10.0.0.2/24"), isAllOnLink: true } }) }) },
    expected: `
      address 10.0.0.2/24 dev eth0 proto 102
      route 10.0.0.0/24 dev eth0 metric 200 scope link src 10.0.0.2 proto 102
      route 10.0.0.0/24 dev eth0 table 1002 scope link src 10.0.0.2 proto 102
      route default dev eth0 metric 200 scope link src 10.0.0.2 proto 102
      route default dev eth0 table 1002 scope link src 10.0.0.2 proto 102
      rule 20300: from all lookup main suppress_prefixlength 0 proto 102
      rule 20500: from 10.0.0.2/32 lookup 1002 proto 102`,
  },
  {
    name: "a gateway outside the subnet is reached by a host route",
    eth0: wish("192.0.2.7/32", "198.51.100.1"),
    expected: `
      address 192.0.2.7/32 dev eth0 proto 102
      route 198.51.100.1/32 dev eth0 metric 200 scope link src 192.0.2.7 proto 102
      route 198.51.100.1/32 dev eth0 table 1002 scope link src 192.0.2.7 proto 102
      route default via 198.51.100.1 dev eth0 metric 200 src 192.0.2.7 proto 102
      route default via 198.51.100.1 dev eth0 table 1002 src 192.0.2.7 proto 102
      rule 20300: from all lookup main suppress_prefixlength 0 proto 102
      rule 20500: from 192.0.2.7/32 lookup 1002 proto 102`,
  },
  {
    name: "classless routes: on the link, through a neighbour, and through one that only they make a neighbour",
    eth0: leaseWish("10.0.0.2/24", "10.0.0.1", {
      routes: [
        { destination: "172.16.0.0/12", gateway: "10.0.0.9" },
        { destination: "192.0.2.128/25", gateway: "198.51.100.9" },
        { destination: "198.51.100.0/24" },
      ],
    }),
    expected: `
      address 10.0.0.2/24 dev eth0 proto 102
      route 10.0.0.0/24 dev eth0 metric 200 scope link src 10.0.0.2 proto 102
      route 10.0.0.0/24 dev eth0 table 1002 scope link src 10.0.0.2 proto 102
      route 172.16.0.0/12 via 10.0.0.9 dev eth0 metric 200 src 10.0.0.2 proto 102
      route 172.16.0.0/12 via 10.0.0.9 dev eth0 table 1002 src 10.0.0.2 proto 102
      route 192.0.2.128/25 via 198.51.100.9 dev eth0 metric 200 src 10.0.0.2 proto 102
      route 192.0.2.128/25 via 198.51.100.9 dev eth0 table 1002 src 10.0.0.2 proto 102
      route 198.51.100.0/24 dev eth0 metric 200 scope link src 10.0.0.2 proto 102
      route 198.51.100.0/24 dev eth0 table 1002 scope link src 10.0.0.2 proto 102
      route default via 10.0.0.1 dev eth0 metric 200 src 10.0.0.2 proto 102
      route default via 10.0.0.1 dev eth0 table 1002 src 10.0.0.2 proto 102
      rule 20300: from all lookup main suppress_prefixlength 0 proto 102
      rule 20500: from 10.0.0.2/32 lookup 1002 proto 102`,
  },
  {
    name: "two cables in two networks: metrics by rank, and traffic between the networks asks by source first",
    eth0: wish("10.0.0.2/24", "10.0.0.1"),
    eth1: wish("10.1.0.2/16", "10.1.0.1"),
    expected: `
      address 10.0.0.2/24 dev eth0 proto 102
      address 10.1.0.2/16 dev eth1 proto 102
      route 10.0.0.0/24 dev eth0 metric 200 scope link src 10.0.0.2 proto 102
      route 10.0.0.0/24 dev eth0 table 1002 scope link src 10.0.0.2 proto 102
      route 10.1.0.0/16 dev eth1 metric 210 scope link src 10.1.0.2 proto 102
      route 10.1.0.0/16 dev eth1 table 1003 scope link src 10.1.0.2 proto 102
      route default via 10.0.0.1 dev eth0 metric 200 src 10.0.0.2 proto 102
      route default via 10.0.0.1 dev eth0 table 1002 src 10.0.0.2 proto 102
      route default via 10.1.0.1 dev eth1 metric 210 src 10.1.0.2 proto 102
      route default via 10.1.0.1 dev eth1 table 1003 src 10.1.0.2 proto 102
      rule 20100: from all to 10.0.0.0/24 goto 20500 proto 102
      rule 20100: from all to 10.1.0.0/16 goto 20500 proto 102
      rule 20300: from all lookup main suppress_prefixlength 0 proto 102
      rule 20500: from 10.0.0.2/32 lookup 1002 proto 102
      rule 20500: from 10.1.0.2/32 lookup 1003 proto 102`,
  },
  {
    name: "two cables in one subnet: both keep their routes",
    eth0: wish("10.0.0.2/24", "10.0.0.1"),
    eth1: wish("10.0.0.3/24", "10.0.0.1"),
    expected: `
      address 10.0.0.2/24 dev eth0 proto 102
      address 10.0.0.3/24 dev eth1 proto 102
      route 10.0.0.0/24 dev eth0 metric 200 scope link src 10.0.0.2 proto 102
      route 10.0.0.0/24 dev eth0 table 1002 scope link src 10.0.0.2 proto 102
      route 10.0.0.0/24 dev eth1 metric 210 scope link src 10.0.0.3 proto 102
      route 10.0.0.0/24 dev eth1 table 1003 scope link src 10.0.0.3 proto 102
      route default via 10.0.0.1 dev eth0 metric 200 src 10.0.0.2 proto 102
      route default via 10.0.0.1 dev eth0 table 1002 src 10.0.0.2 proto 102
      route default via 10.0.0.1 dev eth1 metric 210 src 10.0.0.3 proto 102
      route default via 10.0.0.1 dev eth1 table 1003 src 10.0.0.3 proto 102
      rule 20100: from all to 10.0.0.0/24 goto 20500 proto 102
      rule 20300: from all lookup main suppress_prefixlength 0 proto 102
      rule 20500: from 10.0.0.2/32 lookup 1002 proto 102
      rule 20500: from 10.0.0.3/32 lookup 1003 proto 102`,
  },
  {
    name: "two networks that gave the same address: the better one's rule comes first",
    eth0: wish("192.168.1.100/24"),
    eth1: wish("192.168.1.100/24"),
    expected: `
      address 192.168.1.100/24 dev eth0 proto 102
      address 192.168.1.100/24 dev eth1 proto 102
      route 192.168.1.0/24 dev eth0 metric 200 scope link src 192.168.1.100 proto 102
      route 192.168.1.0/24 dev eth0 table 1002 scope link src 192.168.1.100 proto 102
      route 192.168.1.0/24 dev eth1 metric 210 scope link src 192.168.1.100 proto 102
      route 192.168.1.0/24 dev eth1 table 1003 scope link src 192.168.1.100 proto 102
      rule 20100: from all to 192.168.1.0/24 goto 20500 proto 102
      rule 20300: from all lookup main suppress_prefixlength 0 proto 102
      rule 20500: from 192.168.1.100/32 lookup 1002 proto 102
      rule 20501: from 192.168.1.100/32 lookup 1003 proto 102`,
  },
  {
    name: "included routes take the place of the default route",
    eth0: withRoutes("10.0.0.2/24", "10.0.0.1", { includedRoutes: ["198.51.100.0/24"] }),
    expected: `
      address 10.0.0.2/24 dev eth0 proto 102
      route 10.0.0.0/24 dev eth0 metric 200 scope link src 10.0.0.2 proto 102
      route 10.0.0.0/24 dev eth0 table 1002 scope link src 10.0.0.2 proto 102
      route 198.51.100.0/24 via 10.0.0.1 dev eth0 metric 200 src 10.0.0.2 proto 102
      route 198.51.100.0/24 via 10.0.0.1 dev eth0 table 1002 src 10.0.0.2 proto 102
      rule 20300: from all lookup main suppress_prefixlength 0 proto 102
      rule 20500: from 10.0.0.2/32 lookup 1002 proto 102`,
  },
  {
    name: "a destination that the only network excludes cannot be reached",
    eth0: withRoutes("10.0.0.2/24", "10.0.0.1", { excludedRoutes: ["203.0.113.0/24"] }),
    expected: `
      address 10.0.0.2/24 dev eth0 proto 102
      route 10.0.0.0/24 dev eth0 metric 200 scope link src 10.0.0.2 proto 102
      route 10.0.0.0/24 dev eth0 table 1002 scope link src 10.0.0.2 proto 102
      route default via 10.0.0.1 dev eth0 metric 200 src 10.0.0.2 proto 102
      route default via 10.0.0.1 dev eth0 table 1002 src 10.0.0.2 proto 102
      route throw 203.0.113.0/24 table 1002 proto 102
      route unreachable 203.0.113.0/24 metric 200 proto 102
      rule 20300: from all lookup main suppress_prefixlength 0 proto 102
      rule 20500: from 10.0.0.2/32 lookup 1002 proto 102`,
  },
  {
    name: "a destination that the best network excludes goes through the next one",
    eth0: withRoutes("10.0.0.2/24", "10.0.0.1", { excludedRoutes: ["203.0.113.0/24"] }),
    eth1: wish("10.1.0.2/24", "10.1.0.1"),
    expected: `
      address 10.0.0.2/24 dev eth0 proto 102
      address 10.1.0.2/24 dev eth1 proto 102
      route 10.0.0.0/24 dev eth0 metric 200 scope link src 10.0.0.2 proto 102
      route 10.0.0.0/24 dev eth0 table 1002 scope link src 10.0.0.2 proto 102
      route 10.1.0.0/24 dev eth1 metric 210 scope link src 10.1.0.2 proto 102
      route 10.1.0.0/24 dev eth1 table 1003 scope link src 10.1.0.2 proto 102
      route 203.0.113.0/24 via 10.1.0.1 dev eth1 metric 210 src 10.1.0.2 proto 102
      route default via 10.0.0.1 dev eth0 metric 200 src 10.0.0.2 proto 102
      route default via 10.0.0.1 dev eth0 table 1002 src 10.0.0.2 proto 102
      route default via 10.1.0.1 dev eth1 metric 210 src 10.1.0.2 proto 102
      route default via 10.1.0.1 dev eth1 table 1003 src 10.1.0.2 proto 102
      route throw 203.0.113.0/24 table 1002 proto 102
      rule 20100: from all to 10.0.0.0/24 goto 20500 proto 102
      rule 20100: from all to 10.1.0.0/24 goto 20500 proto 102
      rule 20300: from all lookup main suppress_prefixlength 0 proto 102
      rule 20500: from 10.0.0.2/32 lookup 1002 proto 102
      rule 20500: from 10.1.0.2/32 lookup 1003 proto 102`,
  },
  {
    name: "a destination that a lesser network excludes and has a longer prefix for has a route through the best one",
    eth0: wish("10.0.0.2/24", "10.0.0.1"),
    eth1: withRoutes("10.9.0.2/32", "", {
      includedRoutes: ["10.0.0.0/8"],
      excludedRoutes: ["10.4.0.9/32", "10.0.0.7/32"],
    }),
    expected: `
      address 10.0.0.2/24 dev eth0 proto 102
      address 10.9.0.2/32 dev eth1 proto 102
      route 10.0.0.0/24 dev eth0 metric 200 scope link src 10.0.0.2 proto 102
      route 10.0.0.0/24 dev eth0 table 1002 scope link src 10.0.0.2 proto 102
      route 10.0.0.0/8 dev eth1 metric 210 scope link src 10.9.0.2 proto 102
      route 10.0.0.0/8 dev eth1 table 1003 scope link src 10.9.0.2 proto 102
      route 10.4.0.9/32 via 10.0.0.1 dev eth0 metric 200 src 10.0.0.2 proto 102
      route default via 10.0.0.1 dev eth0 metric 200 src 10.0.0.2 proto 102
      route default via 10.0.0.1 dev eth0 table 1002 src 10.0.0.2 proto 102
      route throw 10.0.0.7/32 table 1003 proto 102
      route throw 10.4.0.9/32 table 1003 proto 102
      rule 20100: from all to 10.0.0.0/24 goto 20500 proto 102
      rule 20100: from all to 10.0.0.0/8 goto 20500 proto 102
      rule 20300: from all lookup main suppress_prefixlength 0 proto 102
      rule 20500: from 10.0.0.2/32 lookup 1002 proto 102
      rule 20500: from 10.9.0.2/32 lookup 1003 proto 102`,
  },
  {
    name: "a destination that a lesser network excludes goes through the best one anyway",
    eth0: wish("10.0.0.2/24", "10.0.0.1"),
    eth1: withRoutes("10.1.0.2/24", "10.1.0.1", { excludedRoutes: ["203.0.113.0/24"] }),
    expected: `
      address 10.0.0.2/24 dev eth0 proto 102
      address 10.1.0.2/24 dev eth1 proto 102
      route 10.0.0.0/24 dev eth0 metric 200 scope link src 10.0.0.2 proto 102
      route 10.0.0.0/24 dev eth0 table 1002 scope link src 10.0.0.2 proto 102
      route 10.1.0.0/24 dev eth1 metric 210 scope link src 10.1.0.2 proto 102
      route 10.1.0.0/24 dev eth1 table 1003 scope link src 10.1.0.2 proto 102
      route default via 10.0.0.1 dev eth0 metric 200 src 10.0.0.2 proto 102
      route default via 10.0.0.1 dev eth0 table 1002 src 10.0.0.2 proto 102
      route default via 10.1.0.1 dev eth1 metric 210 src 10.1.0.2 proto 102
      route default via 10.1.0.1 dev eth1 table 1003 src 10.1.0.2 proto 102
      route throw 203.0.113.0/24 table 1003 proto 102
      rule 20100: from all to 10.0.0.0/24 goto 20500 proto 102
      rule 20100: from all to 10.1.0.0/24 goto 20500 proto 102
      rule 20300: from all lookup main suppress_prefixlength 0 proto 102
      rule 20500: from 10.0.0.2/32 lookup 1002 proto 102
      rule 20500: from 10.1.0.2/32 lookup 1003 proto 102`,
  },
  {
    name: "IPv6 alike, without a source in its routes",
    eth0: wish("2001:db8::5/64", "fe80::1"),
    eth1: wish("2001:db8:1::5/128", "2001:db8:9::1"),
    expected: `
      address 2001:db8:1::5/128 dev eth1 proto 102
      address 2001:db8::5/64 dev eth0 proto 102
      route -6 2001:db8:9::1/128 dev eth1 metric 210 proto 102
      route -6 2001:db8:9::1/128 dev eth1 table 1003 metric 1024 proto 102
      route -6 2001:db8::/64 dev eth0 metric 200 proto 102
      route -6 2001:db8::/64 dev eth0 table 1002 metric 1024 proto 102
      route -6 default via 2001:db8:9::1 dev eth1 metric 210 proto 102
      route -6 default via 2001:db8:9::1 dev eth1 table 1003 metric 1024 proto 102
      route -6 default via fe80::1 dev eth0 metric 200 proto 102
      route -6 default via fe80::1 dev eth0 table 1002 metric 1024 proto 102
      rule -6 20100: from all to 2001:db8:9::1/128 goto 20500 proto 102
      rule -6 20100: from all to 2001:db8::/64 goto 20500 proto 102
      rule -6 20300: from all lookup main suppress_prefixlength 0 proto 102
      rule -6 20500: from 2001:db8:1::5/128 lookup 1003 proto 102
      rule -6 20500: from 2001:db8::5/128 lookup 1002 proto 102`,
  },
];

for (const { name, eth0, eth1, expected } of rows) {
  test(name, async () => {
    const world = await makeKernelWorld();
    if (eth0) world.applier.setNetwork(world.eth0, eth0);
    if (eth1) world.applier.setNetwork(world.eth1, eth1);
    await world.applier.settled();
    assert.equal(world.text(), lines(expected));
  });

  test(`nothing remains after: ${name}`, async () => {
    const world = await makeKernelWorld();
    world.applier.releaseUnclaimed();
    if (eth0) world.applier.setNetwork(world.eth0, eth0);
    if (eth1) world.applier.setNetwork(world.eth1, eth1);
    world.applier.release(world.eth0);
    world.applier.release(world.eth1);
    await world.applier.settled();
    assert.equal(world.text(), "");
    assert.deepEqual(world.log.messages("warn"), []);
  });

  test(`the order of arrival does not matter: ${name}`, async () => {
    const world = await makeKernelWorld();
    world.applier.releaseUnclaimed();
    world.applier.setRanks([world.eth0, world.eth1]);
    if (eth1) world.applier.setNetwork(world.eth1, eth1);
    await world.applier.settled();
    if (eth0) world.applier.setNetwork(world.eth0, eth0);
    await world.applier.settled();
    assert.equal(world.text(), lines(expected));
  });
}

test("the ranks swap: the metrics follow, and there is a default route at every moment", async () => {
  const world = await makeKernelWorld();
  const { applier, eth0, eth1, kernel } = world;
  applier.setNetwork(eth0, wish("10.0.0.2/24", "10.0.0.1"));
  applier.setNetwork(eth1, wish("10.1.0.2/24", "10.1.0.1"));
  await applier.settled();
  const counts: number[] = [];
  kernel.onDelta(() => {
    const routes = kernel.snapshot.routes({ table: 254 });
    counts.push(routes.filter((route) => route.destination === "0.0.0.0/0").length);
  });
  applier.setRanks([eth1, eth0]);
  await applier.settled();
  assert.match(world.text(), /default via 10\.1\.0\.1 dev eth1 metric 200 /);
  assert.match(world.text(), /default via 10\.0\.0\.1 dev eth0 metric 210 /);
  assert.ok(counts.length > 0 && counts.every((count) => count >= 1), `default routes: ${counts}`);
});
