import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApplyResult } from "../../../../src/network/kernel/applier.ts";
import type { NetworkWish } from "../../../../src/network/kernel/wish.ts";
import { mergeSettings } from "../../../../src/network/merge.ts";
import type { Address, KernelRequest, Route, Rule } from "../../../../src/rtnl/rtnl.ts";
import { ipv4, type KernelWorld, makeKernelWorld, settingsOf, wish } from "./kernel-world.ts";

const cable = wish("10.0.0.2/24", "10.0.0.1");

/** Applies and waits; gives the requests that it took. */
async function requestsOf(world: KernelWorld, change: () => void): Promise<readonly KernelRequest[]> {
  const before = world.kernel.requested.length;
  change();
  await world.applier.settled();
  return world.kernel.requested.slice(before);
}
const ops = (requests: readonly KernelRequest[]): string => requests.map((request) => request.op).join(" ");

const foreignAddress = (world: KernelWorld, address: string, prefixLength = 24): KernelRequest => ({
  op: "put-address",
  address: { link: world.eth0, family: 4, address, prefixLength },
});
const ownAddress = (world: KernelWorld): Address | undefined =>
  world.kernel.snapshot.addresses(world.eth0).find((address) => address.address === "10.0.0.2");
const defaultOf = (world: KernelWorld, link: number): Route | undefined =>
  world.kernel.snapshot.routes({ table: 254, link }).find((route) => route.destination === "0.0.0.0/0");
const sourceRule = (world: KernelWorld): Rule | undefined =>
  world.kernel.snapshot.rules(4).find((rule) => rule.source === "10.0.0.2/32");

test("address, routes and rules of one lease leave in one batch before the call returns", async () => {
  const { applier, kernel, eth0 } = await makeKernelWorld();
  const batches: number[] = [];
  const send = kernel.batch.bind(kernel);
  kernel.batch = (requests) => {
    batches.push(requests.length);
    return send(requests);
  };
  applier.setNetwork(eth0, cable);
  assert.deepEqual(batches, [7]);
  assert.equal(kernel.snapshot.addresses(eth0).length, 1);
  await applier.settled();
});

test("the order is address, on-link routes, gateway routes, rules; and the other way round at the end", async () => {
  const world = await makeKernelWorld();
  world.applier.releaseUnclaimed();
  const added = await requestsOf(world, () => world.applier.setNetwork(world.eth0, cable));
  assert.equal(ops(added), "put-address put-route put-route put-route put-route add-rule add-rule");
  assert.deepEqual(
    added.map((request) => request.op === "put-route" && request.route.gateway),
    [false, undefined, undefined, "10.0.0.1", "10.0.0.1", false, false],
  );
  const removed = await requestsOf(world, () => world.applier.release(world.eth0));
  assert.equal(
    ops(removed),
    "delete-rule delete-rule delete-route delete-route delete-route delete-route delete-address",
  );
});

test("the same wish again asks nothing of the kernel", async () => {
  const world = await makeKernelWorld();
  world.applier.setNetwork(world.eth0, cable);
  await world.applier.settled();
  assert.deepEqual(await requestsOf(world, () => world.applier.setNetwork(world.eth0, cable)), []);
  assert.deepEqual(await requestsOf(world, () => world.applier.setRanks([world.eth0])), []);
});

test("the answer is told in a later microtask, never inside the call, also when nothing was to be done", async () => {
  const { applier, eth0, clock } = await makeKernelWorld();
  const results: ApplyResult[] = [];
  for (const _ of [1, 2]) {
    const before = results.length;
    applier.setNetwork(eth0, cable, (result) => results.push(result));
    assert.equal(results.length, before);
    await clock.settle();
    assert.equal(results.length, before + 1);
  }
  assert.deepEqual(results[0], { link: eth0, wish: cable, refused: [] });
});

