import assert from "node:assert/strict";
import { test } from "node:test";
import { Network } from "../../../src/network/network.ts";
import { emptyStaticIp } from "../../../src/network/static-ip.ts";
import { FakeProtocolHandler } from "../../fakes/fake-protocol-handler.ts";
import { dhcp4With, protocolsOf } from "../../fakes/protocols.ts";
import { ipv4, makeKernelWorld, settingsOf } from "./kernel/kernel-world.ts";

async function makeConnected() {
  const { kernel, clock, applier, eth0, log } = await makeKernelWorld();
  const dhcp = new FakeProtocolHandler();
  const told: string[] = [];
  const network = new Network(
    { clock, log, applier, protocols: protocolsOf({ dhcp4: dhcp }) },
    {
      connected: (first) => told.push(first ? "connected first" : "connected again"),
      changed: () => {},
      failed: (reason) => told.push(`failed ${reason}`),
      conflicted: () => told.push("conflict"),
      conflictOver: () => told.push("conflict over"),
    },
  );
  network.start({ link: { index: eth0, name: "eth0", mac: "02:00:00:00:00:02", mtu: 1500 }, protocols: dhcp4With() });
  dhcp.last.up(settingsOf({ ipv4: ipv4("10.0.0.9/24", "10.0.0.1", { validSeconds: 600 }) }));
  await clock.settle();
  dhcp.last.takeCalls();
  const gateways = () => [...new Set(kernel.snapshot.routes({ link: eth0 }).flatMap(({ gateway }) => gateway ?? []))];
  const addresses = () => kernel.snapshot.addresses(eth0).map(({ address, validSeconds }) => [address, validSeconds]);
  return { network, dhcp, clock, told, gateways, addresses };
}

test("a static gateway set on a lease: the way out at once, while address and life stay those of the lease", async () => {
  const { network, dhcp, clock, told, gateways, addresses } = await makeConnected();
  assert.deepEqual([gateways(), told], [["10.0.0.1"], ["connected first"]]);
  network.setStatic({ ...emptyStaticIp, gateway: "10.0.0.254" });
  await clock.settle();
  assert.deepEqual([gateways(), told], [["10.0.0.254"], ["connected first", "connected again"]]);
  assert.deepEqual(addresses(), [["10.0.0.9", 600]]);
  assert.equal(dhcp.last.takeCalls(), "", "the lease is neither renewed nor given back");
});

test("a static gateway outlives a renewal of the lease, and without it the leased one is back", async () => {
  const { network, dhcp, clock, gateways, addresses } = await makeConnected();
  network.setStatic({ ...emptyStaticIp, gateway: "10.0.0.254" });
  dhcp.last.host.settingsChanged(settingsOf({ ipv4: ipv4("10.0.0.9/24", "10.0.0.2", { validSeconds: 900 }) }));
  await clock.settle();
  assert.deepEqual([gateways(), addresses()], [["10.0.0.254"], [["10.0.0.9", 900]]]);
  network.setStatic(emptyStaticIp);
  await clock.settle();
  assert.deepEqual(gateways(), ["10.0.0.2"]);
});
