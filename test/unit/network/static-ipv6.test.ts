import assert from "node:assert/strict";
import { test } from "node:test";
import { isSameValue, type WireVariant } from "../../../src/base/property.ts";
import { mergeSettings } from "../../../src/network/merge.ts";
import { emptyStaticIp } from "../../../src/network/static-ip.ts";
import { acceptStaticIpv6, parseStaticIpv6, staticIpv6Dictionary } from "../../../src/network/static-ipv6.ts";
import { settingsOf } from "./kernel/kernel-world.ts";

const dictionary = (addresses: readonly string[], gateway?: string): ReadonlyMap<string, WireVariant> =>
  new Map<string, WireVariant>([
    ["Addresses", { signature: "as", value: addresses }],
    ...(gateway === undefined ? [] : ([["Gateway", { signature: "s", value: gateway }]] as const)),
  ]);

test("addresses and gateway are read in canonical text, and written as they were read", () => {
  const found = parseStaticIpv6(dictionary(["2001:DB8:0::5/64", "2001:db8::6"], "FE80::1"));
  assert.deepEqual(found, {
    addresses: [
      { address: "2001:db8::5", prefixLength: 64 },
      { address: "2001:db8::6", prefixLength: 128 },
    ],
    gateway: "fe80::1",
  });
  assert.ok(isSameValue(staticIpv6Dictionary(found), dictionary(["2001:db8::5/64", "2001:db8::6/128"], "fe80::1")));
  assert.equal(parseStaticIpv6(new Map()), undefined);
  assert.equal(staticIpv6Dictionary(undefined).size, 0);
});

const refused: readonly (readonly [addresses: readonly string[], gateway: string | undefined, message: RegExp])[] = [
  [["192.0.2.5/24"], undefined, /"192\.0\.2\.5\/24" is no address that a host can have/],
  [["ff02::1/64"], undefined, /no address that a host can have/],
  [["::1/128"], undefined, /no address that a host can have/],
  [["::ffff:192.0.2.1/128"], undefined, /no address that a host can have/],
  [["2001:db8::5/0"], undefined, /no address that a host can have/],
  [["2001:db8::5/129"], undefined, /no address that a host can have/],
  [["2001:db8::5/64"], "192.0.2.1", /Gateway "192\.0\.2\.1" is no IPv6 address/],
  [["2001:db8::5/64"], "2001:db8:0::5", /Gateway 2001:db8::5 is an own address/],
  [Array.from({ length: 17 }, (_, at) => `2001:db8::${at + 1}/64`), undefined, /17 entries, 16 are possible/],
];
for (const [addresses, gateway, message] of refused) {
  test(`${addresses[0]} and ${gateway}: a client is told the rule, and a stored one is left out`, () => {
    assert.throws(() => acceptStaticIpv6(dictionary(addresses, gateway)), message);
    assert.doesNotThrow(() => parseStaticIpv6(dictionary(addresses, gateway)));
  });
}

const router = settingsOf({
  ipv6: { family: 6, address: "2001:db8::aa", prefixLength: 64, isKernels: true, gateway: "fe80::1" },
  nameServers: ["2001:db8::53"],
});
const fixed = (cidrs: readonly string[], gateway?: string) => {
  const ipv6 = parseStaticIpv6(dictionary(cidrs, gateway));
  return { ...emptyStaticIp, ...(ipv6 && { ipv6 }) };
};

test("fixed addresses come before those that the kernel made, and the router stays the way out", () => {
  const { ipv6 } = mergeSettings({ static: fixed(["2001:db8::5/64"]), slaac: router });
  assert.deepEqual(
    [ipv6?.address, ipv6?.others?.map(({ address }) => address), ipv6?.gateway],
    ["2001:db8::5", ["2001:db8::aa"], "fe80::1"],
  );
});
test("a fixed gateway takes the router's place, with a fixed address and alone", () => {
  assert.equal(
    mergeSettings({ static: fixed(["2001:db8::5/64"], "2001:db8::1"), slaac: router }).ipv6?.gateway,
    "2001:db8::1",
  );
  const { ipv6 } = mergeSettings({ static: fixed([], "2001:db8::1"), slaac: router });
  assert.deepEqual([ipv6?.address, ipv6?.gateway], ["2001:db8::aa", "2001:db8::1"]);
  assert.equal(mergeSettings({ static: fixed([], "2001:db8::1") }).ipv6, undefined);
});