test("a new lease in the same subnet: the default route is replaced in one step, the old address goes last", async () => {
  const world = await makeKernelWorld();
  world.applier.setNetwork(world.eth0, cable);
  await world.applier.settled();
  const requests = await requestsOf(world, () => world.applier.setNetwork(world.eth0, wish("10.0.0.3/24", "10.0.0.1")));
  assert.equal(
    ops(requests.slice(0, 8)),
    "put-address put-route put-route put-route put-route add-rule delete-rule delete-address",
  );
  // The old address was the primary one of the subnet (promote_secondaries in link-sysctls.ts is for that). Without the
  // setting, as here, the kernel drops the new one along with it, and all is put back.
  await world.clock.settle();
  assert.match(world.text(), /^address 10\.0\.0\.3\/24 dev eth0 proto 102$/m);
  assert.match(world.text(), /^route default via 10\.0\.0\.1 dev eth0 metric 200 src 10\.0\.0\.3 proto 102$/m);
  assert.doesNotMatch(world.text(), /10\.0\.0\.2/);
});

test("an address that is there already is used as it is and stays", async () => {
  const world = await makeKernelWorld();
  world.kernel.outside(foreignAddress(world, "10.0.0.2"));
  const requests = await requestsOf(world, () => world.applier.setNetwork(world.eth0, cable));
  assert.doesNotMatch(ops(requests), /address/);
  await requestsOf(world, () => world.applier.release(world.eth0));
  assert.deepEqual(
    world.kernel.snapshot.addresses(world.eth0).map(({ address, protocol }) => ({ address, protocol })),
    [{ address: "10.0.0.2", protocol: undefined }],
  );
});

test("to wish for nothing is to release", async () => {
  const world = await makeKernelWorld();
  await requestsOf(world, () => world.applier.setNetwork(world.eth0, cable));
  await requestsOf(world, () => world.applier.setNetwork(world.eth0, undefined));
  assert.equal(world.text(), "");
});

test("other addresses, routes and rules on the link stay", async () => {
  const world = await makeKernelWorld();
  world.applier.releaseUnclaimed();
  const foreignRoute: Route = {
    ...{ family: 4, table: 254, destination: "198.51.100.0/24", link: world.eth0, metric: 0, protocol: 4 },
    ...{ scope: 253, type: "unicast" },
  };
  const foreignRule: Rule = {
    family: 4,
    priority: 20_500,
    action: "lookup",
    table: 1000 + world.eth0,
    protocol: 4,
    source: "10.9.9.9/32",
  };
  world.kernel.outside(foreignAddress(world, "172.20.0.1"));
  world.kernel.outside({ op: "put-route", route: foreignRoute });
  world.kernel.outside({ op: "put-route", route: { ...foreignRoute, table: 1000 + world.eth0 } });
  world.kernel.outside({ op: "add-rule", rule: foreignRule });
  const before = world.kernel.toText();
  world.applier.setNetwork(world.eth0, cable);
  await world.applier.settled();
  world.applier.setNetwork(world.eth0, wish("10.5.0.2/24", "10.5.0.1"));
  await world.applier.settled();
  for (const line of before.split("\n")) assert.ok(world.kernel.toText().includes(line), line);
  world.applier.release(world.eth0);
  await world.applier.settled();
  assert.equal(world.kernel.toText(), before);
});

test("another program's default route with our metric is not replaced: ours steps aside", async () => {
  const world = await makeKernelWorld();
  world.kernel.outside(foreignAddress(world, "10.9.0.1"));
  const theirs: Route = {
    ...{ family: 4, table: 254, destination: "0.0.0.0/0", gateway: "10.9.0.254", link: world.eth0, metric: 200 },
    ...{ protocol: 3, scope: 0, type: "unicast" },
  };
  world.kernel.outside({ op: "put-route", route: theirs });
  world.applier.setNetwork(world.eth0, cable);
  await world.applier.settled();
  assert.match(world.text(), /^route default via 10\.9\.0\.254 dev eth0 metric 200 proto boot$/m);
  assert.match(world.text(), /^route default via 10\.0\.0\.1 dev eth0 metric 201 src 10\.0\.0\.2 proto 102$/m);
  assert.deepEqual(await requestsOf(world, () => world.applier.setNetwork(world.eth0, cable)), []);
});

