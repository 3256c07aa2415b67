/** IPv6 by router advertisements of a real radvd, beside DHCPv4 and alone. */
import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestDaemon } from "../../harness/daemon.ts";
import { run } from "../../harness/namespace.ts";
import { until } from "../../harness/until.ts";
import { ipv6Lan, prefix, server, startRouter } from "./advertising-router.ts";
import { tableOf } from "./kernel-view.ts";
import { addLan, serviceOn, startDaemon, untilState } from "./support.ts";

const resolvConf = (daemon: TestDaemon): string => readFileSync(join(daemon.runDir, "resolv.conf"), "utf8");
const networkConfig = async (daemon: TestDaemon) =>
  (await serviceOn(daemon, "eth0"))?.NetworkConfig as { [name: string]: string & readonly string[] };
const ownRoutes6 = (...more: string[]): readonly string[] =>
  run("ip", ["-6", "route", "show", "proto", "102", "dev", "eth0", ...more])
    .split("\n")
    .map((line) => line.trim().replace(/ (metric|pref).*$/, ""))
    .filter(Boolean);
const sysctl = (name: string): string => readFileSync(`/proc/sys/net/ipv6/conf/eth0/${name}`, "utf8").trim();

test("a network with IPv6 only is ready: addresses, way out, name servers, and replies by the link's table", async (t) => {
  await ipv6Lan(t);
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  // The kernel tells of a router's options after its address and its route.
  const config = await until("the name server is told", async () => {
    const now = await networkConfig(daemon);
    return String(now.NameServers) === server && now;
  });
  assert.equal(config.IPv4Address, "");
  assert.ok(
    config.IPv6Addresses?.every((address) => /^2001:db8:1:.*\/64$/.test(address)),
    String(config.IPv6Addresses),
  );
  assert.match(config.IPv6Gateway ?? "", /^fe80::/);
  await until("the resolver file has it", () =>
    /^nameserver 2001:db8:1::53\nsearch six\.test\n/.test(resolvConf(daemon)),
  );
  const gateway = config.IPv6Gateway;
  assert.deepEqual(ownRoutes6(), [prefix, `default via ${gateway}`]);
  assert.deepEqual(ownRoutes6("table", String(tableOf("eth0"))), [prefix, `default via ${gateway}`]);
  const [address] = (config.IPv6Addresses as readonly string[]).map((cidr) => cidr.replace("/64", ""));
  assert.match(run("ip", ["-6", "rule"]), new RegExp(`20500:\\s+from ${address} lookup ${tableOf("eth0")}`));
  assert.match(run("ping", ["-6", "-c1", "-W2", "2001:db8:1::1"]), /1 received/);
  // Websites see an address that does not tell the card: a temporary one is first.
  await until("a temporary address is first", async () => {
    const [first] = (await networkConfig(daemon)).IPv6Addresses as readonly string[];
    return run("ip", ["-6", "address", "show", "dev", "eth0", "temporary"]).includes(String(first));
  });
  await until("status shows every address", async () => {
    const status = run("bin/fairlead", ["--bus-address", daemon.busAddress, "status"]);
    return ((await networkConfig(daemon)).IPv6Addresses as readonly string[]).every((each) => status.includes(each));
  });
});

test("both families: one IPConfig each, both servers, and DHCP's address is first", async (t) => {
  const { peer } = await addLan(t, "router");
  await startRouter(t, peer);
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  await until("both families are there", async () => {
    const { IPv6Addresses, NameServers } = await networkConfig(daemon);
    return NameServers?.length === 2 && (IPv6Addresses ?? []).length > 0;
  });
  const config = await networkConfig(daemon);
  assert.match(config.IPv4Address ?? "", /^10\.1\.0\./);
  assert.deepEqual(config.NameServers, [server, "10.1.0.53"]);
  const device = await daemon.properties("/device/eth0", "Device");
  const methods = [];
  for (const path of device.IPConfigs as string[]) methods.push((await daemon.properties(path, "IPConfig")).Method);
  assert.deepEqual(methods, ["dhcp", "ipv6"]);
});

