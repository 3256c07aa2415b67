import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { readLinkFacts, readLinkSpeedMbps } from "../../../src/system/sysfs.ts";
import { fill, temporaryFolder } from "./temporary-folder.ts";

/** The shape of a real /sys, cut down: class links into the device tree. */
const tree = {
  // A wireless card on PCI.
  "class/net/wlan0": "-> ../../devices/pci/0000:02:00.0/net/wlan0",
  "devices/pci/0000:02:00.0/net/wlan0/uevent": "DEVTYPE=wlan\nINTERFACE=wlan0\nIFINDEX=3\n",
  "devices/pci/0000:02:00.0/net/wlan0/type": "1\n",
  "devices/pci/0000:02:00.0/net/wlan0/speed": "-1\n",
  "devices/pci/0000:02:00.0/net/wlan0/device": "-> ../../../0000:02:00.0",
  "devices/pci/0000:02:00.0/driver": "-> ../../../bus/pci/drivers/iwlwifi",
  "devices/pci/0000:02:00.0/subsystem": "-> ../../../bus/pci",
  // The Ethernet of a modem: another interface of the same USB device has a serial port.
  "class/net/wwan0": "-> ../../devices/usb1/1-2/1-2:1.6/net/wwan0",
  "devices/usb1/1-2/1-2:1.6/net/wwan0/uevent": "INTERFACE=wwan0\n",
  "devices/usb1/1-2/1-2:1.6/net/wwan0/type": "1\n",
  "devices/usb1/1-2/1-2:1.6/net/wwan0/device": "-> ../../../1-2:1.6",
  "devices/usb1/1-2/1-2:1.6/driver": "-> ../../../../bus/usb/drivers/cdc_ether",
  "devices/usb1/1-2/1-2:1.6/subsystem": "-> ../../../../bus/usb",
  "devices/usb1/1-2/1-2:1.0/tty/ttyACM0/": "",
  // A plain USB network adapter, next to another device that has a serial port.
  "class/net/usb0": "-> ../../devices/usb1/1-3/1-3:1.0/net/usb0",
  "devices/usb1/1-3/1-3:1.0/net/usb0/uevent": "INTERFACE=usb0\n",
  "devices/usb1/1-3/1-3:1.0/net/usb0/speed": "1000\n",
  "devices/usb1/1-3/1-3:1.0/net/usb0/device": "-> ../../../1-3:1.0",
  "devices/usb1/1-3/1-3:1.0/driver": "-> ../../../../bus/usb/drivers/cdc_ether",
  "devices/usb1/1-3/1-3:1.0/subsystem": "-> ../../../../bus/usb",
  "devices/usb1/1-30/1-30:1.0/tty/": "",
  // Virtual links.
  "class/net/tap7/uevent": "INTERFACE=tap7\n",
  "class/net/tap7/type": "1\n",
  "class/net/tap7/tun_flags": "0x1002\n",
  "class/net/tap7/owner": "1000\n",
  "class/net/tun0/uevent": "INTERFACE=tun0\n",
  "class/net/tun0/type": "65534\n",
  "class/net/tun0/tun_flags": "0x1001\n",
  "class/net/tun0/owner": "-1\n",
  "class/net/lan.100/uevent": "DEVTYPE=vlan\nINTERFACE=lan.100\n",
  "class/net/lan.100/type": "1\n",
  "class/net/lan.100/lower_lan": "-> ../lan",
  "class/net/bare/type": "772\n",
};

/** The facts that there are. */
const factsOf = (name: string, root?: string) => JSON.parse(JSON.stringify(readLinkFacts(name, root)));

const quiet = { lowerLinks: [], hasDevice: false, hasSiblingTty: false };

test("tells of a card its kind, driver and bus", (t) => {
  const root = temporaryFolder(t);
  fill(root, tree);
  assert.deepEqual(factsOf("wlan0", root), {
    ...quiet,
    hasUeventFile: true,
    hasDevice: true,
    devtype: "wlan",
    hardwareType: 1,
    driver: "iwlwifi",
    busType: "pci",
  });
});

test("a serial port in the same USB device shows, one in its neighbour does not", (t) => {
  const root = temporaryFolder(t);
  fill(root, tree);
  const modem = readLinkFacts("wwan0", root);
  assert.deepEqual([modem.busType, modem.driver, modem.hasSiblingTty], ["usb", "cdc_ether", true]);
  assert.equal(readLinkFacts("usb0", root).hasSiblingTty, false);
});

test("tells of tun and tap links their flags, and their owner if they have one", (t) => {
  const root = temporaryFolder(t);
  fill(root, tree);
  const common = { ...quiet, hasUeventFile: true };
  assert.deepEqual(factsOf("tap7", root), { ...common, hardwareType: 1, tunFlags: 0x1002, ownerUid: 1000 });
  assert.deepEqual(factsOf("tun0", root), { ...common, hardwareType: 65534, tunFlags: 0x1001 });
});

test("tells of a VLAN what it stands on", (t) => {
  const root = temporaryFolder(t);
  fill(root, tree);
  const { devtype, lowerLinks } = readLinkFacts("lan.100", root);
  assert.deepEqual([devtype, lowerLinks], ["vlan", ["lan"]]);
});

test("a link without uevent file, or that does not exist, or cannot exist, has no facts", (t) => {
  const root = temporaryFolder(t);
  fill(root, tree);
  assert.deepEqual(factsOf("bare", root), { ...quiet, hasUeventFile: false, hardwareType: 772 });
  for (const name of ["gone", "", ".", "..", "../net/tap7", "a/b", "a\0b"]) {
    assert.deepEqual(factsOf(name, root), { ...quiet, hasUeventFile: false }, name);
    assert.equal(readLinkSpeedMbps(name, root), undefined);
  }
});

test("facts are read when they are asked for, not before", (t) => {
  const root = temporaryFolder(t);
  const facts = readLinkFacts("late0", root);
  assert.equal(facts.hasUeventFile, false);
  fill(root, { "class/net/late0/uevent": "DEVTYPE=wlan\n" });
  assert.deepEqual([facts.hasUeventFile, facts.devtype], [true, "wlan"]);
});

test("garbage in attributes is as good as nothing", (t) => {
  const root = temporaryFolder(t);
  fill(root, {
    "class/net/odd/uevent": `\0\xffDEVTYPE\n${"x".repeat(2000)}`,
    "class/net/odd/type": "one\n",
    "class/net/odd/tun_flags": "0xzz\n",
    "class/net/odd/owner": "4294967295\n",
    "class/net/odd/speed": `${"9".repeat(30)}\n`,
    "class/net/odd/device": "-> nowhere",
  });
  assert.deepEqual(factsOf("odd", root), { ...quiet, hasUeventFile: true });
  assert.equal(readLinkSpeedMbps("odd", root), undefined);
});

test("the speed is a call of its own, and unknown speeds are undefined", (t) => {
  const root = temporaryFolder(t);
  fill(root, tree);
  assert.equal(readLinkSpeedMbps("usb0", root), 1000);
  assert.equal(readLinkSpeedMbps("wlan0", root), undefined);
  assert.equal(readLinkSpeedMbps("tap7", root), undefined);
});

test("reads the machine's own loopback link", (t) => {
  if (!readdirSync("/sys/class/net").includes("lo")) return t.skip("no /sys/class/net/lo here");
  const facts = readLinkFacts("lo");
  assert.deepEqual([facts.hasUeventFile, facts.hardwareType, facts.hasDevice], [true, 772, false]);
});
