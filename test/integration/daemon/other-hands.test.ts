import assert from "node:assert/strict";
import { test } from "node:test";
import { tryRun } from "../../harness/processes.ts";
import { until } from "../../harness/until.ts";
import { assertConsistent } from "./consistency.ts";
import { addressesOf, defaultLinks, ip, kernelLink, ownRules, routeLines, tableOf } from "./kernel-view.ts";
import { addLan, startDaemon, startServer, untilState } from "./support.ts";

test("a link that another program takes down is idle, and ready again when it is taken up", async (t) => {
  await addLan(t, "router");
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  ip("link", "set", "eth0", "down");
  await untilState(daemon, "eth0", "idle");
  await until("nothing of ours is left", () => addressesOf("eth0").length + ownRules().length === 0);
  ip("link", "set", "eth0", "up");
  await untilState(daemon, "eth0", "ready");
  await assertConsistent(daemon);
});

test("an object of ours that another program removes is put back: address, routes, rules", async (t) => {
  await addLan(t, "router");
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  const table = tableOf("eth0");
  const all = () => JSON.stringify([addressesOf("eth0"), routeLines(), routeLines(table), ownRules()]);
  const before = all();
  for (const removal of [
    ["address", "flush", "dev", "eth0"],
    ["route", "flush", "table", "main"],
    ["rule", "delete", "pref", "20500"],
  ]) {
    ip(...removal);
    await until(`all is back after ip ${removal.join(" ")}`, () => all() === before);
  }
  await untilState(daemon, "eth0", "ready");
  await assertConsistent(daemon);
});

test("another program's addition to a connected link stays, also when the cable goes", async (t) => {
  const { cable } = await addLan(t, "router");
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  ip("address", "add", "192.0.2.9/24", "dev", "eth0");
  ip("route", "add", "198.51.100.0/24", "via", "192.0.2.1", "metric", "5");
  ip("rule", "add", "pref", "20400", "from", "192.0.2.9", "lookup", "77");
  const theirs = () => [
    addressesOf("eth0").includes("192.0.2.9/24"),
    ip("route").includes("198.51.100.0/24 via 192.0.2.1"),
    ip("rule").includes("20400:"),
  ];
  await daemon.kill();
  await daemon.launch();
  await untilState(daemon, "eth0", "ready");
  cable.unplug();
  await untilState(daemon, "eth0", "idle");
  await until("ours is gone", () => ownRules().length === 0 && addressesOf("eth0").length === 1);
  assert.deepEqual(theirs(), [true, true, true]);
});

test("an attempt to connect ends when another program gives the link an address, and begins anew when it is gone", async (t) => {
  const { peer, server } = await addLan(t, "router");
  await server.stop();
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "configuration");
  ip("address", "add", "192.0.2.9/24", "dev", "eth0");
  const service = await untilState(daemon, "eth0", "idle");
  const [reasons] = await daemon.call(String(service.path), "org.fairlead.Service1", "Why");
  const { StateReason, AutoConnectRefusal } = reasons as Record<string, string>;
  assert.deepEqual([StateReason, AutoConnectRefusal], ["left alone", "device is left alone"]);
  assert.deepEqual(addressesOf("eth0"), ["192.0.2.9/24"]);
  await startServer(t, peer, "10.1.0");
  ip("address", "delete", "192.0.2.9/24", "dev", "eth0");
  await untilState(daemon, "eth0", "ready");
});

test("a connected link that becomes the port of a bridge is idle, and ready again when it is free", async (t) => {
  await addLan(t, "router");
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  ip("link", "add", "br0", "type", "bridge");
  t.after(() => tryRun("ip", ["link", "delete", "br0"]));
  ip("link", "set", "eth0", "master", "br0");
  await untilState(daemon, "eth0", "idle");
  await until("nothing of ours is left", () => addressesOf("eth0").length + ownRules().length === 0);
  assert.ok(kernelLink("eth0").flags.includes("UP"), "the bridge needs its port");
  ip("link", "set", "eth0", "nomaster");
  await untilState(daemon, "eth0", "ready");
  await assertConsistent(daemon);
});

test("the default route in front is told as the kernel has it, also of the other family and in halves", async (t) => {
  await addLan(t, "router");
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  const front = async () => {
    const [routes] = await daemon.call("/", "org.fairlead.Manager1", "GetDefaultRoutes");
    return (routes as { Family: number; Link: string; Type: string; OvertakenLink: string }[])
      .map(({ Family, Link, Type, OvertakenLink }) => [Family, Link, Type, OvertakenLink].join(" ").trim())
      .join(", ");
  };
  const untilFront = (expected: string) => until(expected, async () => (await front()) === expected);
  await untilFront("4 eth0 unicast");
  ip("link", "add", "docker0", "type", "bridge");
  t.after(() => ip("link", "delete", "docker0"));
  ip("link", "set", "docker0", "up");
  ip("address", "add", "172.17.0.1/16", "dev", "docker0");
  ip("route", "add", "default", "dev", "docker0");
  await untilFront("4 docker0 unicast eth0");
  ip("route", "delete", "default", "dev", "docker0");
  await untilFront("4 eth0 unicast");
  ip("route", "add", "0.0.0.0/1", "dev", "docker0", "metric", "900");
  ip("route", "add", "128.0.0.0/1", "dev", "docker0", "metric", "900");
  await untilFront("4 docker0 unicast eth0");
  ip("route", "delete", "0.0.0.0/1", "dev", "docker0");
  ip("route", "add", "blackhole", "default", "metric", "5");
  await untilFront("4  blackhole eth0");
  ip("route", "delete", "blackhole", "default");
  ip("-6", "route", "add", "default", "dev", "docker0", "metric", "50");
  await untilFront("4 eth0 unicast, 6 docker0 unicast");
  assert.equal(defaultLinks()[0], "eth0", "ours stays as it is");
});