test("a lifetime is told once, renewed when the lease is, and taken away when the address becomes fixed", async () => {
  const world = await makeKernelWorld();
  const leased = (validUntilMs: number): NetworkWish => ({ ...cable, lifetimes: { "10.0.0.2": { validUntilMs } } });
  const now = world.clock.now();
  world.applier.setNetwork(world.eth0, leased(now + 600_000));
  await world.applier.settled();
  assert.equal(ownAddress(world)?.validSeconds, 600);
  world.clock.advance(100_000);
  assert.deepEqual(await requestsOf(world, () => world.applier.setNetwork(world.eth0, leased(now + 600_000))), []);
  const renewed = await requestsOf(world, () => world.applier.setNetwork(world.eth0, leased(now + 700_000)));
  assert.equal(ops(renewed), "put-address");
  assert.equal(ownAddress(world)?.validSeconds, 600);
  await requestsOf(world, () => world.applier.setNetwork(world.eth0, cable));
  assert.equal(ownAddress(world)?.validSeconds, undefined);
});

test("an address whose time is over is not put back when the kernel drops it", async () => {
  const world = await makeKernelWorld();
  world.applier.setNetwork(world.eth0, {
    ...cable,
    lifetimes: { "10.0.0.2": { validUntilMs: world.clock.now() + 1000 } },
  });
  await world.applier.settled();
  world.clock.advance(1001);
  world.kernel.outside({
    op: "delete-address",
    address: { link: world.eth0, family: 4, address: "10.0.0.2", prefixLength: 24 },
  });
  await world.clock.settle();
  assert.equal(ownAddress(world), undefined);
});

const removals: readonly (readonly [what: string, remove: (world: KernelWorld) => KernelRequest])[] = [
  ["the address", (world) => ({ op: "delete-address", address: ownAddress(world) as Address })],
  ["the default route", (world) => ({ op: "delete-route", route: defaultOf(world, world.eth0) as Route })],
  ["the rule", (world) => ({ op: "delete-rule", rule: sourceRule(world) as Rule })],
];
for (const [what, remove] of removals) {
  test(`${what} is put back in the turn in which another program removed it`, async () => {
    const world = await makeKernelWorld();
    world.applier.setNetwork(world.eth0, cable);
    await world.applier.settled();
    const before = world.kernel.toText();
    world.kernel.outside(remove(world));
    assert.notEqual(world.kernel.toText(), before);
    await Promise.resolve();
    assert.equal(world.kernel.toText(), before);
  });

  test(`${what} is left alone for a while when it is removed again and again`, async () => {
    const world = await makeKernelWorld();
    world.applier.setNetwork(world.eth0, cable);
    await world.applier.settled();
    const before = world.kernel.toText();
    for (let round = 0; round < 5; round++) {
      world.kernel.outside(remove(world));
      await world.clock.settle();
      assert.equal(world.kernel.toText(), before);
    }
    world.kernel.outside(remove(world));
    await world.clock.settle();
    assert.notEqual(world.kernel.toText(), before);
    assert.equal(
      world.log.messages("warn").filter((line) => line.startsWith("another program keeps removing")).length,
      1,
    );
    // A new word from above is obeyed all the same.
    world.applier.setNetwork(world.eth0, cable);
    await world.applier.settled();
    assert.equal(world.kernel.toText(), before);
    world.clock.advance(60_000);
    world.kernel.outside(remove(world));
    await world.clock.settle();
    assert.equal(world.kernel.toText(), before);
  });
}

test("a route of ours that another program replaces by its own is not fought over", async () => {
  const world = await makeKernelWorld();
  world.applier.setNetwork(world.eth0, cable);
  await world.applier.settled();
  world.kernel.outside({
    op: "put-route",
    route: { ...(defaultOf(world, world.eth0) as Route), gateway: "10.0.0.77", protocol: 4 },
  });
  await world.clock.settle();
  assert.match(world.text(), /default via 10\.0\.0\.77 dev eth0 metric 200 /);
  assert.match(world.text(), /default via 10\.0\.0\.1 dev eth0 metric 201 /);
});

