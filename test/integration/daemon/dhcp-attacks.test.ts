import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Peer } from "../../harness/namespace.ts";
import type { ManagedProcess } from "../../harness/processes.ts";
import { until } from "../../harness/until.ts";
import { assertConsistent } from "./consistency.ts";
import { addressesOf, addressOf, hostAddressOf, ip, kernelLink, routeLines, watchKernel } from "./kernel-view.ts";
import { addLan, startDaemon, startServer, times, untilState } from "./support.ts";

const program = fileURLToPath(new URL("./dhcp-attacker.py", import.meta.url));

async function startAttacker(t: TestContext, peer: Peer, ...args: string[]): Promise<ManagedProcess> {
  const attacker = peer.spawn("/usr/bin/python3", ["-u", program, "lan", ...args]);
  t.after(() => attacker.end());
  await attacker.untilOutput(/^ready$/m);
  return attacker;
}

test("spoofed and malformed answers are not taken for a lease, and the true server is still heard", async (t) => {
  const { peer, cable, server } = await addLan(t, "router", { plugged: false });
  await server.stop();
  const attacker = await startAttacker(t, peer, "answer");
  const daemon = await startDaemon(t);
  cable.plug();
  await attacker.untilOutput(/^lied 1$/m);
  await untilState(daemon, "eth0", "configuration");
  assert.deepEqual(addressesOf("eth0"), []);
  const honest = await startServer(t, peer, "10.1.0");
  // The client may be as far as its third question: 4 + 8 + 16 s, a second more or less each (RFC 2131, 4.1).
  await untilState(daemon, "eth0", "ready", 31_000);
  assert.match(addressOf("eth0") ?? "", /^10\.1\.0\.1\d\d\/24$/);
  await until("the honest server wrote its log", () => times(honest, "DHCPACK") >= 1);
});

test("the same frames without anything wrong are taken, so that the other tests mean something", async (t) => {
  const { peer, cable, server } = await addLan(t, "router", { plugged: false });
  await server.stop();
  await startAttacker(t, peer, "serve");
  const daemon = await startDaemon(t);
  cable.plug();
  await untilState(daemon, "eth0", "ready");
  assert.equal(addressOf("eth0"), "10.1.0.77/24");
});

test("a server that refuses what it offers is asked ever more rarely, and makes no storm", async (t) => {
  const { peer, cable, server } = await addLan(t, "router", { plugged: false });
  await server.stop();
  const attacker = await startAttacker(t, peer, "refuse");
  const daemon = await startDaemon(t);
  cable.plug();
  const [, ms] = await attacker.untilOutput(/^refused 4 after (\d+) ms$/m, 60_000);
  assert.ok(Number(ms) > 2500, `three more refusals in ${ms} ms`);
  await untilState(daemon, "eth0", "configuration");
});

test("options meant to do harm further on do none: not in the resolver file, not on the bus", async (t) => {
  const { peer, cable, server } = await addLan(t, "router", { plugged: false });
  await server.stop();
  await startAttacker(t, peer, "poison");
  const daemon = await startDaemon(t);
  cable.plug();
  const { NetworkConfig } = await untilState(daemon, "eth0", "ready");
  const { NameServers, SearchDomains, IPv4Address } = NetworkConfig as Record<string, unknown>;
  assert.deepEqual([IPv4Address, NameServers, SearchDomains], ["10.1.0.77/24", ["10.1.0.53"], ["lan"]]);
  const resolver = readFileSync(join(daemon.runDir, "resolv.conf"), "utf8");
  assert.match(resolver, /^nameserver 10\.1\.0\.53\nsearch lan\noptions [^\n]*\n$/);
  assert.equal(kernelLink("eth0").mtu, 1500);
  assert.deepEqual(routeLines(), ["10.1.0.0/24 dev eth0 proto 102", "default via 10.1.0.66 dev eth0 proto 102"]);
  assert.ok(!daemon.log().includes("\u001b"));
  await assertConsistent(daemon);
});

test("unasked ACKs, NAKs and orders to renew change nothing on a connected link", async (t) => {
  const { peer, server } = await addLan(t, "router");
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  const before = addressOf("eth0");
  const kernel = await watchKernel(t);
  const mac = JSON.parse(ip("-j", "link", "show", "eth0"))[0].address;
  const attacker = await startAttacker(t, peer, "shout", mac, hostAddressOf("eth0"));
  await attacker.untilOutput(/^lied 5$/m, 10_000);
  await untilState(daemon, "eth0", "ready");
  assert.equal(addressOf("eth0"), before);
  assert.deepEqual(kernel.lines(), []);
  assert.equal(times(server, "DHCPREQUEST"), 1);
});

test("an ARP packet that claims our address is answered by a defence, and the connection stays", async (t) => {
  const { peer } = await addLan(t, "router");
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  // An address that has been in use all along is not probed again, but defended from the start.
  await daemon.kill();
  await daemon.launch();
  await untilState(daemon, "eth0", "ready");
  const kernel = await watchKernel(t);
  const attacker = await startAttacker(t, peer, "arp", hostAddressOf("eth0"));
  await attacker.untilOutput(/^defended$/m);
  await untilState(daemon, "eth0", "ready");
  assert.deepEqual(kernel.deleted(), []);
});
