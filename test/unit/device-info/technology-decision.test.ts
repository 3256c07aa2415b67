import assert from "node:assert/strict";
import { test } from "node:test";
import { decideTechnology } from "../../../src/device-info/technology-decision.ts";
import type { Link } from "../../../src/rtnl/rtnl.ts";
import type { LinkFacts } from "../../../src/system/sysfs.ts";

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
const facts: LinkFacts = { hasUeventFile: true, hasDevice: true, lowerLinks: [], hasSiblingTty: false };

/** Facts of the link and of sysfs, and the decision; later rows lose against earlier ones. */
const rows: readonly [Partial<Link>, Partial<LinkFacts>, string][] = [
  [{ isLoopback: true, kind: "ifb" }, { driver: "e1000" }, "loopback"],
  [{ kind: "ifb" }, { driver: "e1000" }, "unknown"],
  [{ name: "veth12ab", kind: "veth" }, {}, "unknown"],
  [{ name: "arc_eth0" }, { driver: "e1000" }, "unknown"],
  [{ kind: "wireguard" }, {}, "tunnel"],
  [{ kind: "xfrm" }, {}, "tunnel"],
  [{ name: "pseudomodem0" }, {}, "cellular"],
  [{ name: "pseudoethernet0", kind: "veth" }, {}, "ethernet"],
  [{ name: "eth0", kind: "veth" }, {}, "ethernet"],
  [{ kind: "rmnet" }, {}, "cellular"],
  [{ kind: "wwan" }, {}, "cellular"],
  [{}, { devtype: "wwan", driver: "cdc_ncm" }, "cellular"],
  [{ hardwareType: 803 }, { devtype: "wlan" }, "unknown"],
  [{}, { hasUeventFile: false, devtype: "wlan" }, "unknown"],
  [{}, { devtype: "wlan", driver: "iwlwifi" }, "wifi"],
  [{}, { devtype: "bridge" }, "ethernet"],
  [{}, { devtype: "vlan", lowerLinks: ["wlan0"] }, "wifi"],
  [{}, { devtype: "vlan", lowerLinks: ["nothing0"] }, "unknown"],
  [{ hardwareType: 772 }, {}, "loopback"],
  [{ hardwareType: 512 }, {}, "ppp"],
  [{ hardwareType: 768, kind: "ipip" }, {}, "tunnel"],
  [{ hardwareType: 776, kind: "sit" }, {}, "tunnel"],
  [{ hardwareType: 778, kind: "gre" }, {}, "tunnel"],
  [{ hardwareType: 280, kind: "vcan" }, {}, "unknown"],
  [{ hardwareType: 824, kind: "nlmon" }, {}, "unknown"],
  [{ hardwareType: 519 }, {}, "unknown"],
  [{}, { tunFlags: 0x1001 }, "tunnel"],
  [{}, { tunFlags: 0x1002 }, "delayed"],
  [{}, {}, "delayed"],
  [{}, { driver: "qmi_wwan" }, "cellular"],
  [{}, { driver: "cdc_mbim" }, "cellular"],
  [{}, { driver: "cdc_ether", hasSiblingTty: true }, "cellular"],
  [{}, { driver: "cdc_ncm" }, "delayed"],
  [{}, { driver: "virtio_net" }, "ethernet"],
  [{}, { driver: "r8169" }, "ethernet"],
];

for (const [ofLink, ofFacts, technology] of rows) {
  test(`${JSON.stringify({ ...ofLink, ...ofFacts })} is ${technology}, and the decision says why`, () => {
    const decision = decideTechnology(
      { ...link, ...ofLink },
      () => ({ ...facts, ...ofFacts }),
      (name) => (name === "wlan0" ? "wifi" : undefined),
    );
    assert.equal(decision.technology, technology);
    assert.notEqual(decision.because, "");
  });
}

test("sysfs is not read where name or kind decide: a thousand veth cost no file", () => {
  const unread = () => assert.fail("sysfs was read");
  decideTechnology({ ...link, name: "eth7", kind: "veth" }, unread, () => undefined);
  decideTechnology({ ...link, name: "veth7", kind: "veth" }, unread, () => undefined);
});

test("a name that containers' ends have does not speak against a link that the administrator named", () => {
  const unread = () => assert.fail("sysfs was read");
  const decision = decideTechnology({ ...link, name: "veth7", kind: "veth" }, unread, () => undefined, true);
  assert.equal(decision.technology, "ethernet");
});