test("a link that was taken down and up again has everything back", async () => {
  const world = await makeKernelWorld();
  world.applier.setNetwork(world.eth0, cable);
  await world.applier.settled();
  const before = world.kernel.toText();
  world.kernel.outside({ op: "set-link", link: world.eth0, change: { isUp: false } });
  await world.clock.settle();
  assert.doesNotMatch(world.text(), /route .* dev eth0/);
  world.kernel.outside({ op: "set-link", link: world.eth0, change: { isUp: true } });
  await world.clock.settle();
  assert.equal(world.kernel.toText(), before);
});

test("a link that is gone is forgotten, with the rules that led to it, and nothing is complained of", async () => {
  const world = await makeKernelWorld();
  world.applier.releaseUnclaimed();
  const results: ApplyResult[] = [];
  world.applier.setNetwork(world.eth0, cable, (result) => results.push(result));
  await world.applier.settled();
  world.kernel.removeHardware("eth0");
  await world.clock.settle();
  assert.equal(world.text(), "");
  assert.equal(results.length, 1);
  assert.deepEqual(world.log.lines, []);
});

test("a wish for a link that is gone already is forgotten silently", async () => {
  const world = await makeKernelWorld();
  world.kernel.removeHardware("eth0");
  world.applier.setNetwork(world.eth0, cable);
  await world.clock.settle();
  assert.deepEqual(world.log.messages("warn"), []);
});

test("a refusal of the kernel is reported to the link's owner, with its words", async () => {
  const world = await makeKernelWorld();
  const results: ApplyResult[] = [];
  world.kernel.refuseNext("put-address", "EINVAL", "no such luck");
  world.applier.setNetwork(world.eth0, cable, (result) => results.push(result));
  await world.applier.settled();
  const [refusal] = results[0]?.refused ?? [];
  assert.equal(refusal?.request.op, "put-address");
  assert.match(refusal?.error.message ?? "", /EINVAL \(no such luck\)/);
  world.applier.setNetwork(world.eth0, cable);
  await world.applier.settled();
  assert.match(world.text(), /^address 10\.0\.0\.2/m);
});

test("a refusal on one link is not told to the other", async () => {
  const world = await makeKernelWorld();
  const refused: Record<number, number> = {};
  const keep = (result: ApplyResult) => {
    refused[result.link] = result.refused.length;
  };
  world.applier.setNetwork(world.eth0, cable, keep);
  await world.applier.settled();
  world.kernel.refuseNext("put-address", "EPERM");
  world.applier.setNetwork(world.eth1, wish("10.1.0.2/24", "10.1.0.1"), keep);
  await world.applier.settled();
  assert.equal(refused[world.eth0], 0);
  assert.ok((refused[world.eth1] ?? 0) > 0);
});

test("an owner that throws is complained of and does not keep the others from being told", async () => {
  const world = await makeKernelWorld();
  const told: number[] = [];
  world.applier.setNetwork(world.eth0, cable, () => {
    throw new Error("careless owner");
  });
  world.applier.setNetwork(world.eth1, wish("10.1.0.2/24"), ({ link }) => told.push(link));
  world.applier.setRanks([world.eth1, world.eth0]);
  await world.clock.settle();
  assert.ok(told.includes(world.eth1));
  assert.match(world.log.messages("error").join(), /^eth0: after applying: careless owner/);
});

