// mostly waits: ten seconds after a DECLINE (RFC 2131, 3.1)
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { TestDaemon } from "../../harness/daemon.ts";
import { addBridge, addPeer, run } from "../../harness/namespace.ts";
import { until } from "../../harness/until.ts";
import { addressesOf, addressOf } from "./kernel-view.ts";
import { plugIn, startDaemon, startServer, times, untilState } from "./support.ts";

test("an address that another host has is declined, and the next one is taken", async (t) => {
  const peer = addPeer("office");
  t.after(() => peer.remove());
  addBridge("lan", peer, "10.1.0.1/24");
  plugIn(t, "eth0", peer, { bridge: "lan", peerLink: "port", mac: "02:00:00:00:00:aa" });
  const squatter = addPeer("squatter");
  t.after(() => squatter.remove());
  peer.exec("ip", "link", "add", "port2", "type", "veth", "peer", "name", "lan", "netns", squatter.netns);
  peer.exec("ip", "link", "set", "port2", "master", "lan", "up");
  squatter.exec("ip", "link", "set", "lan", "up");
  squatter.exec("ip", "address", "add", "10.1.0.150/24", "dev", "lan");
  const server = await startServer(t, peer, "10.1.0", { extraArgs: ["--dhcp-host=02:00:00:00:00:aa,10.1.0.150"] });
  const daemon = await startDaemon(t);
  await until("the address is declined", () => times(server, "DHCPDECLINE") === 1);
  await until("the other host's address is not on the link", () => !addressesOf("eth0").includes("10.1.0.150/24"));
  await untilState(daemon, "eth0", "configuration");
  // The RFC asks for ten seconds of patience before the next attempt.
  await untilState(daemon, "eth0", "ready", 15_000);
  assert.match(addressOf("eth0") ?? "", /^10\.1\.0\.1\d\d\/24$/);
  assert.notEqual(addressOf("eth0"), "10.1.0.150/24");
});

/** Two cables of this host in one network, the first of which has an address that is not ours. */
async function besideForeignLink(t: TestContext) {
  const peer = addPeer("office");
  t.after(() => peer.remove());
  addBridge("lan", peer, "10.1.0.1/24");
  plugIn(t, "eth0", peer, { bridge: "lan", peerLink: "port0" });
  plugIn(t, "eth1", peer, { bridge: "lan", peerLink: "port1" });
  run("ip", ["link", "set", "eth0", "up"]);
  run("ip", ["address", "add", "10.1.0.9/24", "dev", "eth0"]);
  return { peer, server: await startServer(t, peer, "10.1.0") };
}
async function untilProbed(daemon: TestDaemon, link: string): Promise<void> {
  const isProbing = async () => {
    const [json] = await daemon.call("/", "org.fairlead.Manager1", "Dump");
    const { timers } = JSON.parse(json as string) as { timers: { name: string }[] };
    return timers.some(({ name }) => name.startsWith("arp-") && name.endsWith(link));
  };
  await until(`probing on ${link} has begun`, isProbing);
  await until(`probing and announcing on ${link} are over`, async () => !(await isProbing()), 20_000);
}

for (const [how, args] of [
  ["left alone", []],
  ["not looked at at all", ["--allow", "eth1"]],
] as const) {
  test(`beside a link of this host that is ${how}, its answers for our lease are no conflict`, async (t) => {
    const { server } = await besideForeignLink(t);
    const daemon = await startDaemon(t, { args });
    await untilState(daemon, "eth1", "ready");
    const address = addressOf("eth1");
    await untilProbed(daemon, "eth1");
    assert.equal(times(server, "DHCPDECLINE"), 0);
    assert.equal(addressOf("eth1"), address);
    await untilState(daemon, "eth1", "ready");
  });
}
