import assert from "node:assert/strict";
import { endianness } from "node:os";
import { test } from "node:test";
import { decodeError } from "../../../src/rtnl/ack-messages.ts";
import { decodeAddress } from "../../../src/rtnl/address-messages.ts";
import { decodeLink } from "../../../src/rtnl/link-messages.ts";
import { decodeNeighbour } from "../../../src/rtnl/neighbour-messages.ts";
import { decodeRoute } from "../../../src/rtnl/route-messages.ts";
import { decodeRule } from "../../../src/rtnl/rule-messages.ts";
import { renderAddress, renderLink, renderRoute, renderRule } from "../../fakes/render-rtnl.ts";
import { decodeWith, kernelMessage } from "./kernel-messages.ts";

// The recorded messages are in the byte order of the machine that spoke them.
const options = endianness() === "LE" ? {} : { skip: "recorded on a little-endian machine" };
const names = (index: number) => `if${index}`;

const link = (name: string) => decodeWith(name, decodeLink);
const address = (name: string) => {
  const decoded = decodeWith(name, decodeAddress);
  assert.ok(decoded);
  return renderAddress(decoded.address, names);
};
const route = (name: string) => {
  const decoded = decodeWith(name, decodeRoute);
  assert.ok(decoded);
  return `${renderRoute(decoded.route, names)}${decoded.extra && ` [${decoded.extra}]`}`;
};
const rule = (name: string) => {
  const decoded = decodeWith(name, decodeRule);
  assert.ok(decoded);
  return renderRule(decoded.rule);
};

test("a link's message gives every field of the port", options, () => {
  assert.deepEqual(link("link up with alternative names"), {
    index: 3,
    name: "eth0",
    isUp: true,
    hasCarrier: false,
    isLoopback: false,
    flags: 0x1003,
    hardwareType: 1,
    mac: "02:00:00:00:00:01",
    mtu: 1500,
    minMtu: 68,
    maxMtu: 65535,
    txQueueLength: 1000,
    operState: 3,
    kind: "veth",
    lowerLink: 2,
    isLowerLinkForeign: false,
    alternativeNames: ["enp0s31f6", "the-long-alternative-name-of-a-link"],
  });
});

test("links of other kinds, removed and dumped links are read alike", options, () => {
  assert.equal(
    renderLink(link("macvlan") as never, names),
    "mac0 down mtu 1500 mac 02:00:00:00:00:0a kind macvlan over if3",
  );
  assert.equal(link("link removed")?.name, "mac0");
  assert.equal(link("dumped loopback link")?.isLoopback, true);
  assert.equal(link("dumped loopback link")?.kind, undefined);
});

test("a bridge's news of its ports are not taken for news of the link", options, () => {
  assert.equal(link("bridge port joined"), undefined);
  assert.equal(link("bridge port left"), undefined);
});

test("addresses show peer, lifetimes and tag", options, () => {
  assert.equal(
    address("IPv4 address with lifetimes"),
    "10.0.0.2/24 brd 10.0.0.255 dev if3 proto 87 valid 3600s preferred 1800s",
  );
  assert.equal(address("IPv4 address with peer"), "10.0.1.2/32 peer 10.0.1.9 dev if3");
  assert.equal(address("IPv6 address"), "2001:db8::2/64 dev if3 proto 87 valid 3600s preferred 1800s");
  assert.equal(address("IPv6 address with peer"), "2001:db8:1::2/128 peer 2001:db8:1::9 dev if3");
  assert.equal(address("dumped IPv4 address"), "127.0.0.1/8 dev if1 scope host");
});

test("routes of every kind are shown as ip shows them", options, () => {
  assert.equal(route("IPv4 default route"), "default via 10.0.0.1 dev if3 metric 100 src 10.0.0.2 proto 87 mtu 1400");
  assert.equal(
    route("IPv4 onlink route in a large table"),
    "10.9.0.0/16 via 10.7.0.1 dev if3 table 1003 proto boot onlink",
  );
  assert.equal(route("IPv4 route with TOS"), "10.8.0.0/16 dev if3 scope link proto boot [tos 16]");
  assert.equal(route("IPv4 multipath route"), "10.6.0.0/16 via several proto boot");
  assert.equal(route("IPv4 route via IPv6"), "10.5.0.0/16 via fe80::1 dev if3 proto boot");
  assert.equal(route("IPv4 unreachable route"), "unreachable 10.4.0.0/16 metric 7 proto boot");
  assert.equal(route("IPv6 default route"), "-6 default via fe80::1 dev if3 metric 200 proto 87 mtu 1280");
  assert.equal(route("IPv6 multipath route"), "-6 2001:db8:6::/48 via several metric 1024 proto boot");
  assert.equal(route("IPv6 blackhole route"), "-6 blackhole 2001:db8:4::/48 metric 7 proto boot");
  assert.equal(
    route("IPv6 route with source"),
    "-6 2001:db8:5::/48 dev if3 metric 1024 proto boot [from 2001:db8:9::/64]",
  );
  assert.equal(route("IPv4 route with a next hop object"), "10.3.0.0/16 via 10.0.0.1 dev if3 proto boot");
});

test("rules show their conditions, and say when there are more", options, () => {
  assert.equal(rule("rule from an address"), "500: from 10.0.0.2/32 lookup 1003 proto 87");
  assert.equal(
    rule("inverted rule with many conditions"),
    "501: not from all to 10.1.0.0/16 iif eth0 oif far0 fwmark 0x57/0xff lookup 7 suppress_prefixlength 0",
  );
  assert.equal(rule("rule with conditions that are not shown"), "502: from all [more conditions] lookup 9");
  assert.equal(rule("rule with TOS that jumps"), "503: from all [more conditions] goto 32766");
  assert.equal(rule("IPv6 rule"), "-6 504: from 2001:db8::/32 unreachable");
});

test("two rules that look alike have different keys", options, () => {
  const { data, header } = kernelMessage("rule with conditions that are not shown");
  const other = Buffer.from(data);
  // The last of the port range's bytes.
  other[header.end - 1] = (other[header.end - 1] as number) ^ 1;
  const keys = [data, other].map((bytes) => decodeRule(bytes, header.from, header.end)?.key);
  assert.notEqual(keys[0], keys[1]);
});

test("a rule keeps its key when its interface comes or goes", options, () => {
  const { data, header } = kernelMessage("rule from an address");
  const detached = Buffer.from(data);
  detached[header.from + 8] = 0x8;
  assert.equal(decodeRule(detached, header.from, header.end)?.key, decodeRule(data, header.from, header.end)?.key);
});

test("a neighbour has its MAC and state", options, () => {
  assert.deepEqual(decodeWith("neighbour", decodeNeighbour), {
    link: 3,
    family: 4,
    address: "10.0.0.1",
    mac: "02:00:00:00:00:99",
    state: 0x80,
  });
});

test("refusals carry number, text and the attribute that is blamed", options, () => {
  const answer = (name: string) => {
    const { data, header } = kernelMessage(name);
    return decodeError(data, header.flags, header.from, header.end);
  };
  assert.deepEqual(answer("acknowledgement"), { errno: 0 });
  assert.deepEqual(answer("refusal with text and no attribute"), { errno: 101, detail: "Nexthop has invalid gateway" });
  assert.deepEqual(answer("refusal with text"), {
    errno: 34,
    detail: "Attribute failed policy validation",
    offset: 32,
  });
});