test("wishes that arrive while a batch is under way are applied after it, the last one of each link only", async () => {
  const world = await makeKernelWorld();
  const told: string[] = [];
  const tell = (name: string) => () => told.push(name);
  world.applier.setNetwork(world.eth0, cable, tell("first"));
  world.applier.setNetwork(world.eth0, wish("10.7.0.2/24", "10.7.0.1"), tell("second"));
  world.applier.setNetwork(world.eth0, wish("10.8.0.2/24", "10.8.0.1"), tell("third"));
  await world.applier.settled();
  assert.deepEqual(told, ["third"]);
  assert.deepEqual(
    world.kernel.snapshot.addresses(world.eth0).map(({ address }) => address),
    ["10.8.0.2"],
  );
});

test("a kernel that cannot be asked is complained of, and the next wish tries again", async () => {
  const world = await makeKernelWorld();
  const send = world.kernel.batch.bind(world.kernel);
  world.kernel.batch = () => Promise.reject(new Error("socket closed"));
  world.applier.setNetwork(world.eth0, cable);
  await world.applier.settled();
  assert.deepEqual(world.log.messages("error"), ["the kernel could not be asked: socket closed"]);
  world.kernel.batch = send;
  world.applier.setNetwork(world.eth0, cable);
  await world.applier.settled();
  assert.match(world.text(), /^address 10\.0\.0\.2/m);
});

const withMtu = (mtu: number): NetworkWish => wish("10.0.0.2/24", "10.0.0.1", { mtu });
const mtuOf = (world: KernelWorld): number | undefined => world.kernel.snapshot.links.get(world.eth0)?.mtu;

test("the MTU is set with the addresses and given back at the end", async () => {
  const world = await makeKernelWorld();
  const requests = await requestsOf(world, () => world.applier.setNetwork(world.eth0, withMtu(1400)));
  assert.equal(requests[0]?.op, "set-link");
  assert.equal(mtuOf(world), 1400);
  await requestsOf(world, () => world.applier.setNetwork(world.eth0, withMtu(1450)));
  assert.equal(mtuOf(world), 1450);
  await requestsOf(world, () => world.applier.release(world.eth0));
  assert.equal(mtuOf(world), 1500);
});

test("the MTU is given back when the network stops to speak of it", async () => {
  const world = await makeKernelWorld();
  await requestsOf(world, () => world.applier.setNetwork(world.eth0, withMtu(1400)));
  await requestsOf(world, () => world.applier.setNetwork(world.eth0, cable));
  assert.equal(mtuOf(world), 1500);
  const rest = await requestsOf(world, () => world.applier.release(world.eth0));
  assert.doesNotMatch(ops(rest), /set-link/);
});

test("the MTU is bounded by what the link can, and a useless one is not set", async () => {
  const world = await makeKernelWorld();
  await requestsOf(world, () => world.applier.setNetwork(world.eth0, withMtu(65_000)));
  assert.equal(mtuOf(world), 9000);
  await requestsOf(world, () => world.applier.setNetwork(world.eth0, withMtu(576)));
  assert.equal(mtuOf(world), 1500);
  await requestsOf(world, () => world.applier.setNetwork(world.eth0, withMtu(577)));
  assert.equal(mtuOf(world), 577);
});

test("the MTU stays large enough for IPv6 where that is in use", async () => {
  const world = await makeKernelWorld();
  const both = mergeSettings({
    link: settingsOf({ ipv4: ipv4("10.0.0.2/24"), ipv6: ipv4("2001:db8::2/64"), mtu: 600 }),
  });
  await requestsOf(world, () => world.applier.setNetwork(world.eth0, { settings: both }));
  assert.equal(mtuOf(world), 1280);
});

test("a managed link has its settings, which are given back with it", async () => {
  const world = await makeKernelWorld();
  world.sysctls.setForLink("ipv4", "eth0", "arp_announce", 1);
  world.sysctls.setForLink("ipv4", "eth0", "arp_ignore", 1);
  world.sysctls.writes.length = 0;
  world.applier.setNetwork(world.eth0, cable);
  await world.applier.settled();
  assert.deepEqual(world.sysctls.writes.splice(0), [
    "ipv4/eth0/ignore_routes_with_linkdown=1",
    "ipv6/eth0/ignore_routes_with_linkdown=1",
    "ipv4/eth0/arp_announce=2",
    "ipv4/eth0/promote_secondaries=1",
  ]);
  world.applier.release(world.eth0);
  await world.applier.settled();
  assert.deepEqual(world.sysctls.writes, [
    "ipv4/eth0/ignore_routes_with_linkdown=0",
    "ipv6/eth0/ignore_routes_with_linkdown=0",
    "ipv4/eth0/arp_announce=1",
    "ipv4/eth0/promote_secondaries=0",
  ]);
});

