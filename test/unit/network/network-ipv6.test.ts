import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyStaticIp, type StaticIp } from "../../../src/network/static-ip.ts";
import { makeWorld, router } from "./network-world.ts";

const fixedIpv6: StaticIp = {
  ...emptyStaticIp,
  ipv6: { addresses: [{ address: "2001:db8::7", prefixLength: 64 }], gateway: "2001:db8::1" },
};

test("fixed IPv6 alone is a connection, also without a name server; a router alone needs one", async () => {
  const world = await makeWorld();
  world.start({ static: fixedIpv6 });
  assert.equal(await world.heard(), "changed, connected first");
  assert.deepEqual([world.network.primaryFamily, world.addresses()], [6, "2001:db8::7"]);
  assert.deepEqual(
    world.network.ipConfigs.map(({ method, address, gateway }) => [method, address, gateway]),
    [["ipv6", "2001:db8::7", "2001:db8::1"]],
  );
  world.network.setStatic(emptyStaticIp);
  assert.match(await world.heard(), /failed no-ip-configuration/);
  const other = await makeWorld();
  other.start();
  other.network.setSource("slaac", { ...router, nameServers: [] });
  assert.equal(await other.heard(), "changed");
  assert.equal(other.network.primaryFamily, undefined);
});

test("settings of the link itself with IPv6 alone are a connection, also without a name server", async () => {
  const world = await makeWorld();
  world.start({ given: { link: { ...router, nameServers: [] } } });
  assert.equal(await world.heard(), "changed, connected first");
  assert.equal(world.network.primaryFamily, 6);
});
