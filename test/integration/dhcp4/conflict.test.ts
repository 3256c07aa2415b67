// mostly waits: ten seconds after each DECLINE (RFC 2131, 3.1)
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Dhcp4Config } from "../../../src/network/protocols/dhcp4/config.ts";
import { startDhcpServer } from "../../harness/dhcp-server.ts";
import { addBridge, addCable, addPeer, requirePrivateNamespace } from "../../harness/namespace.ts";
import { run } from "../../harness/processes.ts";
import { until } from "../../harness/until.ts";
import { RealClient } from "./real-client.ts";

requirePrivateNamespace();

let lastNumber = 0;

/** A server that first offers 10.1.0.100, and another host on the same bridge that may take that address. */
async function lanWithStranger(t: TestContext, config: Dhcp4Config = {}) {
  const number = ++lastNumber;
  const peer = addPeer(`lan${number}`);
  const stranger = addPeer(`stranger${number}`);
  addBridge("br0", peer, "10.1.0.1/24");
  const cable = addCable(`eth${number}`, peer, { bridge: "br0" });
  run("ip", [
    "-n",
    peer.netns,
    "link",
    "add",
    "tostr",
    "type",
    "veth",
    "peer",
    "name",
    "eth0",
    "netns",
    stranger.netns,
  ]);
  peer.exec("ip", "link", "set", "tostr", "master", "br0", "up");
  stranger.exec("ip", "link", "set", "eth0", "up");
  const server = await startDhcpServer(peer, {
    link: "br0",
    range: "10.1.0.100,10.1.0.101,255.255.255.0,1h",
    // The lowest free address first, not one by hash.
    extraArgs: ["--dhcp-sequential-ip"],
  });
  const client = new RealClient(cable.link, config);
  t.after(async () => {
    await client.end();
    await server.stop();
    cable.remove();
    stranger.remove();
    peer.remove();
  });
  return { client, server, stranger };
}

test("an address that a stranger holds is used, found out, declined, and another one got", async (t) => {
  const { client, server, stranger } = await lanWithStranger(t);
  stranger.exec("ip", "address", "add", "10.1.0.100/24", "dev", "eth0");
  assert.equal((await client.up()).ipv4?.address, "10.1.0.100");
  await until("the conflict is noticed", () => client.told.includes("lost address-conflict"));
  await until("the server has heard of it", () => server.log().includes("DHCPDECLINE"));
  const began = client.clock.now();
  assert.equal((await client.up()).ipv4?.address, "10.1.0.101");
  assert.ok(client.clock.now() - began > 9000, "ten seconds after the DECLINE");
});

test("before use: an address that a stranger holds is never used", async (t) => {
  const { client, server, stranger } = await lanWithStranger(t, { conflictDetection: "before-use" });
  stranger.exec("ip", "address", "add", "10.1.0.100/24", "dev", "eth0");
  const settings = await client.up();
  assert.equal(settings.ipv4?.address, "10.1.0.101");
  assert.ok(server.log().includes("DHCPDECLINE"));
});

test("a stranger that takes the address later is told off once, then left the address", async (t) => {
  const { client, stranger } = await lanWithStranger(t);
  assert.equal((await client.up()).ipv4?.address, "10.1.0.100");
  const isProbing = () => client.clock.pendingTimers().some(({ name }) => name.startsWith("arp-"));
  await until("probing has begun", isProbing);
  await until("probing and announcing are over", () => !isProbing(), 15_000);
  assert.deepEqual(client.told, [], "our own kernel's packets are no conflict");
  stranger.exec("ip", "address", "add", "10.1.0.100/24", "dev", "eth0");
  // It broadcasts a question for the server's hardware address, in the name of ours.
  const claim = () => {
    stranger.exec("ip", "neighbour", "flush", "dev", "eth0");
    stranger.exec("bash", "-c", "echo > /dev/udp/10.1.0.1/9");
  };
  claim();
  await until("the claim is noticed", () => client.session.inspect().addressDisputes === 1);
  assert.deepEqual(client.told, [], "defended");
  claim();
  await until("the address is given up", () => client.told.includes("lost address-conflict"));
});
