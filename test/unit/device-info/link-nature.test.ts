import assert from "node:assert/strict";
import { test } from "node:test";
import { isCableName, madeUpBecause } from "../../../src/device-info/link-nature.ts";
import type { Link } from "../../../src/rtnl/rtnl.ts";

const link: Link = {
  index: 5,
  name: "enp3s0",
  isUp: false,
  hasCarrier: false,
  isLoopback: false,
  flags: 0,
  hardwareType: 1,
  mac: "02:00:00:00:00:01",
  mtu: 1500,
  txQueueLength: 1000,
  operState: 2,
  isLowerLinkForeign: false,
  alternativeNames: [],
};
const unread = () => assert.fail("sysfs was read");

test("names that the kernel, switch drivers and udev give cables are told from those of containers", () => {
  const cables = ["eth0", "eth12", "eth0.5", "usb0", "lan", "lan4", "lan.7", "eno1", "ens3", "enp3s0", "enp0s31f6"];
  cables.push("enP2p1s0", "enp1s0f0np0", "enx0200000000ab", "end0", "enp3s0.100", "env3", "enaVENDOR1i0");
  for (const name of cables) assert.ok(isCableName(name), name);
  const others = ["cali0a1b2c3d4e5", "lxc0a1b2c", "eni0a1b2c3d", "ve-web", "vb-web", "vnet7", "podman-x", "veth12"];
  others.push(
    "envoy-7d8f-1a2b",
    "eth-exporter-1",
    "ethwe-bridge",
    "lanbr0",
    "usbmon",
    "en",
    "entrance",
    "enxyz",
    "wan",
  );
  for (const name of others) assert.ok(!isCableName(name), name);
});

/** Kinds of which one is a cable when it is called so, as a container's own `eth0` is. */
for (const kind of ["veth", "netkit", "macvlan", "macsec", "vlan", "tun"]) {
  test(`a ${kind} is a cable only under a cable's name, and no file is read for it`, () => {
    assert.equal(madeUpBecause({ ...link, kind }, unread), undefined);
    assert.match(madeUpBecause({ ...link, kind, name: "x0" }, unread) ?? "", /, and not named as a cable is$/);
  });
}

for (const kind of [
  "bridge",
  "bond",
  "team",
  "vrf",
  "dummy",
  "ipvlan",
  "macvtap",
  "vxlan",
  "geneve",
  "gretap",
  "nlmon",
]) {
  test(`a ${kind} is left alone under any name`, () => {
    for (const name of ["eth0", "x0"])
      assert.equal(madeUpBecause({ ...link, kind, name }, unread), `a ${kind} that somebody else made`);
  });
}

test("a link with hardware behind it is used under any name and of any kind: a router's wan, a switch's port", () => {
  assert.equal(
    madeUpBecause({ ...link, name: "wan" }, () => true),
    undefined,
  );
  assert.equal(
    madeUpBecause({ ...link, name: "port7", kind: "dsa", portName: "p7" }, () => true),
    undefined,
  );
});

test("of a kind that came after this program, hardware and name decide", () => {
  const novel = { ...link, kind: "novel", name: "nov0" };
  assert.match(madeUpBecause(novel, () => false) ?? "", /^a novel without hardware behind it/);
  assert.match(madeUpBecause({ ...link, name: "vmnet8" }, () => false) ?? "", /^a link without hardware behind it/);
  assert.equal(madeUpBecause({ ...novel, name: "eth3" }, unread), undefined);
});

test("the host's end of a card's virtual port is a virtual machine's, though hardware is behind it", () => {
  for (const portName of ["pf0vf1", "c1pf0vf12", "pf1sf88"])
    assert.match(madeUpBecause({ ...link, portName }, unread) ?? "", /the host's end of a virtual port/);
  assert.equal(madeUpBecause({ ...link, portName: "p0" }, unread), undefined);
});
