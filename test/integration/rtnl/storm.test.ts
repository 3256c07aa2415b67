/**
 * Thousands of links come and go on the real kernel, once while we listen and once while we are too busy to: in the end
 * the snapshot equals the output of `ip`.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ProcessClock } from "../../../src/base/clock.ts";
import { silentLog } from "../../../src/base/log.ts";
import { startProcess, tryRun } from "../../../src/lab/world/processes.ts";
import { KernelRtnl } from "../../../src/rtnl/kernel.ts";
import type { Delta, Snapshot } from "../../../src/rtnl/rtnl.ts";
import { DeltaMirror } from "../../contract/rtnl/delta-mirror.ts";
import { requirePrivateNamespace } from "../../harness/namespace.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";
import { until } from "../../harness/until.ts";

requirePrivateNamespace();

const pairs = 2000;
const group = 7;

const pairNumbers = Array.from({ length: pairs }, (_, n) => n);
const linesToAdd = pairNumbers.map((n) => `link add near${n} group ${group} type veth peer name far${n}`);
// Some go up, so that addresses and routes come along.
const linesToSetUp = pairNumbers.slice(0, 100).flatMap((n) => [`link set near${n} up`, `link set far${n} up`]);
const linesToChange = [1400, 1401, 1402].flatMap((mtu) => pairNumbers.map((n) => `link set near${n} mtu ${mtu}`));

/** For `ip -batch`. The test's leftovers are removed. */
function batchFile(t: TestContext, lines: readonly string[]): string {
  const path = join(temporaryFolder(t), "links.batch");
  writeFileSync(path, lines.join("\n"));
  t.after(() => void tryRun("ip", removeAll));
  return path;
}

const removeAll = ["link", "del", "group", String(group)];

interface IpLink {
  readonly ifindex: number;
  readonly ifname: string;
  readonly flags: readonly string[];
  readonly mtu: number;
  readonly address?: string;
  readonly addr_info: readonly { readonly local: string; readonly prefixlen: number }[];
}

/** One line a link and one an address, from the output of another program. */
function textOfIp(): string {
  const text = execFileSync("ip", ["-j", "address", "show"], { maxBuffer: 64 * 1024 * 1024, encoding: "utf8" });
  const lines = (JSON.parse(text) as IpLink[]).flatMap(({ ifindex, ifname, flags, mtu, address, addr_info }) => [
    `${ifindex} ${ifname} ${flags.includes("UP")} ${flags.includes("LOWER_UP")} ${mtu} ${address}`,
    ...addr_info.map(({ local, prefixlen }) => `${ifindex} ${local}/${prefixlen}`),
  ]);
  return lines.sort().join("\n");
}
function textOf(snapshot: Snapshot): string {
  const lines = [...snapshot.links.values()].flatMap(({ index, name, isUp, hasCarrier, mtu, mac }) => [
    `${index} ${name} ${isUp} ${hasCarrier} ${mtu} ${mac}`,
    ...snapshot.addresses(index).map(({ address, prefixLength }) => `${index} ${address}/${prefixLength}`),
  ]);
  return lines.sort().join("\n");
}

async function assertAsIpSays(rtnl: KernelRtnl): Promise<void> {
  const isSame = () => textOf(rtnl.snapshot) === textOfIp();
  await until("the snapshot shows what ip shows", isSame, 20_000).catch(() => {
    assert.equal(textOf(rtnl.snapshot), textOfIp());
  });
}

async function listeningPort(t: TestContext) {
  const rtnl = new KernelRtnl({ clock: new ProcessClock(), log: silentLog });
  t.after(() => rtnl.close());
  const mirror = new DeltaMirror();
  const reasons = new Set<Delta["reason"]>();
  rtnl.onDelta((delta) => {
    mirror.hear(delta);
    reasons.add(delta.reason);
  });
  await rtnl.start();
  reasons.clear();
  return { rtnl, mirror, reasons };
}

test(`${pairs * 2} links that come and go while we listen are all told, and none is lost`, async (t) => {
  const { rtnl, mirror, reasons } = await listeningPort(t);
  const file = batchFile(t, [...linesToAdd, ...linesToSetUp]);
  await startProcess("ip", ["-batch", file]).waitExit(60_000);
  await assertAsIpSays(rtnl);
  assert.equal(rtnl.snapshot.links.size, pairs * 2 + 1);
  assert.ok(rtnl.snapshot.routes({ table: 254 }).length >= 200, "the connected routes of those that are up");
  mirror.assertShows(rtnl.snapshot);
  await startProcess("ip", removeAll).waitExit(60_000);
  await assertAsIpSays(rtnl);
  mirror.assertShows(rtnl.snapshot);
  assert.equal(rtnl.snapshot.links.size, 1);
  assert.equal(rtnl.snapshot.routes().length, 0);
  assert.ok(reasons.has("event"));
});

