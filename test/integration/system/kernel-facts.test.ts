import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { Sysctl } from "../../../src/system/sysctl.ts";
import { readLinkFacts, readLinkSpeedMbps } from "../../../src/system/sysfs.ts";
import { requirePrivateNamespace, run } from "../../harness/namespace.ts";
import { tryRun } from "../../harness/processes.ts";

requirePrivateNamespace();
run("ip", ["link", "add", "lan.1", "type", "veth", "peer", "name", "far"]);
for (const link of ["lan.1", "far"]) run("ip", ["link", "set", link, "up"]);

/** Adds a link of a kind that this kernel may not have; then the test is skipped. */
function addLink(t: TestContext, ...args: string[]): boolean {
  const added = tryRun("ip", args);
  if (added.code !== 0) t.skip(`ip ${args.join(" ")}: ${added.stderr.trim()}`);
  return added.code === 0;
}

test("a kernel setting of a link with a dot in its name is made and read", () => {
  const sysctl = new Sysctl();
  const path = "/proc/sys/net/ipv4/conf/lan.1/ignore_routes_with_linkdown";
  for (const value of [1, 0]) {
    assert.equal(sysctl.setForLink("ipv4", "lan.1", "ignore_routes_with_linkdown", value), true);
    assert.equal(readFileSync(path, "utf8"), `${value}\n`);
    assert.equal(sysctl.getForLink("ipv4", "lan.1", "ignore_routes_with_linkdown"), value);
  }
});

test("a value the kernel refuses, and a link that is gone, are survived", () => {
  const sysctl = new Sysctl();
  assert.equal(sysctl.setForLink("ipv6", "lan.1", "addr_gen_mode", 99), false);
  assert.equal(sysctl.setForLink("ipv4", "gone", "forwarding", 1), false);
});

test("a veth has no device behind it, and a speed", () => {
  const { hasUeventFile, hasDevice, hardwareType, driver } = readLinkFacts("lan.1");
  assert.deepEqual(
    { hasUeventFile, hasDevice, hardwareType, driver },
    {
      hasUeventFile: true,
      hasDevice: false,
      hardwareType: 1,
      driver: undefined,
    },
  );
  assert.equal(readLinkSpeedMbps("lan.1"), 10_000);
});

test("a bridge says that it is one", (t) => {
  if (!addLink(t, "link", "add", "br0", "type", "bridge")) return;
  assert.equal(readLinkFacts("br0").devtype, "bridge");
});

test("a VLAN says so, and what it stands on", (t) => {
  if (!addLink(t, "link", "add", "link", "lan.1", "name", "lan.5", "type", "vlan", "id", "5")) return;
  const { devtype, lowerLinks } = readLinkFacts("lan.5");
  assert.deepEqual([devtype, lowerLinks], ["vlan", ["lan.1"]]);
});

test("tun and tap links show their kind and owner", (t) => {
  if (!addLink(t, "tuntap", "add", "tun0", "mode", "tun", "user", "12345")) return;
  if (!addLink(t, "tuntap", "add", "tap0", "mode", "tap")) return;
  const tun = readLinkFacts("tun0");
  assert.deepEqual([(tun.tunFlags ?? 0) & 3, tun.ownerUid, tun.hardwareType], [1, 12345, 65534]);
  const tap = readLinkFacts("tap0");
  assert.deepEqual([(tap.tunFlags ?? 0) & 3, tap.ownerUid, tap.hardwareType], [2, undefined, 1]);
});
