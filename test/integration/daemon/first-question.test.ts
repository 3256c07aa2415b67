/** The question that leaves with the carrier, on the real daemon: it accepts the same answers as at any time. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { TestDaemon } from "../../harness/daemon.ts";
import type { Cable, Peer } from "../../harness/namespace.ts";
import type { ManagedProcess } from "../../harness/processes.ts";
import { until } from "../../harness/until.ts";
import { assertConsistent } from "./consistency.ts";
import { addressesOf, addressOf } from "./kernel-view.ts";
import { addLan, devicePaths, plugIn, startDaemon, startServer, times, untilState } from "./support.ts";

const program = fileURLToPath(new URL("./dhcp-attacker.py", import.meta.url));

async function startAttacker(t: TestContext, peer: Peer, mode: string): Promise<ManagedProcess> {
  const attacker = peer.spawn("/usr/bin/python3", ["-u", program, "lan", mode]);
  t.after(() => attacker.end());
  await attacker.untilOutput(/^ready$/m);
  return attacker;
}

/** Out and in again: from now on the lease is known, and the question is ready. */
async function replug(daemon: TestDaemon, cable: Cable): Promise<void> {
  cable.unplug();
  await untilState(daemon, "eth0", "idle");
  cable.plug();
}

test("a flood of confirmations that are not for the first question does not hide the true one", async (t) => {
  const { peer, cable, server } = await addLan(t, "router");
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  const before = addressOf("eth0");
  const attacker = await startAttacker(t, peer, "flood");
  await replug(daemon, cable);
  await attacker.untilOutput(/^lied 1$/m);
  await untilState(daemon, "eth0", "ready");
  assert.equal(addressOf("eth0"), before);
  assert.equal(times(server, "DHCPDISCOVER"), 1, "the known lease is asked for, and is confirmed");
  await assertConsistent(daemon);
});

test("a server that confirms another address than was asked for has the say, as RFC 2131 wants it", async (t) => {
  const { peer, cable, server } = await addLan(t, "router", { plugged: false });
  await server.stop();
  await startAttacker(t, peer, "swap");
  const daemon = await startDaemon(t);
  cable.plug();
  await untilState(daemon, "eth0", "ready");
  assert.deepEqual(addressesOf("eth0"), ["10.1.0.77/24"]);
  await replug(daemon, cable);
  await until("the other address is there", () => addressOf("eth0") === "10.1.0.88/24");
  await untilState(daemon, "eth0", "ready");
  assert.deepEqual(addressesOf("eth0"), ["10.1.0.88/24"]);
  await assertConsistent(daemon);
});

test("another network that refuses the known lease gives its own at once", async (t) => {
  const { peer, cable, server } = await addLan(t, "router");
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  cable.unplug();
  await untilState(daemon, "eth0", "idle");
  await server.stop();
  peer.exec("ip", "address", "add", "10.7.0.1/24", "dev", "lan");
  peer.exec("ip", "address", "del", "10.1.0.1/24", "dev", "lan");
  const other = await startServer(t, peer, "10.7.0");
  cable.plug();
  await untilState(daemon, "eth0", "ready");
  assert.match(addressOf("eth0") ?? "", /^10\.7\.0\.1\d\d\/24$/);
  assert.deepEqual(addressesOf("eth0").length, 1);
  assert.ok(times(other, "DHCPNAK") <= 1);
});

test("a link that is deleted right after its carrier leaves nothing behind, and its successor connects", async (t) => {
  const { peer, cable } = await addLan(t, "router", { plugged: false });
  const daemon = await startDaemon(t);
  await until("the Device is there", async () => (await devicePaths(daemon)).length === 1);
  cable.plug();
  cable.remove();
  await until("the Device is gone", async () => (await devicePaths(daemon)).length === 0);
  await assertConsistent(daemon);
  plugIn(t, "eth0", peer, { peerLink: "lan", address: "10.1.0.1/24" });
  await startServer(t, peer, "10.1.0");
  await untilState(daemon, "eth0", "ready");
  assert.match(addressOf("eth0") ?? "", /^10\.1\.0\.1\d\d\/24$/);
});