test("a link managed for its Device keeps its settings from one network to the next", async () => {
  const world = await makeKernelWorld();
  world.applier.manage(world.eth0);
  assert.equal(world.sysctls.writes.splice(0).length, 5);
  world.applier.manage(world.eth0);
  world.applier.setNetwork(world.eth0, cable);
  world.applier.release(world.eth0);
  world.applier.setNetwork(world.eth0, cable);
  world.applier.unmanage(world.eth0);
  assert.deepEqual(world.sysctls.writes, []);
  world.applier.release(world.eth0);
  assert.equal(world.sysctls.writes.length, 5);
  await world.applier.settled();
  assert.deepEqual(
    world.kernel.requested.filter(({ op }) => op === "set-link"),
    [],
  );
});

test("a link that is gone needs nothing back", async () => {
  const world = await makeKernelWorld();
  world.applier.manage(world.eth1);
  world.applier.setNetwork(world.eth1, cable);
  await world.applier.settled();
  world.sysctls.writes.length = 0;
  world.kernel.removeHardware("eth1");
  world.applier.release(world.eth1);
  world.applier.unmanage(world.eth1);
  await world.applier.settled();
  assert.deepEqual(world.sysctls.writes, []);
  assert.deepEqual(world.log.messages("warn"), []);
});

test("settings that cannot be written do not keep the link from working", async () => {
  const world = await makeKernelWorld();
  world.sysctls.isReadOnly = true;
  world.applier.setNetwork(world.eth0, cable);
  await world.applier.settled();
  assert.match(world.text(), /^address 10\.0\.0\.2/m);
  assert.deepEqual(world.log.messages("warn"), []);
});

test("after a restart everything is found, kept, and taken over without a change", async () => {
  const world = await makeKernelWorld();
  world.applier.setNetwork(world.eth0, cable);
  await world.applier.settled();
  const before = world.kernel.toText();
  const second = world.restart();
  const left = second.inherited(world.eth0);
  assert.deepEqual([left.addresses.length, left.routes.length, left.rules.length], [1, 4, 1]);
  assert.equal(world.kernel.toText(), before);
  const asked = world.kernel.requested.length;
  second.setNetwork(world.eth0, cable);
  second.releaseUnclaimed();
  await second.settled();
  assert.equal(world.kernel.toText(), before);
  assert.deepEqual(world.kernel.requested.slice(asked), []);
});

test("after a restart a better network on another link does not push out what was inherited", async () => {
  const world = await makeKernelWorld();
  world.applier.setNetwork(world.eth0, cable);
  await world.applier.settled();
  const second = world.restart();
  second.setNetwork(world.eth1, wish("10.1.0.2/24", "10.1.0.1"));
  await second.settled();
  assert.match(world.text(), /default via 10\.0\.0\.1 dev eth0 metric 200 /);
  assert.match(world.text(), /default via 10\.1\.0\.1 dev eth1 metric 210 /);
  second.setRanks([world.eth1, world.eth0]);
  await second.settled();
  assert.match(world.text(), /default via 10\.0\.0\.1 dev eth0 metric 200 /);
  assert.match(world.text(), /default via 10\.1\.0\.1 dev eth1 metric 201 /);
  second.setNetwork(world.eth0, cable);
  await second.settled();
  assert.match(world.text(), /default via 10\.1\.0\.1 dev eth1 metric 200 /);
  assert.match(world.text(), /default via 10\.0\.0\.1 dev eth0 metric 210 /);
  assert.doesNotMatch(world.text(), /metric 201/);
});

