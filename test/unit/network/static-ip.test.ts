import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DaemonError } from "../../../src/base/errors.ts";
import { isSameValue, type WireVariant } from "../../../src/base/property.ts";
import {
  acceptStaticIp,
  emptyStaticIp,
  isSameStaticIp,
  parseStaticIp,
  staticIpDictionary,
} from "../../../src/network/static-ip.ts";

const s = (value: string): WireVariant => ({ signature: "s", value });
const i = (value: number): WireVariant => ({ signature: "i", value });
const as = (...value: string[]): WireVariant => ({ signature: "as", value });
const parse = (entries: Record<string, WireVariant>) => parseStaticIp(new Map(Object.entries(entries)));

test("all keys are read and given back", () => {
  const dictionary = new Map([
    ["Address", s("192.0.2.7")],
    ["Prefixlen", i(24)],
    ["Gateway", s("192.0.2.1")],
    ["Mtu", i(1400)],
    ["NameServers", as("192.0.2.53", "2001:db8::53")],
    ["SearchDomains", as("example.org")],
    ["IncludedRoutes", as("198.51.100.0/24")],
    ["ExcludedRoutes", as("203.0.113.0/24", "2001:db8:1::/48")],
  ]);
  assert.deepEqual(parseStaticIp(dictionary), {
    address: "192.0.2.7",
    prefixLength: 24,
    gateway: "192.0.2.1",
    mtu: 1400,
    nameServers: ["192.0.2.53", "2001:db8::53"],
    searchDomains: ["example.org"],
    includedRoutes: ["198.51.100.0/24"],
    excludedRoutes: ["203.0.113.0/24", "2001:db8:1::/48"],
  });
  assert.ok(isSameValue(staticIpDictionary(parseStaticIp(dictionary)), dictionary));
});

test("an empty dictionary is the empty configuration, and the other way round", () => {
  assert.deepEqual(parse({}), emptyStaticIp);
  assert.equal(staticIpDictionary(emptyStaticIp).size, 0);
});

test("unknown keys are dropped", () => {
  assert.deepEqual(parse({ Method: s("static"), __proto__x: s("y") }), emptyStaticIp);
});

test("an address without prefix length is a host of its own", () => {
  assert.equal(parse({ Address: s("192.0.2.7") }).prefixLength, 32);
});

test("IPv6 texts and blocks are made canonical, host bits are cleared", () => {
  const parsed = parse({ NameServers: as("2001:DB8:0:0::0053"), IncludedRoutes: as("10.1.2.3/8", "2001:db8::1/32") });
  assert.deepEqual(parsed.nameServers, ["2001:db8::53"]);
  assert.deepEqual(parsed.includedRoutes, ["10.0.0.0/8", "2001:db8::/32"]);
});

const ignored: readonly (readonly [why: string, entries: Record<string, WireVariant>])[] = [
  ["a word as address", { Address: s("localhost"), Prefixlen: i(24) }],
  ["an octet too large", { Address: s("192.0.2.256"), Prefixlen: i(24) }],
  ["leading zeros", { Address: s("192.0.02.7"), Prefixlen: i(24) }],
  ["an address of the other family", { Address: s("2001:db8::1"), Prefixlen: i(24) }],
  ["the unspecified address", { Address: s("0.0.0.0"), Prefixlen: i(24) }],
  ["a loopback address", { Address: s("127.0.0.1"), Prefixlen: i(8) }],
  ["a multicast address", { Address: s("224.0.0.1"), Prefixlen: i(24) }],
  ["the broadcast address", { Address: s("255.255.255.255"), Prefixlen: i(24) }],
  ["the last address of its subnet", { Address: s("192.0.2.255"), Prefixlen: i(24) }],
  ["the first address of its subnet", { Address: s("192.0.2.0"), Prefixlen: i(24) }],
  ["a prefix length of 0", { Address: s("192.0.2.7"), Prefixlen: i(0) }],
  ["a negative prefix length", { Address: s("192.0.2.7"), Prefixlen: i(-1) }],
  ["a prefix length of 33", { Address: s("192.0.2.7"), Prefixlen: i(33) }],
  ["an address of a wrong type", { Address: i(7) }],
  ["an MTU of 0", { Mtu: i(0) }],
  ["a negative MTU", { Mtu: i(-1500) }],
  ["an MTU beyond every link", { Mtu: i(70_000) }],
  ["a gateway that is no address", { Gateway: s("router") }],
  ["a name server with a line break", { NameServers: as("192.0.2.1\nnameserver 198.51.100.1") }],
  ["a name server with a zone", { NameServers: as("fe80::1%eth0") }],
  ["a list of a wrong type", { NameServers: s("192.0.2.1") }],
  ["a block without length", { IncludedRoutes: as("10.0.0.0/") }],
  ["a block with a length of 33", { ExcludedRoutes: as("10.0.0.0/33") }],
  ["a domain with a space", { SearchDomains: as("a b") }],
  ["a domain with a NUL", { SearchDomains: as("a\0b") }],
  ["an empty domain", { SearchDomains: as("") }],
  ["a domain longer than all names", { SearchDomains: as("a".repeat(256)) }],
];
for (const [why, entries] of ignored) {
  test(`ignored: ${why}`, () => assert.deepEqual(parse(entries), emptyStaticIp));
}

