import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestDaemon } from "../../harness/daemon.ts";
import { addCable, addPeer } from "../../harness/namespace.ts";
import { run, tryRun } from "../../harness/processes.ts";
import { until } from "../../harness/until.ts";
import { addressesOf, addressOf, ip, kernelLink, kernelLinks, routeLines } from "./kernel-view.ts";
import { addLan, devicePaths, plugIn, serviceOn, startDaemon, untilState } from "./support.ts";

async function refusalOn(daemon: TestDaemon, link: string): Promise<unknown> {
  const service = await serviceOn(daemon, link);
  const [reasons] = await daemon.call(String(service?.path), "org.fairlead.Service1", "Why");
  return (reasons as { AutoConnectRefusal: string }).AutoConnectRefusal;
}

test("blocked links are never touched", async (t) => {
  const { peer } = await addLan(t, "router");
  plugIn(t, "eth1", peer);
  const before = kernelLink("eth0");
  const daemon = await startDaemon(t, { args: ["--block", "eth0"] });
  assert.deepEqual(await devicePaths(daemon), ["/device/eth1"]);
  await until("the other one is up", () => kernelLink("eth1").flags.includes("UP"));
  assert.deepEqual(kernelLink("eth0"), before);
});

test("with an allow list all other links are left alone, also those that come later", async (t) => {
  const { peer } = await addLan(t, "router");
  const daemon = await startDaemon(t, { args: ["--allow", "eth0"] });
  await untilState(daemon, "eth0", "ready");
  plugIn(t, "eth1", peer);
  // The kernel's news and the call come by two sockets.
  const seen = await until("the new link is seen", async () => {
    const [links] = await daemon.call("/", "org.fairlead.Manager1", "GetLinks");
    return (links as { Name: string; Because: string }[]).find(({ Name }) => Name === "eth1");
  });
  assert.equal(seen.Because, "not in the allow list");
  assert.deepEqual(await devicePaths(daemon), ["/device/eth0"]);
  assert.ok(!kernelLink("eth1").flags.includes("UP"));
});

test("a claimed link loses its Device and its address; released it is ready again", async (t) => {
  await addLan(t, "router");
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  const manager = "org.chromium.flimflam.Manager";
  await daemon.call("/", manager, "ClaimInterface", "ss", ["tester", "eth0"]);
  assert.deepEqual((await daemon.manager()).ClaimedDevices, ["eth0"]);
  assert.deepEqual(await devicePaths(daemon), []);
  await until("our address is gone", () => addressesOf("eth0").length === 0);
  ip("address", "add", "10.1.0.9/24", "dev", "eth0");
  await daemon.call("/", manager, "ReleaseInterface", "ss", ["tester", "eth0"]);
  await until("it is a Device again", async () => (await devicePaths(daemon)).length === 1);
  await until("it is left alone", async () => (await refusalOn(daemon, "eth0")) === "device is left alone");
  await daemon.call("/", manager, "ClaimInterface", "ss", ["tester", "eth0"]);
  ip("address", "flush", "dev", "eth0");
  await daemon.call("/", manager, "ReleaseInterface", "ss", ["tester", "eth0"]);
  await untilState(daemon, "eth0", "ready");
});

test("a renamed link is another Device and connects again", async (t) => {
  await addLan(t, "router");
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  ip("link", "set", "eth0", "name", "lan0");
  await until("the Device has the new name", async () => (await devicePaths(daemon)).join() === "/device/lan0");
  await untilState(daemon, "lan0", "ready");
  assert.match(addressOf("lan0") ?? "", /^10\.1\.0\./);
  await assert.rejects(daemon.properties("/device/eth0", "Device"), /UnknownObject|UnknownMethod/);
});

test("a link that moves to another namespace is gone, and back it is ready", async (t) => {
  await addLan(t, "router");
  const other = addPeer("container");
  t.after(() => other.remove());
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  ip("link", "set", "eth0", "netns", "container");
  await until("there is no Device", async () => (await devicePaths(daemon)).length === 0);
  await until("nothing of ours is left", () => routeLines().length === 0);
  assert.deepEqual((await daemon.manager()).Services, []);
  other.exec("ip", "link", "set", "eth0", "netns", "1");
  await untilState(daemon, "eth0", "ready");
});

test("a card that is plugged in and out twenty times is right in the end", async (t) => {
  const peer = addPeer("dock");
  t.after(() => peer.remove());
  const daemon = await startDaemon(t);
  for (let round = 0; round < 20; round++) addCable("usb0", peer, { peerLink: "lan" }).remove();
  assert.deepEqual(
    kernelLinks().map(({ ifname }) => ifname),
    ["lo"],
  );
  await until("there is no Device", async () => (await devicePaths(daemon)).length === 0);
  const { Services, ServiceCompleteList } = await daemon.manager();
  // One for cables, and one for the settings of 802.1X.
  assert.deepEqual([Services, (ServiceCompleteList as string[]).length], [[], 2]);
  const { cable } = await addLan(t, "router", { link: "usb0", plugged: false });
  cable.plug();
  await untilState(daemon, "usb0", "ready");
  assert.deepEqual(await devicePaths(daemon), ["/device/usb0"]);
});

