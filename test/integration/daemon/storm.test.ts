import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { TestDaemon } from "../../harness/daemon.ts";
import { addPeer } from "../../harness/namespace.ts";
import { startProcess, tryRun } from "../../harness/processes.ts";
import { until } from "../../harness/until.ts";
import { assertConsistent } from "./consistency.ts";
import { ip, kernelLink, kernelLinks, residentMiB } from "./kernel-view.ts";
import { addLan, devicePaths, startDaemon, untilState } from "./support.ts";

const count = 1000;
const stormGroup = "77";

/** `ip -batch` in the background, so that this process goes on asking the daemon. */
async function batch(lines: readonly string[]): Promise<void> {
  const running = startProcess("ip", ["-batch", "-"]);
  running.write(`${lines.join("\n")}\n`);
  running.closeInput();
  const { code } = await running.waitExit(30_000);
  assert.equal(code, 0, running.output().slice(0, 500));
}
/**
 * Their far ends are down, so that none has carrier; indices differ as in {@link addCable}; they are called as cables
 * are.
 */
const stormLinks = Array.from({ length: count }, (_, at) => {
  const far = `peer name usb${at} index ${at + 100_000} netns crowd`;
  return `link add usb${at} index ${at + 10_000} group ${stormGroup} type veth ${far}`;
});
const etherLinks = () =>
  kernelLinks()
    .filter(({ ifname }) => ifname !== "lo")
    .map(({ ifname }) => `/device/${ifname}`)
    .sort();

async function allListed(daemon: TestDaemon): Promise<void> {
  const wanted = etherLinks();
  const isSame = async () => {
    const paths = await devicePaths(daemon);
    return paths.length === wanted.length && paths.every((path, at) => path === wanted[at]);
  };
  await until("the Devices are the kernel's links", isSame, 20_000);
}

function addCrowd(t: TestContext): void {
  const crowd = addPeer("crowd");
  t.after(() => {
    tryRun("ip", ["link", "delete", "group", stormGroup]);
    crowd.remove();
  });
}

test("a thousand links appear and vanish at once: all are right, and a cable is followed meanwhile", async (t) => {
  const { cable } = await addLan(t, "router");
  addCrowd(t);
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  const before = residentMiB(daemon.process.pid);
  const storm = batch(stormLinks);
  cable.unplug();
  await untilState(daemon, "eth0", "idle", 30_000);
  cable.plug();
  await untilState(daemon, "eth0", "ready", 30_000);
  await storm;
  await allListed(daemon);
  assert.equal((await devicePaths(daemon)).length, count + 1);
  const grown = residentMiB(daemon.process.pid) - before;
  t.diagnostic(`${grown.toFixed(1)} MiB for ${count} links`);
  assert.ok(grown < 100, `${grown} MiB more for ${count} links`);
  // All are claimed up; the daemon still hears later events.
  await until("all links are up", () => kernelLinks().every(({ flags }) => flags.includes("UP")), 10_000);
  await followsCarrier(daemon);
  ip("link", "delete", "group", stormGroup);
  await allListed(daemon);
  assert.deepEqual(await devicePaths(daemon), ["/device/eth0"]);
  await untilState(daemon, "eth0", "ready");
});

/** The kernel itself takes its time over a crowd; the daemon is waited for from when it says so. */
async function followsCarrier(daemon: TestDaemon): Promise<void> {
  const told = async () => (await daemon.properties("/device/usb500", "Device"))["Ethernet.LinkUp"] as boolean;
  assert.equal(await told(), false);
  for (const state of ["up", "down"] as const) {
    ip("-n", "crowd", "link", "set", "usb500", state);
    const hasCarrier = state === "up";
    // Unlike the flag, the state changes together with the news of it.
    const isSaid = () => (kernelLink("usb500").operstate === "UP") === hasCarrier;
    await until(`the kernel says that carrier is ${state}`, isSaid, 30_000);
    await until(`the daemon says that carrier is ${state}`, async () => (await told()) === hasCarrier);
  }
}

test("a daemon that finds a thousand links at its start lists them all, and ends cleanly", async (t) => {
  await addLan(t, "router");
  addCrowd(t);
  await batch(stormLinks);
  const daemon = await startDaemon(t);
  assert.equal((await devicePaths(daemon)).length, count + 1);
  await untilState(daemon, "eth0", "ready", 30_000);
  await daemon.stop();
});

test("a frozen daemon catches up with the changes when it goes on", async (t) => {
  const { cable } = await addLan(t, "router");
  addCrowd(t);
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  daemon.process.kill("SIGSTOP");
  await batch(stormLinks);
  cable.unplug();
  ip("link", "set", "usb7", "name", "renamed");
  daemon.process.kill("SIGCONT");
  await saysOfEth0("DOWN");
  await untilState(daemon, "eth0", "idle");
  await allListed(daemon);
  daemon.process.kill("SIGSTOP");
  ip("link", "delete", "group", stormGroup);
  cable.plug();
  daemon.process.kill("SIGCONT");
  await saysOfEth0("UP");
  await untilState(daemon, "eth0", "ready");
  await allListed(daemon);
  await assertConsistent(daemon);
});

/** Of a crowd coming up the kernel tells of 50 links each second, and eth0 may be its last. */
const saysOfEth0 = (operstate: string) =>
  until(`the kernel says that eth0 is ${operstate}`, () => kernelLink("eth0").operstate === operstate, 60_000);