test("after a restart two networks keep their ranks, in any order of their return", async () => {
  const world = await makeKernelWorld();
  const other = wish("10.1.0.2/24", "10.1.0.1");
  world.applier.setRanks([world.eth1, world.eth0]);
  world.applier.setNetwork(world.eth0, cable);
  world.applier.setNetwork(world.eth1, other);
  await world.applier.settled();
  const second = world.restart();
  const asked = world.kernel.requested.length;
  second.setNetwork(world.eth0, cable);
  await second.settled();
  second.setNetwork(world.eth1, other);
  await second.settled();
  second.releaseUnclaimed();
  second.setRanks([world.eth1, world.eth0]);
  await second.settled();
  assert.deepEqual(world.kernel.requested.slice(asked), []);
});

test("leftovers without a network after a restart go, except on links that are undecided", async () => {
  const world = await makeKernelWorld();
  world.applier.setNetwork(world.eth0, cable);
  world.applier.setNetwork(world.eth1, wish("10.1.0.2/24", "10.1.0.1"));
  await world.applier.settled();
  const second = world.restart();
  second.releaseUnclaimed([world.eth1]);
  await second.settled();
  assert.doesNotMatch(world.text(), /eth0|1002/);
  assert.match(world.text(), /address 10\.1\.0\.2\/24 dev eth1/);
  assert.match(world.text(), /from 10\.1\.0\.2\/32 lookup 1003/);
  second.release(world.eth1);
  await second.settled();
  assert.equal(world.text(), "");
});

test("leftovers of a link that is gone are found by their table", async () => {
  const world = await makeKernelWorld();
  world.applier.setNetwork(world.eth0, cable);
  await world.applier.settled();
  const second = world.restart();
  world.kernel.removeHardware("eth0");
  assert.match(world.text(), /lookup 1002/);
  second.releaseUnclaimed();
  await second.settled();
  assert.equal(world.text(), "");
});

test("on a kernel that keeps no protocol with an address, ours is known by our having put it", async () => {
  const world = await makeKernelWorld();
  const send = world.kernel.batch.bind(world.kernel);
  world.kernel.batch = (requests) =>
    send(requests.map((request) => (request.op === "put-address" ? withoutProtocol(request) : request)));
  world.kernel.outside(foreignAddress(world, "10.0.0.99"));
  world.applier.setNetwork(world.eth0, cable);
  await world.applier.settled();
  assert.equal(ownAddress(world)?.protocol, undefined);
  world.applier.release(world.eth0);
  await world.applier.settled();
  assert.deepEqual(
    world.kernel.snapshot.addresses(world.eth0).map(({ address }) => address),
    ["10.0.0.99"],
  );
});

function withoutProtocol(request: Extract<KernelRequest, { op: "put-address" }>): KernelRequest {
  const { protocol: _, ...address } = request.address;
  return { op: "put-address", address };
}

test("a closed applier leaves the kernel as it is and looks after nothing", async () => {
  const world = await makeKernelWorld();
  world.applier.setNetwork(world.eth0, cable);
  await world.applier.settled();
  world.applier.close();
  assert.match(world.text(), /^address 10\.0\.0\.2/m);
  world.kernel.outside({ op: "delete-address", address: ownAddress(world) as Address });
  await world.clock.settle();
  assert.equal(ownAddress(world), undefined);
});

test("the dump names the ranks and what is wished", async () => {
  const world = await makeKernelWorld();
  world.applier.setNetwork(world.eth0, cable);
  world.applier.setNetwork(world.eth1, wish("10.1.0.2/24"));
  world.applier.setRanks([world.eth1]);
  await world.applier.settled();
  const dump = world.applier.dump() as { ranks: string[]; wishes: Record<string, unknown>; isSending: boolean };
  assert.deepEqual(dump.ranks, ["eth1", "eth0"]);
  assert.deepEqual(dump.wishes.eth0, cable.settings);
  assert.equal(dump.isSending, false);
});
