import assert from "node:assert/strict";
import { test } from "node:test";
import { addPeer } from "../../harness/namespace.ts";
import { tryRun } from "../../harness/processes.ts";
import { until } from "../../harness/until.ts";
import { assertConsistent } from "./consistency.ts";
import { addressOf, ip, kernelLink, kernelLinks, routeLines } from "./kernel-view.ts";
import { addLan, devicePaths, plugIn, startDaemon, untilState } from "./support.ts";

test("links with names that no path can have, or that only JavaScript finds odd, are all Devices", async (t) => {
  const names = ["a.1", "a_1", "a-1", "é€", "__proto__", "constructor", "a\"b'c", "<x>&"];
  const peer = addPeer("crowd");
  t.after(() => peer.remove());
  const daemon = await startDaemon(t);
  for (const [at, name] of names.entries()) plugIn(t, name, peer, { peerLink: `p${at}`, plugged: false });
  await until("all are listed", async () => (await devicePaths(daemon)).length === names.length);
  await assertConsistent(daemon);
  const devices = await daemon.devices();
  assert.deepEqual(devices.map(({ Interface }) => Interface).sort(), [...names].sort());
  for (const { ifname } of kernelLinks()) if (ifname !== "lo") tryRun("ip", ["link", "delete", ifname]);
  await until("none is listed", async () => (await devicePaths(daemon)).length === 0);
  await assertConsistent(daemon);
});

test("two links swap their names: each Device has the address of the network that it is in now", async (t) => {
  await addLan(t, "one", { link: "eth0", net: "10.1.0" });
  await addLan(t, "two", { link: "eth1", net: "10.2.0" });
  const daemon = await startDaemon(t);
  for (const link of ["eth0", "eth1"]) await untilState(daemon, link, "ready");
  ip("link", "set", "eth0", "name", "other");
  ip("link", "set", "eth1", "name", "eth0");
  ip("link", "set", "other", "name", "eth1");
  const isIn = (link: string, net: string) => addressOf(link)?.startsWith(`${net}.`) ?? false;
  await until("the addresses have changed places", () => isIn("eth0", "10.2.0") && isIn("eth1", "10.1.0"));
  for (const link of ["eth0", "eth1"]) await untilState(daemon, link, "ready");
  await until("so have the routes", () => routeLines().length === 4);
  await assertConsistent(daemon);
});

test("two cards with the same hardware address both work", async (t) => {
  const mac = "02:00:00:00:00:01";
  await addLan(t, "one", { link: "eth0", mac, net: "10.1.0" });
  await addLan(t, "two", { link: "eth1", mac, net: "10.2.0" });
  const daemon = await startDaemon(t);
  for (const link of ["eth0", "eth1"]) await untilState(daemon, link, "ready");
  await assertConsistent(daemon);
});

test("a link's own hardware address changes: the Device says the new one and is connected", async (t) => {
  await addLan(t, "router");
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  ip("link", "set", "eth0", "address", "02:00:00:00:00:42");
  const address = async () => (await daemon.properties("/device/eth0", "Device")).Address;
  await until("the Device says so", async () => (await address()) === "020000000042");
  await untilState(daemon, "eth0", "ready");
  assert.ok(kernelLink("eth0").flags.includes("UP"));
  await assertConsistent(daemon);
});