test(`${pairs * 2} links that come while we are busy overrun us once, and all are found`, async (t) => {
  const { rtnl, mirror, reasons } = await listeningPort(t);
  const everything = [...linesToAdd, ...linesToSetUp, ...linesToChange];
  // Synchronous: the event loop stands still until all are there.
  execFileSync("ip", ["-batch", batchFile(t, everything)], { stdio: "ignore" });
  await assertAsIpSays(rtnl);
  assert.ok(rtnl.counters.overruns >= 1, "the kernel's queue did not run over");
  assert.ok(reasons.has("resync"));
  mirror.assertShows(rtnl.snapshot);

  execFileSync("ip", removeAll, { stdio: "ignore" });
  await assertAsIpSays(rtnl);
  assert.equal(rtnl.snapshot.links.size, 1);
  mirror.assertShows(rtnl.snapshot);

  // Carrier is still followed: nothing has gone deaf.
  await rtnl.request({ op: "add-link", link: { kind: "veth", name: "near0", peerName: "far0" } });
  for (const name of ["near0", "far0"]) {
    const link = rtnl.snapshot.linkByName(name);
    await rtnl.request({ op: "set-link", link: link?.index ?? 0, change: { isUp: true } });
  }
  await until("carrier is seen", () => rtnl.snapshot.linkByName("near0")?.operState === 6);
  execFileSync("ip", ["link", "set", "far0", "down"]);
  await until("its loss is seen", () => rtnl.snapshot.linkByName("near0")?.hasCarrier === false);
  execFileSync("ip", ["link", "del", "near0"]);
});

test("a link index that was handed out again while we were busy is another link", async (t) => {
  const { rtnl, mirror } = await listeningPort(t);
  execFileSync("ip", ["link", "add", "first0", "index", "5000", "type", "bridge"]);
  await until("the bridge is there", () => rtnl.snapshot.links.get(5000)?.kind === "bridge");
  const heard: string[] = [];
  rtnl.onDelta((delta) => {
    if ("link" in delta && delta.link.index === 5000) heard.push(`${delta.kind} ${delta.link.name}`);
  });
  const file = batchFile(t, [...linesToAdd, ...linesToChange]);
  execFileSync("ip", ["link", "del", "first0"]);
  execFileSync("ip", ["link", "add", "second0", "index", "5000", "type", "veth", "peer", "name", "peer0"]);
  execFileSync("ip", ["-batch", file], { stdio: "ignore" });
  await assertAsIpSays(rtnl);
  assert.ok(rtnl.counters.overruns >= 1, "the kernel's queue did not run over");
  assert.deepEqual(heard.slice(0, 2), ["link-removed first0", "link-added second0"]);
  mirror.assertShows(rtnl.snapshot);
  execFileSync("ip", ["link", "del", "second0"]);
  execFileSync("ip", removeAll, { stdio: "ignore" });
  await assertAsIpSays(rtnl);
});

test("a port that starts in the middle of a storm ends with everything", async (t) => {
  const file = batchFile(t, [...linesToAdd, ...linesToSetUp, ...linesToChange]);
  const storm = startProcess("ip", ["-batch", file]);
  await until("the storm has begun", () => linkCount() > 100);
  const { rtnl, mirror } = await listeningPort(t);
  assert.ok(rtnl.snapshot.links.size > 100 && rtnl.snapshot.links.size <= pairs * 2 + 1);
  await storm.waitExit(60_000);
  await assertAsIpSays(rtnl);
  mirror.assertShows(rtnl.snapshot);
});

const linkCount = (): number => readdirSync("/sys/class/net").length;

/**
 * Microseconds of processor time for each link of a storm that adds the first `count` pairs, and how many deltas it
 * told.
 */
async function costOfStorm(t: TestContext, count: number): Promise<{ perLink: number; deltas: number }> {
  const { rtnl } = await listeningPort(t);
  const file = batchFile(t, [...linesToAdd.slice(0, count), ...linesToSetUp]);
  const before = process.cpuUsage();
  const toldBefore = rtnl.counters.deltas;
  await startProcess("ip", ["-batch", file]).waitExit(60_000);
  await until("all are there", () => rtnl.snapshot.links.size === count * 2 + 1, 20_000);
  const { user, system } = process.cpuUsage(before);
  const deltas = rtnl.counters.deltas - toldBefore;
  execFileSync("ip", removeAll, { stdio: "ignore" });
  await until("all are gone", () => rtnl.snapshot.links.size === 1, 20_000);
  return { perLink: (user + system) / (count * 2), deltas };
}

test("the cost of a storm stays in proportion: a link costs no more in a larger one", async (t) => {
  const small = await costOfStorm(t, pairs / 8);
  const large = await costOfStorm(t, pairs);
  t.diagnostic(
    `${large.deltas} deltas: ${large.perLink.toFixed(0)} us CPU a link, in a storm of an eighth ${small.perLink.toFixed(0)}; mirror of the test included`,
  );
  assert.ok(large.perLink < 3 * small.perLink, `${large.perLink} us a link, ${small.perLink} in a small storm`);
});
