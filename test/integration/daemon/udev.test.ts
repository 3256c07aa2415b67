import assert from "node:assert/strict";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { type TestContext, test } from "node:test";
import type { TestDaemon } from "../../harness/daemon.ts";
import { until } from "../../harness/until.ts";
import { ip, kernelLink } from "./kernel-view.ts";
import { addLan, startDaemon, startPython, untilState } from "./support.ts";

/** Hears the kernel's news of devices in this network namespace, as udev does. */
const listener = `
import socket, time
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 15)
s.bind((0, 1))
print("ready")
time.sleep(600)
`;

const waitingReason = "it has just appeared: udev, or the program that made it, is not done with it yet";
/** Each test file has a /run of its own (in-namespace). */
const folder = "/run/udev";

async function startUdev(t: TestContext): Promise<void> {
  mkdirSync(`${folder}/data`, { recursive: true });
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(`${folder}/control`, "");
  await startPython(t, listener);
}
function finish(link: string): void {
  const file = `${folder}/data/n${kernelLink(link).ifindex}`;
  writeFileSync(`${file}.new`, "I:1\n");
  renameSync(`${file}.new`, file);
}
async function becauseOf(daemon: TestDaemon, link: string): Promise<string | undefined> {
  const [links] = await daemon.call("/", "org.fairlead.Manager1", "GetLinks");
  return (links as { Name: string; Because: string }[]).find(({ Name }) => Name === link)?.Because;
}
const isUp = (link: string) => kernelLink(link).flags.includes("UP");

test("a new link stays down and is no Device until udev is done with it; renamed meanwhile it is the new name's", async (t) => {
  assert.ok(!existsSync(folder), "the host's udev is out of sight");
  await startUdev(t);
  const daemon = await startDaemon(t);
  await addLan(t, "router", { link: "eth0" });
  await until("it waits", async () => (await becauseOf(daemon, "eth0")) === waitingReason);
  ip("link", "set", "eth0", "down");
  ip("link", "set", "eth0", "name", "enp3s0");
  await until("it waits by its new name", async () => (await becauseOf(daemon, "enp3s0")) === waitingReason);
  assert.deepEqual((await daemon.manager()).Devices, []);
  finish("enp3s0");
  await untilState(daemon, "enp3s0", "ready");
  assert.ok(isUp("enp3s0"));
});

test("a udev that is never done keeps a link for ten seconds, and the log says so", async (t) => {
  await startUdev(t);
  const daemon = await startDaemon(t);
  await addLan(t, "router");
  await untilState(daemon, "eth0", "ready", 40_000);
  await until("it is in the log", () => /eth0: udev is not done with it after 10 s/.test(daemon.log()));
});

test("the udev of another network namespace, whose folder can be seen, is not waited for", async (t) => {
  mkdirSync(`${folder}/data`, { recursive: true });
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(`${folder}/control`, "");
  const daemon = await startDaemon(t);
  await addLan(t, "router");
  await untilState(daemon, "eth0", "ready");
  assert.doesNotMatch(daemon.log(), /udev is not done with it after/);
});
