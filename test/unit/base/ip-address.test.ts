import assert from "node:assert/strict";
import { isIPv6 } from "node:net";
import { test } from "node:test";
import fc from "fast-check";
import {
  canonicalServer,
  cidrContains,
  formatIpAddress,
  formatMac,
  networkOf,
  parseCidr,
  parseIpAddress,
  parseMac,
} from "../../../src/base/ip-address.ts";

const canonical = (text: string) => {
  const bytes = parseIpAddress(text);
  return formatIpAddress(bytes.length === 4 ? 4 : 6, bytes);
};

test("IPv6 text is canonical (the examples of RFC 5952)", () => {
  const examples: Readonly<Record<string, string>> = {
    "2001:0db8:0:0:1:0:0:1": "2001:db8::1:0:0:1",
    "2001:db8:0:0:0:0:2:1": "2001:db8::2:1",
    "2001:db8:0:1:1:1:1:1": "2001:db8:0:1:1:1:1:1",
    "2001:0:0:1:0:0:0:1": "2001:0:0:1::1",
    "2001:DB8::ABCD": "2001:db8::abcd",
    "0:0:0:0:0:0:0:0": "::",
    "0:0:0:0:0:0:0:1": "::1",
    "1:0:0:0:0:0:0:0": "1::",
    "fe80::1": "fe80::1",
    "::ffff:192.0.2.1": "::ffff:c000:201",
  };
  for (const [given, expected] of Object.entries(examples)) assert.equal(canonical(given), expected, given);
});

test("IPv4 addresses go there and back", () => {
  for (const text of ["0.0.0.0", "10.0.0.2", "255.255.255.255"]) assert.equal(canonical(text), text);
});

test("text that is no plain address is refused", () => {
  const wrong = [
    "",
    "10.0.0",
    "10.0.0.256",
    "010.0.0.1",
    "0x7f.1",
    "1::2::3",
    "fe80::1%eth0",
    "2001:db8::/32",
    " ::1",
    ":::",
  ];
  for (const text of wrong) assert.throws(() => parseIpAddress(text), RangeError, text);
});

test("any sixteen bytes go there and back, in text that Node accepts", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
      const text = formatIpAddress(6, bytes);
      assert.ok(isIPv6(text), text);
      assert.deepEqual(parseIpAddress(text), Buffer.from(bytes));
    }),
  );
});

test("any groups, many of them zero, go there and back in the shortest text", () => {
  const group = fc.constantFrom(0, 0, 0, 1, 0xabcd);
  fc.assert(
    fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
      const bytes = Buffer.alloc(16);
      groups.forEach((value, at) => {
        bytes.writeUInt16BE(value, at * 2);
      });
      const text = formatIpAddress(6, bytes);
      assert.deepEqual(parseIpAddress(text), bytes);
      assert.ok(!/(^|:)0:0(:|$)/.test(text) || text.includes("::"), text);
    }),
  );
});

test("an address of a name server is canonical, and only a link-local one has a zone, one", () => {
  const told = [
    ["192.0.2.53", "192.0.2.53"],
    ["2001:DB8:0::53", "2001:db8::53"],
    ["FE80::1%eth0", "fe80::1%eth0"],
    ["2001:db8::53%eth0", undefined],
    ["fe80::1%eth0%eth1", undefined],
    ["fe80::1%", undefined],
    ["fe80::1%eth0\n", undefined],
    ["%eth0", undefined],
    ["", undefined],
    ["one.example", undefined],
  ] as const;
  for (const [server, expected] of told) assert.equal(canonicalServer(server), expected, JSON.stringify(server));
});

test("hardware addresses go there and back, longer ones are shown whole", () => {
  assert.equal(formatMac(parseMac("02:AB:00:00:00:01"), 0, 6), "02:ab:00:00:00:01");
  assert.equal(formatMac(Buffer.from("0a000001", "hex"), 0, 4), "0a:00:00:01");
  assert.equal(formatMac(Buffer.alloc(20, 0xff), 0, 20), Array(20).fill("ff").join(":"));
  for (const text of ["", "02:00:00:00:00", "02-00-00-00-00-01", "02:00:00:00:00:01:02", "0g:00:00:00:00:01"]) {
    assert.throws(() => parseMac(text), RangeError, text);
  }
});

test("blocks have a length that fits, or are a whole address", () => {
  assert.equal(parseCidr("10.0.0.1").prefixLength, 32);
  assert.equal(parseCidr("2001:db8::/32").prefixLength, 32);
  for (const text of [
    "10.0.0.0/33",
    "10.0.0.0/-1",
    "10.0.0.0/",
    "10.0.0.0/08",
    "10.0.0.0/1.5",
    "::/129",
    "/8",
    "10.0.0.0/8/8",
  ]) {
    assert.throws(() => parseCidr(text), RangeError, text);
  }
});

test("a block contains the addresses that share its bits", () => {
  const contains = (block: string, address: string) => cidrContains(parseCidr(block), parseIpAddress(address));
  assert.ok(contains("10.0.0.0/8", "10.255.0.1"));
  assert.ok(!contains("10.0.0.0/8", "11.0.0.1"));
  assert.ok(contains("10.0.0.128/25", "10.0.0.129"));
  assert.ok(!contains("10.0.0.128/25", "10.0.0.127"));
  assert.ok(contains("0.0.0.0/0", "255.255.255.255"));
  assert.ok(contains("10.0.0.1/32", "10.0.0.1"));
  assert.ok(contains("fe80::/10", "febf::1"));
  assert.ok(!contains("0.0.0.0/0", "::1"));
  assert.equal(networkOf(parseCidr("10.1.2.3/20")), "10.1.0.0/20");
  assert.equal(networkOf(parseCidr("2001:db8::ffff/48")), "2001:db8::/48");
});
