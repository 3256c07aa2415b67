/**
 * Fixed addresses of IPv6: of a person, and of a section of UCI; alone, beside IPv4 and beside router advertisements.
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { TestDaemon } from "../../harness/daemon.ts";
import { addPeer, type Peer, run } from "../../harness/namespace.ts";
import { tryRun } from "../../harness/processes.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";
import { until } from "../../harness/until.ts";
import { tableOf } from "./kernel-view.ts";
import { addLan, plugIn, serviceOn, startDaemon, untilState } from "./support.ts";

const own = "2001:db8:5::5";
const router = "2001:db8:5::1";

/** A host at the other end of a cable, with an address of IPv6 and without a server of any kind. */
function quietLan(t: TestContext): Peer {
  const peer = addPeer("router6");
  t.after(() => peer.remove());
  plugIn(t, "eth0", peer, { peerLink: "lan", address: "192.0.2.1/24" });
  peer.exec("ip", "address", "add", `${router}/64`, "dev", "lan", "nodad");
  return peer;
}
const fairlead = (daemon: TestDaemon, ...words: string[]): string =>
  run("bin/fairlead", ["--bus-address", daemon.busAddress, ...words]);
const routes6 = (...more: string[]): readonly string[] =>
  run("ip", ["-6", "route", "show", "proto", "102", "dev", "eth0", ...more])
    .split("\n")
    .map((line) => line.trim().replace(/ (metric|pref).*$/, ""))
    .filter(Boolean);
const networkConfig = async (daemon: TestDaemon) =>
  (await serviceOn(daemon, "eth0"))?.NetworkConfig as { [name: string]: string & readonly string[] };
const ping6 = (address: string): boolean => tryRun("ping", ["-6", "-c1", "-W1", address]).code === 0;

test("IPv6 alone, without DHCP and without a name server: ready, told everywhere, kept, and taken back", async (t) => {
  quietLan(t);
  const daemon = await startDaemon(t);
  await until("the Service is there", () => serviceOn(daemon, "eth0"));
  fairlead(daemon, "set", "eth0", "StaticIPConfig", `address=${own}/64`, `gateway=${router}`);
  await untilState(daemon, "eth0", "ready");
  const config = await networkConfig(daemon);
  assert.deepEqual(
    [config.IPv4Address, config.IPv6Addresses, config.IPv6Gateway, config.NameServers],
    ["", [`${own}/64`], router, []],
  );
  assert.deepEqual(routes6(), ["2001:db8:5::/64", `default via ${router}`]);
  assert.deepEqual(routes6("table", String(tableOf("eth0"))), ["2001:db8:5::/64", `default via ${router}`]);
  await until("the router answers", () => ping6(router));
  const device = await daemon.properties("/device/eth0", "Device");
  const found = [];
  for (const path of device.IPConfigs as string[]) found.push(await daemon.properties(path, "IPConfig"));
  const { Address, Prefixlen, Gateway, Method } = found.find((each) => each.Method === "ipv6") ?? {};
  assert.deepEqual([Address, Prefixlen, Gateway, Method], [own, 64, router, "ipv6"]);
  assert.match(fairlead(daemon, "status"), /2001:db8:5::5\/64 +2001:db8:5::1/);
  assert.match(
    fairlead(daemon, "get", "eth0", "StaticIPv6Config"),
    /^Addresses=2001:db8:5::5\/64\nGateway=2001:db8:5::1\n/,
  );
  assert.match(fairlead(daemon, "why", "eth0"), /2001:db8:5::5\/64 comes from StaticIPConfig/);
  await daemon.stop();
  await daemon.launch();
  await untilState(daemon, "eth0", "ready");
  assert.deepEqual((await networkConfig(daemon)).IPv6Addresses, [`${own}/64`]);
  fairlead(daemon, "set", "eth0", "StaticIPConfig", "--clear");
  await until("the address is gone", () => !run("ip", ["-6", "address", "show", "dev", "eth0"]).includes(own));
  assert.deepEqual(routes6(), []);
});

test("both families at once, and beside a lease", async (t) => {
  const { peer } = await addLan(t, "router");
  peer.exec("ip", "address", "add", `${router}/64`, "dev", "lan", "nodad");
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  fairlead(daemon, "set", "eth0", "StaticIPConfig", `address=${own}/64`);
  await until("a fixed address stands beside the lease", async () => {
    const { IPv4Address, IPv6Addresses } = await networkConfig(daemon);
    return /^10\.1\.0\.1\d\d\/24$/.test(IPv4Address ?? "") && IPv6Addresses?.includes(`${own}/64`);
  });
  const words = ["address=10.1.0.77/24", "gateway=10.1.0.1", `address=${own}/64`, `gateway=${router}`];
  fairlead(daemon, "set", "eth0", "StaticIPConfig", ...words);
  await until("both are fixed", async () => {
    const { IPv4Address, IPv6Addresses, IPv6Gateway } = await networkConfig(daemon);
    return IPv4Address === "10.1.0.77/24" && IPv6Addresses?.[0] === `${own}/64` && IPv6Gateway === router;
  });
  await until("the router answers by IPv6", () => ping6(router));
  // A client of shill's that replaces its dictionary leaves the other family alone.
  const { path } = (await serviceOn(daemon, "eth0")) ?? {};
  await daemon.setProperty(String(path), "Service", "StaticIPConfig", "a{sv}", {});
  await until("IPv4 is leased again", async () =>
    /^10\.1\.0\.1\d\d\/24$/.test((await networkConfig(daemon)).IPv4Address ?? ""),
  );
  assert.deepEqual((await networkConfig(daemon)).IPv6Addresses, [`${own}/64`]);
});

test("an address that another host has is told as a conflict, until the kernel finds it free", async (t) => {
  const peer = quietLan(t);
  peer.exec("ip", "address", "add", `${own}/64`, "dev", "lan", "nodad");
  const daemon = await startDaemon(t);
  await until("the Service is there", () => serviceOn(daemon, "eth0"));
  fairlead(daemon, "set", "eth0", "StaticIPConfig", `address=${own}/64`);
  const said = /2001:db8:5::5 is also used by another host; the kernel does not use it/;
  await until("the conflict is told", () => said.test(fairlead(daemon, "why", "eth0")));
  peer.exec("ip", "address", "delete", `${own}/64`, "dev", "lan");
  run("ip", ["link", "set", "eth0", "down"]);
  run("ip", ["link", "set", "eth0", "up"]);
  await until("the address works", () => ping6(router));
  await until("no conflict is told", () => !said.test(fairlead(daemon, "why", "eth0")));
});

test("a section of UCI with ip6addr and ip6gw alone is up; ip6prefix is named as without effect", async (t) => {
  quietLan(t);
  const file = join(temporaryFolder(t), "network");
  const options = [`ip6addr '${own.toUpperCase()}/64'`, `ip6gw '${router}'`, "ip6prefix '2001:db8:6::/48'"];
  const text = `config interface lan\n option proto static\n option device eth0\n${options.map((each) => ` option ${each}\n`).join("")}`;
  writeFileSync(file, text);
  const daemon = await startDaemon(t, { args: ["--uci-config", file] });
  await untilState(daemon, "eth0", "ready");
  assert.deepEqual((await networkConfig(daemon)).IPv6Addresses, [`${own}/64`]);
  assert.deepEqual(routes6(), ["2001:db8:5::/64", `default via ${router}`]);
  await until("the router answers", () => ping6(router));
  const checked = fairlead(daemon, "config", "check", file);
  assert.match(checked, /ip6prefix/);
});