test("a router that says lifetime 0 is no way out at once; address and name server stay, and the way comes back", async (t) => {
  const { peer } = await addLan(t, "router");
  const router = await startRouter(t, peer);
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  await until("there is a way out", () => ownRoutes6().some((line) => line.startsWith("default")));
  await router.advertise({ lifetime: 0 });
  await until("there is none", () => !ownRoutes6().some((line) => line.startsWith("default")));
  const config = await networkConfig(daemon);
  assert.equal(config.IPv6Gateway, "");
  assert.ok((config.IPv6Addresses ?? []).length > 0);
  assert.ok(config.NameServers?.includes(server));
  assert.equal((await serviceOn(daemon, "eth0"))?.State, "ready");
  await router.advertise({});
  await until("there is one again", () => ownRoutes6().some((line) => line.startsWith("default")));
});

test("a name server is refreshed without writing the file, and ends at its own time when no router speaks", async (t) => {
  const { peer } = await addLan(t, "router");
  const router = await startRouter(t, peer, { serverLifetime: 8 });
  const daemon = await startDaemon(t);
  const file = join(daemon.runDir, "resolv.conf");
  await until("both servers are there", () => /2001:db8:1::53[\s\S]*10\.1\.0\.53/.test(resolvConf(daemon)));
  const before = statSync(file);
  const heardBefore = Number(sysctlOfIcmp());
  await until("the router has spoken three times more", () => Number(sysctlOfIcmp()) >= heardBefore + 3);
  const after = statSync(file);
  assert.deepEqual([after.ino, after.mtimeMs], [before.ino, before.mtimeMs]);
  await router.stop();
  await until("the server is gone", () => !resolvConf(daemon).includes(server));
  assert.match(resolvConf(daemon), /^nameserver 10\.1\.0\.53\n/);
  assert.ok(((await networkConfig(daemon)).IPv6Addresses ?? []).length > 0, "addresses have a time of their own");
});

test("a neighbour who advertises many name servers keeps out none of the router's", async (t) => {
  const servers = Array.from({ length: 40 }, (_, at) => `2001:db8:bad::${at + 1}`);
  const { peer } = await ipv6Lan(t, { source: "fe80::bad", servers });
  const daemon = await startDaemon(t);
  await until("the forged ones are there", () => resolvConf(daemon).includes(String(servers[1])));
  await startRouter(t, peer);
  await until("the router's is the second", () =>
    /^nameserver \S+\nnameserver 2001:db8:1::53\n/.test(resolvConf(daemon)),
  );
});

test("leaving the network takes back what its router brought; the link's settings come back with the link", async (t) => {
  await ipv6Lan(t);
  const names = ["accept_ra", "use_tempaddr", "accept_dad", "disable_ipv6"];
  const before = names.map(sysctl);
  const daemon = await startDaemon(t);
  const { path } = await untilState(daemon, "eth0", "ready");
  assert.deepEqual(names.map(sysctl), ["2", "2", "1", "0"]);
  await daemon.call(String(path), "org.chromium.flimflam.Service", "Disconnect");
  await until(
    "the addresses are gone",
    () => !run("ip", ["-6", "address", "show", "dev", "eth0"]).includes("2001:db8"),
  );
  assert.doesNotMatch(run("ip", ["-6", "route", "show", "dev", "eth0"]), /default|2001:db8/);
  assert.equal(sysctl("accept_ra"), "0", "a disconnected link hears no router");
  await daemon.call("/device/eth0", "org.chromium.flimflam.Device", "Disable");
  await until("the settings are as before", () => names.map(sysctl).join() === before.join());
});

/** ICMPv6 router advertisements that this host has taken in. */
function sysctlOfIcmp(): string {
  return /Icmp6InRouterAdvertisements\s+(\d+)/.exec(readFileSync("/proc/net/snmp6", "utf8"))?.[1] ?? "0";
}
