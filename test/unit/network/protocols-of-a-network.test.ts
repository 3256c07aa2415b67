/** A Network with other protocols than DHCPv4, with several at once, and over another link than it was asked for. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { IpSettings } from "../../../src/network/ip-settings.ts";
import { Network } from "../../../src/network/network.ts";
import type { NetworkOptions } from "../../../src/network/network-ports.ts";
import { emptyStaticIp } from "../../../src/network/static-ip.ts";
import { FakeProtocolHandler } from "../../fakes/fake-protocol-handler.ts";
import { protocolsOf } from "../../fakes/protocols.ts";
import { ipv4, lines, makeKernelWorld, settingsOf } from "./kernel/kernel-world.ts";

async function makeWorld(options: Partial<NetworkOptions>) {
  const kernelWorld = await makeKernelWorld();
  const { clock, applier, eth0, log } = kernelWorld;
  const [dhcp4, script] = [new FakeProtocolHandler(), new FakeProtocolHandler()];
  const listener = Object.assign(new FakeProtocolHandler(), { isPassive: true as const, awaits: "router" });
  const told: string[] = [];
  const network = new Network(
    { clock, log, applier, protocols: protocolsOf({ dhcp4, slaac: listener, "my-script": script }) },
    {
      connected: (first) => told.push(first ? "connected first" : "connected again"),
      changed: () => {},
      failed: (reason, detail) => told.push(`failed ${reason}: ${detail}`),
      conflicted: () => {},
      conflictOver: () => {},
    },
  );
  network.start({ link: { index: eth0, name: "eth0", mac: "02:00:00:00:00:02", mtu: 1500 }, ...options });
  const heard = async (): Promise<string> => {
    await clock.settle();
    return told.splice(0).join(", ");
  };
  return { ...kernelWorld, network, dhcp4, script, listener, heard };
}
const dhcp4 = { source: "dhcp4", config: {} } as const;
const slaac = { source: "slaac", config: {} } as const;
const script = { source: "handler", handler: "my-script", config: { option: "value" } } as const;

const lease = settingsOf({ ipv4: ipv4("10.0.0.9/24", "10.0.0.1"), nameServers: ["10.0.0.53"] });
const dual: IpSettings = settingsOf({
  ipv4: ipv4("10.0.0.2/24", "10.0.0.1", {
    others: [{ address: "10.1.0.2", prefixLength: 24, validSeconds: 600, preferredSeconds: 300 }],
  }),
  ipv6: ipv4("2001:db8::2/64", "fe80::1", { others: [{ address: "2001:db8::3", prefixLength: 64 }] }),
  nameServers: ["10.0.0.53", "2001:db8::53"],
});

test("a handler script's addresses of both families are all put, each with its own rule and lifetimes", async () => {
  const world = await makeWorld({ protocols: [script] });
  assert.deepEqual(world.script.last.config, { option: "value" });
  world.script.last.up(dual);
  assert.equal(await world.heard(), "connected first");
  assert.equal(
    world.text(),
    lines(`
      address 10.0.0.2/24 dev eth0 proto 102
      address 10.1.0.2/24 dev eth0 proto 102 valid 600s preferred 300s
      address 2001:db8::2/64 dev eth0 proto 102
      address 2001:db8::3/64 dev eth0 proto 102
      route -6 2001:db8::/64 dev eth0 metric 200 proto 102
      route -6 2001:db8::/64 dev eth0 table 1002 metric 1024 proto 102
      route -6 default via fe80::1 dev eth0 metric 200 proto 102
      route -6 default via fe80::1 dev eth0 table 1002 metric 1024 proto 102
      route 10.0.0.0/24 dev eth0 metric 200 scope link src 10.0.0.2 proto 102
      route 10.0.0.0/24 dev eth0 table 1002 scope link src 10.0.0.2 proto 102
      route 10.1.0.0/24 dev eth0 metric 200 scope link src 10.1.0.2 proto 102
      route 10.1.0.0/24 dev eth0 table 1002 scope link src 10.1.0.2 proto 102
      route default via 10.0.0.1 dev eth0 metric 200 src 10.0.0.2 proto 102
      route default via 10.0.0.1 dev eth0 table 1002 src 10.0.0.2 proto 102
      rule -6 20300: from all lookup main suppress_prefixlength 0 proto 102
      rule -6 20500: from 2001:db8::2/128 lookup 1002 proto 102
      rule -6 20500: from 2001:db8::3/128 lookup 1002 proto 102
      rule 20300: from all lookup main suppress_prefixlength 0 proto 102
      rule 20500: from 10.0.0.2/32 lookup 1002 proto 102
      rule 20500: from 10.1.0.2/32 lookup 1002 proto 102
    `),
  );
});

test("settings that are known from the start need no protocol", async () => {
  const world = await makeWorld({ given: { link: dual } });
  assert.equal(await world.heard(), "connected first");
  assert.equal(world.network.primaryFamily, 4);
  await world.network.stop({ release: false });
  await world.clock.settle();
  assert.equal(world.text(), "");
});

test("a link that comes later carries the addressing, and is left when another one does", async () => {
  const world = await makeWorld({ protocols: [script] });
  assert.equal(world.network.layer3Link, world.eth0);
  world.script.last.up({ ...lease, layer3Link: world.eth1 });
  assert.equal(await world.heard(), "connected first");
  assert.equal(world.network.layer3Link, world.eth1);
  const linksWithAddress = () => world.kernel.snapshot.addresses().filter(({ address }) => address === "10.0.0.9");
  assert.deepEqual(
    linksWithAddress().map(({ link }) => link),
    [world.eth1],
  );
  world.script.last.host.settingsChanged(lease);
  await world.clock.settle();
  assert.deepEqual(
    linksWithAddress().map(({ link }) => link),
    [world.eth0],
  );
  await world.network.stop({ release: false });
  await world.clock.settle();
  assert.deepEqual(linksWithAddress(), []);
});

test("a protocol without an answer fails the Network in its own words", async () => {
  const world = await makeWorld({ protocols: [script] });
  world.script.last.fail(new Error("no carrier tone"));
  assert.equal(await world.heard(), "failed protocol-failed: no carrier tone");
});

test("without a lease the Network waits for a router as long as that may still come, and then names the lease", async () => {
  const world = await makeWorld({ protocols: [dhcp4, slaac] });
  world.dhcp4.last.fail(new Error("nobody answers"));
  assert.equal(await world.heard(), "");
  assert.equal(world.network.state, "configuring");
  await world.clock.advanceSettled(30_000);
  assert.equal(await world.heard(), "failed dhcp-failed: nobody answers");
});

test("a listener goes on after the time limit, and what it hears then counts", async () => {
  const world = await makeWorld({ protocols: [dhcp4, slaac] });
  world.dhcp4.last.up(lease);
  assert.equal(await world.heard(), "connected first");
  await world.clock.advanceSettled(30_000);
  assert.equal(await world.heard(), "");
  assert.equal(world.listener.last.takeCalls(), "setup", "it was not ended");
  world.listener.last.up(settingsOf({ ipv6: ipv4("2001:db8::5/64", "fe80::1"), nameServers: ["2001:db8::53"] }));
  await world.clock.settle();
  assert.deepEqual(
    world.network.ipConfigs.map(({ address }) => address),
    ["10.0.0.9", "2001:db8::5"],
  );
});

test("a static address is laid over what a handler says", async () => {
  const world = await makeWorld({
    protocols: [script],
    static: { ...emptyStaticIp, address: "10.0.0.50", prefixLength: 24 },
  });
  world.script.last.up(dual);
  await world.heard();
  assert.equal(world.network.effective?.ipv4?.address, "10.0.0.50");
  assert.deepEqual(world.network.effective?.nameServers, ["10.0.0.53", "2001:db8::53"]);
});
