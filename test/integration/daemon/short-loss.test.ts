import assert from "node:assert/strict";
import { test } from "node:test";
import { addPeer } from "../../harness/namespace.ts";
import { until } from "../../harness/until.ts";
import { addressesOf, defaultLinks, ip, kernelLink, ownRules, routesOf, watchKernel } from "./kernel-view.ts";
import { addLan, plugIn, startDaemon, startServer, untilState } from "./support.ts";

/** Longer than any test, so that only a step of the test ends it. */
const longGrace = { args: ["--carrier-grace=600"] };

test("a short loss of carrier is told, and takes neither the address nor foreign routes away", async (t) => {
  const { cable } = await addLan(t, "router", { dhcp: { options: ["26,1400"] } });
  const daemon = await startDaemon(t, longGrace);
  await untilState(daemon, "eth0", "ready");
  ip("route", "add", "10.50.0.0/16", "via", "10.1.0.1", "dev", "eth0");
  const addresses = addressesOf("eth0");
  const kernel = await watchKernel(t);
  cable.unplug();
  await untilState(daemon, "eth0", "idle");
  const [why] = await daemon.call("/device/eth0", "org.fairlead.Device1", "Why");
  assert.equal((why as { Held: unknown }).Held, true);
  await until("the metric has fallen", () => routesOf().find(({ dst }) => dst === "default")?.metric === 20200);
  cable.plug();
  await untilState(daemon, "eth0", "ready");
  await until("the metric is back", () => routesOf().find(({ dst }) => dst === "default")?.metric === 200);
  assert.deepEqual(addressesOf("eth0"), addresses);
  assert.equal(kernelLink("eth0").mtu, 1400);
  assert.ok(routesOf().some(({ dst }) => dst === "10.50.0.0/16"));
  // Nothing but our routes with the other metric.
  assert.deepEqual(
    kernel.deleted().filter((line) => !/ proto 102 .*metric (20)?200 /.test(line)),
    [],
  );
});

test("another cable takes over at once, and traffic moves back with the lease", async (t) => {
  const peer = addPeer("far");
  t.after(() => peer.remove());
  const eth0 = plugIn(t, "eth0", peer, { peerLink: "lan", address: "10.1.0.1/24" });
  plugIn(t, "eth1", peer, { peerLink: "wan", address: "10.2.0.1/24" });
  const server = await startServer(t, peer, "10.1.0");
  await startServer(t, peer, "10.2.0", { link: "wan" });
  const daemon = await startDaemon(t, longGrace);
  for (const link of ["eth0", "eth1"]) await untilState(daemon, link, "ready");
  await until("eth0 is the default route", () => defaultLinks().join() === "eth0,eth1");
  await server.stop();
  eth0.unplug();
  await until("eth1 leads", () => defaultLinks().join() === "eth1,eth0");
  // The gateway would confirm the network before any server does.
  peer.exec("ip", "address", "del", "10.1.0.1/24", "dev", "lan");
  eth0.plug();
  await untilState(daemon, "eth0", "configuration");
  assert.match(ip("route", "get", "10.9.9.9"), / dev eth1 /, "the carrier alone is not enough");
  peer.exec("ip", "address", "add", "10.1.0.1/24", "dev", "lan");
  await startServer(t, peer, "10.1.0");
  await untilState(daemon, "eth0", "ready");
  await until("eth0 leads", () => defaultLinks().join() === "eth0,eth1");
});

test("a cable that was moved to another network within the grace gets that one's address only", async (t) => {
  const { peer, cable, server } = await addLan(t, "router");
  const daemon = await startDaemon(t, longGrace);
  await untilState(daemon, "eth0", "ready");
  cable.unplug();
  await untilState(daemon, "eth0", "idle");
  await server.stop();
  peer.exec("ip", "address", "add", "10.3.0.1/24", "dev", "lan");
  await startServer(t, peer, "10.3.0", { extraArgs: ["--dhcp-authoritative"] });
  cable.plug();
  await untilState(daemon, "eth0", "ready");
  await until("the new address is the only one", () => /^10\.3\.0\.\d+\/24$/.test(addressesOf("eth0").join()));
  assert.ok(routesOf().every(({ dst }) => !dst.startsWith("10.1.0")));
});

test("without a grace all is undone with the carrier", async (t) => {
  const { cable } = await addLan(t, "router");
  const daemon = await startDaemon(t, { args: ["--carrier-grace", "0"] });
  await untilState(daemon, "eth0", "ready");
  const kernel = await watchKernel(t);
  cable.unplug();
  await untilState(daemon, "eth0", "idle");
  await until("nothing is left", () => addressesOf("eth0").length + routesOf().length + ownRules().length === 0);
  assert.ok(!kernel.lines().some((line) => line.includes("metric 20200")));
});
