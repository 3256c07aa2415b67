import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { type CallError, variant } from "../../harness/bus-client.ts";
import type { TestDaemon } from "../../harness/daemon.ts";
import { addCable, addPeer, type Cable } from "../../harness/namespace.ts";
import { until } from "../../harness/until.ts";
import { assertConsistent } from "./consistency.ts";
import { ip, residentMiB } from "./kernel-view.ts";
import { addLan, devicePaths, serviceOn, startDaemon, untilState } from "./support.ts";

const descriptors = (daemon: TestDaemon) => readdirSync(`/proc/${daemon.process.pid}/fd`).length;

test("a cable that is pulled fifty times and a card that comes thirty times leave nothing behind", async (t) => {
  const { cable } = await addLan(t, "router");
  const peer = addPeer("dock");
  t.after(() => peer.remove());
  const daemon = await startDaemon(t);
  const cycle = async () => {
    cable.unplug();
    await untilState(daemon, "eth0", "idle");
    cable.plug();
    await untilState(daemon, "eth0", "ready");
  };
  for (let round = 0; round < 10; round++) await cycle();
  const [before, memory] = [descriptors(daemon), residentMiB(daemon.process.pid)];
  for (let round = 0; round < 40; round++) await cycle();
  for (let round = 0; round < 30; round++) addCable("usb0", peer, { peerLink: "lan" }).remove();
  await until("the card is gone", async () => (await devicePaths(daemon)).length === 1);
  await assertConsistent(daemon);
  await until("all descriptors are closed", () => descriptors(daemon) <= before);
  const grown = residentMiB(daemon.process.pid) - memory;
  assert.ok(grown < 60, `${grown} MiB more`);
  const [dump] = await daemon.call("/", "org.fairlead.Manager1", "Dump");
  const { claims } = JSON.parse(String(dump)) as { claims: { name: string }[] };
  assert.deepEqual(
    claims.map(({ name }) => name),
    ["eth0"],
  );
});

/** Everything that can be done to a cable, by a person, a client or another program. */
function deeds(daemon: TestDaemon, cable: Cable, path: string): readonly (() => unknown)[] {
  const call = (object: string, kind: string, member: string, ...words: string[]) =>
    daemon.call(object, `org.chromium.flimflam.${kind}`, member, "s".repeat(words.length), words);
  const fixed = { Address: variant("s", "10.1.0.9"), Prefixlen: variant("i", 24) };
  return [
    () => cable.unplug(),
    () => cable.plug(),
    () => ip("link", "set", "eth0", "down"),
    () => ip("link", "set", "eth0", "up"),
    () => call(path, "Service", "Connect"),
    () => call(path, "Service", "Disconnect"),
    () => call("/device/eth0", "Device", "Disable"),
    () => call("/device/eth0", "Device", "Enable"),
    () => call("/", "Manager", "ClaimInterface", "tester", "eth0"),
    () => call("/", "Manager", "ReleaseInterface", "tester", "eth0"),
    () => call("/", "Manager", "DisableTechnology", "ethernet"),
    () => call("/", "Manager", "EnableTechnology", "ethernet"),
    () => daemon.setProperty(path, "Service", "StaticIPConfig", "a{sv}", fixed),
    () => daemon.setProperty(path, "Service", "StaticIPConfig", "a{sv}", {}),
    () => daemon.setProperty("/", "Manager", "ProhibitedTechnologies", "s", "ethernet"),
    () => daemon.setProperty("/", "Manager", "ProhibitedTechnologies", "s", ""),
  ];
}

/** Numbers that look random and are the same in each run. */
function* sequence(seed: number, below: number): Generator<number> {
  for (let state = seed; ; state = (state * 1_103_515_245 + 12_345) % 2 ** 31) yield (state >>> 8) % below;
}

async function hammer(t: TestContext, seed: number): Promise<void> {
  const { cable } = await addLan(t, "router");
  const daemon = await startDaemon(t);
  const path = String((await untilState(daemon, "eth0", "ready")).path);
  const all = deeds(daemon, cable, path);
  const pending: Promise<unknown>[] = [];
  const refusals = new Set<string>();
  const choices = sequence(seed, all.length);
  for (let round = 0; round < 60; round++) {
    const done = all[choices.next().value]?.();
    if (done instanceof Promise)
      pending.push(done.catch((error: CallError) => refusals.add(error.busName ?? String(error))));
    if (round % 7 === 0) await daemon.manager();
  }
  await Promise.all(pending);
  assert.deepEqual(
    [...refusals].filter((name) => !/^org\.(chromium\.flimflam|freedesktop\.DBus)\.Error\./.test(name)),
    [],
  );
  assert.ok(![...refusals].some((name) => name.endsWith("InternalError")), [...refusals].join());
  await daemon.setProperty("/", "Manager", "ProhibitedTechnologies", "s", "");
  await daemon.call("/", "org.chromium.flimflam.Manager", "ReleaseInterface", "ss", ["x", "eth0"]).catch(() => {});
  cable.plug();
  await until("there is a Device", async () => (await devicePaths(daemon)).length === 1);
  await daemon.call("/device/eth0", "org.chromium.flimflam.Device", "Enable");
  ip("link", "set", "eth0", "up");
  const service = String((await serviceOn(daemon, "eth0"))?.path);
  await daemon.setProperty(service, "Service", "StaticIPConfig", "a{sv}", {});
  await daemon.call(service, "org.chromium.flimflam.Service", "Connect").catch(() => {});
  await untilState(daemon, "eth0", "ready");
  await until("all fits together", () => assertConsistent(daemon).then(() => true));
  assert.doesNotMatch(daemon.log(), / error /);
}

for (const seed of [1, 2, 3, 4, 5]) {
  test(`sixty deeds at once, in order ${seed}, and the daemon is right in the end`, (t) => hammer(t, seed));
}
