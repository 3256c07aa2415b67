/** The address goes to the kernel with the server's answer, ahead of all that follows from it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyStaticIp } from "../../../src/network/static-ip.ts";
import type { KernelRequest } from "../../../src/rtnl/rtnl.ts";
import { dhcp4With } from "../../fakes/protocols.ts";
import { wish } from "./kernel/kernel-world.ts";
import { lease, makeWorld } from "./network-world.ts";

type World = Awaited<ReturnType<typeof makeWorld>>;

/** Requests to the kernel inside `act`. */
function asked(world: World, act: () => void): string {
  const before = world.kernel.requested.length;
  act();
  const requests: readonly KernelRequest[] = world.kernel.requested.slice(before);
  return requests.map(({ op }) => op).join(" ");
}
const grant = (world: World, settings = lease()): string =>
  asked(world, () => world.dhcp.last.host.granted?.(settings));
const own = (world: World) => world.kernel.snapshot.addresses(world.eth0).filter(({ family }) => family === 4);

test("a granted address is in the kernel at once, the rest follows, and its life is not counted twice", async () => {
  const world = await makeWorld();
  world.start();
  const settings = lease();
  assert.equal(grant(world, settings), "put-address");
  assert.deepEqual(
    own(world).map(({ address, validSeconds }) => [address, validSeconds]),
    [["10.0.0.9", 600]],
  );
  const before = world.kernel.requested.length;
  await world.clock.advanceSettled(3000);
  world.dhcp.last.up(settings);
  assert.equal(await world.heard(), "changed, connected first");
  const rest = world.kernel.requested.slice(before).map(({ op }) => op);
  assert.ok(rest.includes("put-route") && !rest.includes("put-address"), rest.join(" "));
});

test("with a fixed address nothing is put ahead", async () => {
  const world = await makeWorld();
  const fixed = { ...emptyStaticIp, address: "10.0.0.2", prefixLength: 24 };
  world.start({ protocols: dhcp4With(), static: fixed });
  await world.heard();
  assert.equal(grant(world), "");
  assert.equal(world.addresses(), "10.0.0.2");
});

test("while the kernel is answering for another link the wish alone says it", async () => {
  const world = await makeWorld();
  world.start();
  world.applier.setNetwork(world.eth1, wish("10.2.0.2/24", "10.2.0.1"));
  const settings = lease();
  assert.equal(grant(world, settings), "");
  world.dhcp.last.up(settings);
  assert.equal(await world.heard(), "changed, connected first");
  assert.equal(world.addresses(), "10.0.0.9");
});

test("an address that the kernel refuses ahead is asked for again with the rest, and its refusal told", async () => {
  const world = await makeWorld();
  world.start();
  for (const _ of [1, 2]) world.kernel.refuseNext("put-address", "EPERM", "not you");
  const settings = lease();
  assert.equal(grant(world, settings), "put-address");
  world.dhcp.last.up(settings);
  assert.match(await world.heard(), /failed address-refused: .*EPERM \(not you\)/);
  assert.equal(world.text(), "");
});

for (const how of [{ release: true }, { release: false, isCarrierLost: true }]) {
  test(`a stop before the rest was told takes the address back: ${JSON.stringify(how)}`, async () => {
    const world = await makeWorld();
    world.start();
    grant(world);
    assert.equal(world.addresses(), "10.0.0.9");
    void world.network.stop(how);
    await world.heard();
    assert.equal(world.text(), "");
  });
}

test("the same address of another program is used as it is, and stays", async () => {
  const world = await makeWorld();
  const foreign = { link: world.eth0, family: 4, address: "10.0.0.9", prefixLength: 24 } as const;
  world.kernel.outside({ op: "put-address", address: foreign });
  world.start();
  const settings = lease();
  assert.equal(grant(world, settings), "");
  world.dhcp.last.up(settings);
  await world.heard();
  void world.network.stop({ release: true });
  await world.heard();
  assert.deepEqual(
    own(world).map(({ address, validSeconds, protocol }) => [address, validSeconds, protocol]),
    [["10.0.0.9", undefined, undefined]],
  );
});

test("a server that only confirms makes the lease live longer, and nothing is told", async () => {
  const world = await makeWorld();
  world.start();
  world.dhcp.last.up(lease());
  assert.equal(await world.heard(), "changed, connected first");
  await world.clock.advanceSettled(300_000);
  const before = world.kernel.requested.length;
  world.dhcp.last.host.settingsChanged(lease());
  assert.equal(await world.heard(), "");
  const requests = world.kernel.requested.slice(before).map(({ op }) => op);
  assert.deepEqual(requests, ["put-address"]);
  assert.deepEqual(
    own(world).map(({ validSeconds }) => validSeconds),
    [600],
  );
});

const others: Readonly<Record<string, Parameters<typeof lease>>> = {
  "another name server": ["10.0.0.9/24", { nameServers: ["10.0.0.54"] }],
  "a domain": ["10.0.0.9/24", { domainName: "lan" }],
  "another MTU": ["10.0.0.9/24", { mtu: 1400 }],
};
for (const [what, terms] of Object.entries(others)) {
  test(`a server that confirms with ${what} is news`, async () => {
    const world = await makeWorld();
    world.start();
    world.dhcp.last.up(lease());
    await world.heard();
    world.dhcp.last.host.settingsChanged(lease(...terms));
    assert.equal(await world.heard(), "changed");
  });
}

test("a lease's name server is news also where a fixed one hides it", async () => {
  const world = await makeWorld();
  world.start({ protocols: dhcp4With(), static: { ...emptyStaticIp, nameServers: ["10.0.0.1"] } });
  world.dhcp.last.up(lease());
  await world.heard();
  world.dhcp.last.host.settingsChanged(lease("10.0.0.9/24", { nameServers: ["10.0.0.54"] }));
  assert.equal(await world.heard(), "changed");
});

test("the same lease again after it was lost is news", async () => {
  const world = await makeWorld();
  world.start();
  world.dhcp.last.up(lease());
  await world.heard();
  world.dhcp.last.host.lost("nak");
  world.dhcp.last.up(lease());
  assert.match(await world.heard(), /changed/);
});
