import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyIpSettings, type IpSettings } from "../../../src/network/ip-settings.ts";
import { mergeSettings } from "../../../src/network/merge.ts";
import { emptyStaticIp, type StaticIp } from "../../../src/network/static-ip.ts";
import { networkConfigDictionary, savedConfigDictionary } from "../../../src/services/network-dictionaries.ts";

const fixed = (part: Partial<StaticIp>): StaticIp => ({ ...emptyStaticIp, ...part });
const source = (part: Partial<IpSettings>): IpSettings => ({ ...emptyIpSettings, ...part });

const lease = source({
  ipv4: {
    family: 4,
    address: "10.0.0.9",
    prefixLength: 24,
    broadcast: "10.0.0.255",
    gateway: "10.0.0.1",
    validSeconds: 600,
  },
  routes: [{ destination: "172.16.0.0/12", gateway: "10.0.0.2" }],
  nameServers: ["10.0.0.53", "0.0.0.0"],
  searchDomains: ["lan", "example.org"],
  mtu: 1480,
  ntpServers: ["10.0.0.123"],
  captivePortalUri: "https://portal.example/api",
  vendorEncapsulatedOptions: "ff",
});
const router = source({
  ipv6: { family: 6, address: "2001:db8::5", prefixLength: 64, gateway: "fe80::1" },
  nameServers: ["2001:db8::53"],
  searchDomains: ["example.org", "six"],
  mtu: 1492,
});

test("the NetworkConfig dictionary has all keys, empty where nothing is known", () => {
  const dictionary = networkConfigDictionary({
    sessionId: 7,
    effective: mergeSettings({ dhcp4: lease, slaac: router }),
    saved: lease,
  });
  assert.deepEqual(
    [...dictionary].map(([key, { signature, value }]) => `${key} ${signature} ${JSON.stringify(value)}`),
    [
      "SessionID i 7",
      'IPv4Address s "10.0.0.9/24"',
      'IPv4Gateway s "10.0.0.1"',
      'IPv6Addresses as ["2001:db8::5/64"]',
      'IPv6Gateway s "fe80::1"',
      'NameServers as ["2001:db8::53","10.0.0.53"]',
      'SearchDomains as ["example.org","six","lan"]',
      "IncludedRoutes as []",
      "ExcludedRoutes as []",
      'Pref64 s ""',
      "MTU i 1480",
    ],
  );
  const bare = networkConfigDictionary({
    sessionId: 1,
    effective: mergeSettings({ link: source({}) }),
    saved: undefined,
  });
  assert.deepEqual(bare.get("IPv4Address"), { signature: "s", value: "" });
  assert.deepEqual(bare.get("MTU"), { signature: "i", value: 0 });
});

test("the NetworkConfig dictionary is empty while nothing is configured", () => {
  assert.equal(networkConfigDictionary({ sessionId: 7, effective: undefined, saved: lease }).size, 0);
  assert.equal(networkConfigDictionary(undefined).size, 0);
});

test("the saved dictionary is the lease, with any static settings", () => {
  const effective = mergeSettings({ static: fixed({ address: "192.0.2.1", prefixLength: 24 }), dhcp4: lease });
  const dictionary = savedConfigDictionary({ sessionId: 1, effective, saved: lease });
  assert.deepEqual(
    [...dictionary].map(([key, { value }]) => `${key} ${value}`),
    [
      "Address 10.0.0.9",
      "Prefixlen 24",
      "Gateway 10.0.0.1",
      "Mtu 1480",
      "NameServers 10.0.0.53,0.0.0.0",
      "SearchDomains lan,example.org",
    ],
  );
  assert.equal(savedConfigDictionary({ sessionId: 1, effective: undefined, saved: undefined }).size, 0);
});