test("one bad entry of a list does not take the others along", () => {
  assert.deepEqual(parse({ NameServers: as("192.0.2.1", "nonsense", "192.0.2.2") }).nameServers, [
    "192.0.2.1",
    "192.0.2.2",
  ]);
});

test("both addresses of a line between two hosts are theirs", () => {
  for (const address of ["192.0.2.0", "192.0.2.1"]) {
    assert.equal(parse({ Address: s(address), Prefixlen: i(31) }).address, address);
  }
});

test("a host that names itself as its gateway has none", () => {
  const parsed = parse({ Address: s("192.0.2.7"), Prefixlen: i(24), Gateway: s("192.0.2.7") });
  assert.equal(parsed.gateway, undefined);
  assert.equal(parsed.address, "192.0.2.7");
});

const refused: readonly (readonly [entries: Record<string, WireVariant>, rule: RegExp])[] = [
  [
    { Address: s("192.0.2.0"), Prefixlen: i(24) },
    /Address 192\.0\.2\.0 is that of the network 192\.0\.2\.0\/24 itself/,
  ],
  [{ Address: s("192.0.2.255"), Prefixlen: i(24) }, /192\.0\.2\.255 is the broadcast address of 192\.0\.2\.0\/24/],
  [{ Address: s("192.0.2.3"), Prefixlen: i(30) }, /192\.0\.2\.3 is the broadcast address of 192\.0\.2\.0\/30/],
  [{ Address: s("192.0.2.7"), Prefixlen: i(24), Gateway: s("192.0.2.7") }, /Gateway 192\.0\.2\.7 is the own Address/],
  [{ Address: s("192.0.2.7"), Prefixlen: i(0) }, /Prefixlen must be from 1 to 32, not 0/],
  [{ Address: s("192.0.2.7"), Prefixlen: i(33) }, /Prefixlen must be from 1 to 32, not 33/],
  [{ Address: s("127.0.0.1"), Prefixlen: i(8) }, /Address 127\.0\.0\.1 is an address that no host can have/],
  [{ Address: s("224.0.0.5"), Prefixlen: i(24) }, /Address 224\.0\.0\.5/],
  [{ Address: s("192.0.2.7"), Prefixlen: i(24), Gateway: s("255.255.255.255") }, /Gateway 255\.255\.255\.255/],
];
for (const [entries, rule] of refused) {
  test(`from a client, refused with the rule: ${rule.source.replaceAll("\\", "")}`, () => {
    assert.throws(
      () => acceptStaticIp(new Map(Object.entries(entries))),
      (error: unknown) => error instanceof DaemonError && error.code === "InvalidArguments" && rule.test(error.message),
    );
  });
}

test("from a client, what is usable is taken as it is read from a Profile", () => {
  for (const entries of [
    {},
    { Address: s("192.0.2.7") },
    { Address: s("192.0.2.0"), Prefixlen: i(31), Gateway: s("192.0.2.1") },
    { Address: s("192.0.2.255"), Prefixlen: i(32) },
    { Address: s("192.0.2.255"), Prefixlen: i(23), Gateway: s("198.51.100.1") },
    // Settings panels write these for "none".
    { Address: s("0.0.0.0"), Prefixlen: i(0), Gateway: s("0.0.0.0"), NameServers: as("192.0.2.53", "0.0.0.0") },
    { Address: s(""), Gateway: s("") },
    { Prefixlen: i(24), NameServers: as("192.0.2.53") },
  ] as Record<string, WireVariant>[]) {
    const dictionary = new Map(Object.entries(entries));
    assert.deepEqual(acceptStaticIp(dictionary), parseStaticIp(dictionary));
  }
});

test("a list beyond all use is refused by name", () => {
  const many = Array.from({ length: 33 }, (_, at) => `192.0.2.${at}`);
  assert.throws(
    () => parse({ NameServers: as(...many) }),
    (error: unknown) =>
      error instanceof DaemonError && error.code === "InvalidArguments" && /NameServers/.test(error.message),
  );
});

test("configurations are the same when their dictionaries are", () => {
  const one = parse({ Address: s("192.0.2.7"), Prefixlen: i(24) });
  assert.ok(isSameStaticIp(one, parse({ Prefixlen: i(24), Address: s("192.0.2.7"), Junk: i(1) })));
  assert.ok(!isSameStaticIp(one, parse({ Address: s("192.0.2.7"), Prefixlen: i(25) })));
});

const keys = [
  "Address",
  "Prefixlen",
  "Gateway",
  "Mtu",
  "NameServers",
  "SearchDomains",
  "IncludedRoutes",
  "ExcludedRoutes",
];
const anyVariant = fc.oneof(
  fc.record({ signature: fc.constantFrom("s", "i", "as", "v"), value: fc.anything() }),
  fc.record({ signature: fc.constant("s"), value: fc.oneof(fc.ipV4(), fc.ipV6(), fc.string()) }),
  fc.record({ signature: fc.constant("i"), value: fc.integer({ min: -5, max: 200 }) }),
  fc.record({
    signature: fc.constant("as"),
    value: fc.array(fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain(), fc.string()), { maxLength: 9 }),
  }),
);
test("any input is read without a throw, and reading the result again changes nothing", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...keys), anyVariant)), (entries) => {
      const once = parseStaticIp(new Map(entries));
      assert.deepEqual(parseStaticIp(staticIpDictionary(once)), once);
    }),
  );
});
