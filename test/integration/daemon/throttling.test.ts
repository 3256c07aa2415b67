import assert from "node:assert/strict";
import { test } from "node:test";
import { CallError } from "../../harness/bus-client.ts";
import type { TestDaemon } from "../../harness/daemon.ts";
import { requirePrivateNamespace, run } from "../../harness/namespace.ts";
import { measureKbps } from "../../harness/throughput.ts";
import { addLan, startDaemon, untilState } from "./support.ts";

requirePrivateNamespace();

/** Without its counters. */
const qdiscs = (link: string) => run("tc", ["qdisc", "show", "dev", link]).replace(/ direct_packets_stat \d+/, "");
const throttle = (daemon: TestDaemon, ...args: [enabled: boolean, upload: number, download: number]) =>
  daemon.call("/", "org.chromium.flimflam.Manager", "SetNetworkThrottlingStatus", "buu", args);
const error = (name: string, text: RegExp) => (thrown: unknown) =>
  thrown instanceof CallError && thrown.busName === `org.chromium.flimflam.Error.${name}` && text.test(thrown.message);

test("an upload is as slow as it was asked to be, and fast again afterwards", async (t) => {
  const { peer } = await addLan(t, "router");
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  const before = qdiscs("eth0");
  const upload = (bytes: number) => measureKbps(t, { from: undefined, to: peer, address: "10.1.0.1", bytes });

  await throttle(daemon, true, 2_000, 0);
  assert.match(qdiscs("eth0"), /^qdisc tbf 6661: root .*rate 2Mbit/m);
  const slow = await upload(750_000);
  // The burst of 16 KiB and the packets in the queue count as sent at once.
  assert.ok(slow < 2_600, `${slow} kbit/s of 2000`);
  await throttle(daemon, false, 0, 0);
  assert.equal(qdiscs("eth0"), before);
  const fast = await upload(750_000);
  assert.ok(fast > 4 * slow, `${fast} kbit/s without a limit, ${slow} with one`);
  t.diagnostic(`${Math.round(slow)} kbit/s of 2000 allowed, ${Math.round(fast)} without a limit`);
});

test("a link that comes later is limited, and a stop gives all of them back", async (t) => {
  await addLan(t, "router");
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  const before = qdiscs("eth0");
  await throttle(daemon, true, 1_000, 0);
  await addLan(t, "other", { link: "eth1", net: "10.2.0" });
  await untilState(daemon, "eth1", "ready");
  for (const link of ["eth0", "eth1"]) assert.match(qdiscs(link), /tbf 6661: root/, link);
  await daemon.stop();
  for (const link of ["eth0", "eth1"]) assert.equal(qdiscs(link), before.replaceAll("eth0", link), link);
});

test("a killed daemon's leftovers are gone when the next one is ready", async (t) => {
  await addLan(t, "router");
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  const before = qdiscs("eth0");
  await throttle(daemon, true, 1_000, 0);
  await daemon.kill();
  assert.match(qdiscs("eth0"), /tbf 6661: root/);
  await daemon.launch();
  await untilState(daemon, "eth0", "ready");
  assert.equal(qdiscs("eth0"), before);
});

test("another program's queueing discipline stays, and the limit is refused", async (t) => {
  await addLan(t, "router");
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  run("tc", ["qdisc", "add", "dev", "eth0", "root", "handle", "1:", "htb"]);
  const foreign = qdiscs("eth0");
  await assert.rejects(throttle(daemon, true, 1_000, 0), error("Failure", /eth0.*somebody else/));
  assert.equal(qdiscs("eth0"), foreign);
  await throttle(daemon, false, 0, 0);
  await daemon.stop();
  assert.equal(qdiscs("eth0"), foreign);
});

test("a download is limited where the kernel can, and elsewhere refused without a trace", async (t) => {
  await addLan(t, "router");
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  const before = qdiscs("eth0");
  try {
    await throttle(daemon, true, 1_000, 1_000);
  } catch (refusal) {
    assert.ok(error("NotSupported", /This kernel cannot limit traffic/)(refusal), String(refusal));
    assert.equal(qdiscs("eth0"), before);
    return;
  }
  assert.match(qdiscs("eth0"), /qdisc ingress ffff:/);
});

test("rates of nothing and beyond all links are refused", async (t) => {
  const daemon = await startDaemon(t);
  await assert.rejects(throttle(daemon, true, 0, 0), error("InvalidArguments", /One of download\/upload/));
  await assert.rejects(throttle(daemon, true, 0xffffffff, 1), error("InvalidArguments", /at most/));
  await throttle(daemon, true, 1, 34_359_738);
  await throttle(daemon, false, 0xffffffff, 0xffffffff);
});
