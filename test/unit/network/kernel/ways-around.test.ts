import assert from "node:assert/strict";
import { test } from "node:test";
import { type KernelWorld, makeKernelWorld, wish } from "./kernel-world.ts";

const cable = wish("10.0.0.2/24", "10.0.0.1");

async function applied(world: KernelWorld, change: () => void): Promise<void> {
  change();
  await world.applier.settled();
}

test("the way around a network follows what it excludes, and goes with it", async () => {
  const world = await makeKernelWorld();
  await applied(world, () => world.applier.setNetwork(world.eth0, cable));
  const before = world.text();
  const tunnel = (server: string) =>
    wish("10.9.0.2/32", undefined, { includedRoutes: ["192.0.0.0/8"], excludedRoutes: [server] });
  const around = () =>
    world.kernel.snapshot
      .routes({ table: 254, link: world.eth0 })
      .flatMap(({ destination }) => (destination.endsWith("/32") ? [destination] : []));
  await applied(world, () => world.applier.setNetwork(world.eth1, tunnel("192.0.2.1/32")));
  assert.deepEqual(around(), ["192.0.2.1/32"]);
  await applied(world, () => world.applier.setNetwork(world.eth1, tunnel("192.0.2.9/32")));
  assert.deepEqual(around(), ["192.0.2.9/32"]);
  await applied(world, () => world.applier.release(world.eth1));
  assert.deepEqual(around(), []);
  assert.equal(world.text(), before);
});
