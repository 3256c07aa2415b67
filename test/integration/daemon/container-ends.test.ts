import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { TestDaemon } from "../../harness/daemon.ts";
import { addPeer } from "../../harness/namespace.ts";
import { tryRun } from "../../harness/processes.ts";
import { until } from "../../harness/until.ts";
import { addressesOf, ip, kernelLink, routeLines } from "./kernel-view.ts";
import { addLan, plugIn, serviceOn, startDaemon, startServer, times, untilState } from "./support.ts";

/** The host's end of a container that runs a DHCP server. */
async function addContainer(t: TestContext, name: string, link: string, net: string) {
  const peer = addPeer(name);
  t.after(() => peer.remove());
  plugIn(t, link, peer, { peerLink: "lan", address: `${net}.1/24` });
  return startServer(t, peer, net);
}
function make(t: TestContext, name: string, ...kind: readonly string[]): void {
  ip("link", "add", "name", name, ...kind);
  t.after(() => tryRun("ip", ["link", "delete", name]));
}
async function whyLeftAlone(daemon: TestDaemon, link: string): Promise<string> {
  const [reasons] = await daemon.call(`/device/${link}`, "org.fairlead.Device1", "Why");
  return String((reasons as { LeftAlone: unknown }).LeftAlone);
}
const isListed = (daemon: TestDaemon, link: string) =>
  until(`${link} is listed`, async () => ((await daemon.manager()).Devices as string[]).includes(`/device/${link}`));

test("with the cable out, a DHCP server in a container is not asked and its end stays as it is", async (t) => {
  const { cable } = await addLan(t, "router");
  const server = await addContainer(t, "pod", "eni0a1b2c3d", "10.66.0");
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  cable.unplug();
  await untilState(daemon, "eth0", "idle");
  assert.match(await whyLeftAlone(daemon, "eni0a1b2c3d"), /one end of a veth pair.*not named as a cable/);
  // A person takes it all the same; the server hears of it for the first time then.
  assert.deepEqual(addressesOf("eni0a1b2c3d"), []);
  assert.ok(!kernelLink("eni0a1b2c3d").flags.includes("UP"));
  assert.equal(times(server, "DHCPDISCOVER"), 0);
  const service = await serviceOn(daemon, "eni0a1b2c3d");
  await daemon.call(String(service?.path), "org.chromium.flimflam.Service", "Connect");
  await untilState(daemon, "eni0a1b2c3d", "ready");
  assert.match(routeLines().join("\n"), /default via 10\.66\.0\.1/);
});

test("links that programs make for themselves stay down, each with its reason", async (t) => {
  const { cable } = await addLan(t, "router");
  make(t, "mv9", "link", "eth0", "type", "macvlan");
  make(t, "cni0", "type", "bridge");
  ip("tuntap", "add", "vnet7", "mode", "tap");
  t.after(() => tryRun("ip", ["tuntap", "del", "vnet7", "mode", "tap"]));
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  const reasons: Readonly<Record<string, RegExp>> = { mv9: /a macvlan/, cni0: /a bridge/ };
  for (const [link, reason] of Object.entries({ ...reasons, vnet7: /a tap/ })) {
    // Those without a driver are decided after five seconds.
    await isListed(daemon, link);
    assert.match(await whyLeftAlone(daemon, link), reason, link);
    assert.ok(!kernelLink(link).flags.includes("UP"), link);
  }
  // Not even with everything else gone.
  cable.unplug();
  await untilState(daemon, "eth0", "idle");
  for (const link of ["mv9", "cni0", "vnet7"]) assert.ok(!kernelLink(link).flags.includes("UP"), link);
});

test("an administrator who names a container's end has it used, under any name", async (t) => {
  await addContainer(t, "one", "veth12ab34c", "10.66.1");
  await addContainer(t, "two", "lxc9f0e1d", "10.66.2");
  const daemon = await startDaemon(t, { args: ["--allow", "veth12ab34c,lxc9f0e1d"] });
  for (const link of ["veth12ab34c", "lxc9f0e1d"]) await untilState(daemon, link, "ready");
});

test("--take-over is about what links are configured with: a container's end is left alone all the same", async (t) => {
  await addLan(t, "router");
  const server = await addContainer(t, "pod", "lxc0a1b2c", "10.66.3");
  const daemon = await startDaemon(t, { args: ["--take-over"] });
  await untilState(daemon, "eth0", "ready");
  assert.match(await whyLeftAlone(daemon, "lxc0a1b2c"), /one end of a veth pair/);
  assert.equal(times(server, "DHCPDISCOVER"), 0);
});
