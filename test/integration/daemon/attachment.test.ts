import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../../harness/until.ts";
import { addressesOf } from "./kernel-view.ts";
import { addLan, startDaemon, startServer, untilState } from "./support.ts";

/** Nothing outlives the carrier: addresses and routes afterwards have been put anew. */
const noGrace = { args: ["--carrier-grace", "0", "--log-level", "debug"] };
/** Before that time passes without a server, no lease is used unconfirmed. */
const unconfirmedAfterMs = 10_000;

test("a known gateway brings the address back while the server is silent, and the server confirms it later", async (t) => {
  const { peer, cable, server } = await addLan(t, "router");
  const daemon = await startDaemon(t, noGrace);
  await untilState(daemon, "eth0", "ready");
  const addresses = addressesOf("eth0");
  await server.stop();
  cable.unplug();
  await until("nothing is left", () => addressesOf("eth0").length === 0);
  cable.plug();
  const pluggedAt = process.hrtime.bigint();
  await untilState(daemon, "eth0", "ready");
  assert.deepEqual(addressesOf("eth0"), addresses);
  const waitedMs = Number(process.hrtime.bigint() - pluggedAt) / 1e6;
  assert.ok(waitedMs < unconfirmedAfterMs, "the gateway was not asked");
  await startServer(t, peer, "10.1.0");
  await until("the server has confirmed the lease", () => /rebooting -> bound|requesting -> bound/.test(daemon.log()));
  assert.deepEqual(addressesOf("eth0"), addresses);
});

test("another gateway with the same address confirms nothing", async (t) => {
  const { peer, cable, server } = await addLan(t, "router");
  const daemon = await startDaemon(t, noGrace);
  await untilState(daemon, "eth0", "ready");
  await server.stop();
  cable.unplug();
  await until("nothing is left", () => addressesOf("eth0").length === 0);
  peer.exec("ip", "link", "set", "lan", "address", "02:00:00:00:77:01");
  cable.plug();
  await until("the remembered lease was asked for in vain", () => /rebooting -> init/.test(daemon.log()));
  assert.deepEqual(addressesOf("eth0"), []);
  await startServer(t, peer, "10.1.0", { extraArgs: ["--dhcp-authoritative"] });
  await untilState(daemon, "eth0", "ready");
});