test("another program's bridge is neither set up nor down, nor are its kernel settings changed", async (t) => {
  ip("link", "add", "br7", "type", "bridge");
  t.after(() => tryRun("ip", ["link", "delete", "br7"]));
  const settings = () => run("sh", ["-c", "grep -H . /proc/sys/net/ipv4/conf/br7/*"]);
  const before = settings();
  const daemon = await startDaemon(t);
  await until("there is a Device", async () => (await devicePaths(daemon)).includes("/device/br7"), 10_000);
  const isUp = () => kernelLinks().some(({ ifname, flags }) => ifname === "br7" && flags.includes("UP"));
  assert.equal((await daemon.properties("/device/br7", "Device")).Powered, true);
  assert.deepEqual([isUp(), settings()], [false, before]);
  const { path } = (await serviceOn(daemon, "br7")) ?? {};
  await daemon.call(String(path), "org.chromium.flimflam.Service", "Connect");
  await until("it is up", isUp);
});

test("a link with another program's address is kept as it is, with the reason, until a person connects it", async (t) => {
  await addLan(t, "router");
  ip("link", "set", "eth0", "up");
  ip("address", "add", "10.1.0.9/24", "dev", "eth0");
  const daemon = await startDaemon(t);
  const service = String((await serviceOn(daemon, "eth0"))?.path);
  assert.equal(await refusalOn(daemon, "eth0"), "device is left alone");
  const [reasons] = await daemon.call("/device/eth0", "org.fairlead.Device1", "Why");
  assert.match((reasons as { LeftAlone: string }).LeftAlone, /10\.1\.0\.9\/24/);
  assert.deepEqual(addressesOf("eth0"), ["10.1.0.9/24"]);
  await daemon.call(service, "org.chromium.flimflam.Service", "Connect");
  await untilState(daemon, "eth0", "ready");
  assert.ok(addressesOf("eth0").includes("10.1.0.9/24"), "theirs stays theirs");
});

test("with --take-over it is connected by itself", async (t) => {
  await addLan(t, "router");
  ip("link", "set", "eth0", "up");
  ip("address", "add", "10.1.0.9/24", "dev", "eth0");
  const daemon = await startDaemon(t, { args: ["--take-over"] });
  await untilState(daemon, "eth0", "ready");
});

test("another program's bridge and its port are left alone", async (t) => {
  await addLan(t, "router");
  ip("link", "add", "br0", "type", "bridge");
  t.after(() => tryRun("ip", ["link", "delete", "br0"]));
  ip("link", "set", "eth0", "master", "br0", "up");
  ip("link", "set", "br0", "up");
  const daemon = await startDaemon(t);
  assert.equal(await refusalOn(daemon, "br0"), "device is left alone");
  assert.equal(await refusalOn(daemon, "eth0"), "device is left alone");
  assert.deepEqual([...addressesOf("br0"), ...addressesOf("eth0")], []);
  ip("link", "set", "eth0", "nomaster");
  await untilState(daemon, "eth0", "ready");
});

test("Disable takes the link down and Enable brings it back, alone or all of the technology", async (t) => {
  await addLan(t, "router");
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  const isUp = () => kernelLink("eth0").flags.includes("UP");
  await daemon.call("/device/eth0", "org.chromium.flimflam.Device", "Disable");
  assert.equal(isUp(), false);
  assert.deepEqual((await daemon.manager()).EnabledTechnologies, []);
  await daemon.call("/", "org.chromium.flimflam.Manager", "EnableTechnology", "s", ["ethernet"]);
  assert.equal(isUp(), true);
  await untilState(daemon, "eth0", "ready");
  await daemon.call("/", "org.chromium.flimflam.Manager", "DisableTechnology", "s", ["ethernet"]);
  assert.deepEqual([isUp(), addressesOf("eth0")], [false, []]);
});

test("another program's bridge stays up when the technology is switched off, and goes down by its own Device", async (t) => {
  await addLan(t, "router");
  ip("link", "add", "br0", "type", "bridge");
  t.after(() => tryRun("ip", ["link", "delete", "br0"]));
  ip("link", "set", "br0", "up");
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  const ups = () => ["eth0", "br0"].map((link) => kernelLink(link).flags.includes("UP"));
  const technology = (member: string) => daemon.call("/", "org.chromium.flimflam.Manager", member, "s", ["ethernet"]);
  await technology("DisableTechnology");
  assert.deepEqual(ups(), [false, true]);
  await technology("EnableTechnology");
  assert.deepEqual(ups(), [true, true]);
  await technology("DisableTechnology");
  for (const [member, isUp] of [
    ["Disable", false],
    ["Enable", true],
    ["Disable", false],
  ] as const) {
    await daemon.call("/device/br0", "org.chromium.flimflam.Device", member);
    assert.deepEqual(ups(), [false, isUp], member);
  }
});
