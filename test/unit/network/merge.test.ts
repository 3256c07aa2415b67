import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyIpSettings, type IpSettings } from "../../../src/network/ip-settings.ts";
import { mergeSettings, type SettingsSources } from "../../../src/network/merge.ts";
import { emptyStaticIp, type StaticIp } from "../../../src/network/static-ip.ts";

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
const modem = source({
  ipv4: { family: 4, address: "100.64.0.2", prefixLength: 32 },
  nameServers: ["100.64.0.1", "::"],
  searchDomains: ["modem"],
  mtu: 1500,
  includedRoutes: ["198.51.100.0/24"],
  excludedRoutes: ["203.0.113.0/24"],
});

const onLink = { family: 4, address: "10.0.0.7", prefixLength: 24 } as const;

/** Each row: the sources, and the part of the result that it is about (docs/contract/shill.md). */
const rows: readonly (readonly [name: string, given: SettingsSources, expected: Record<string, unknown>])[] = [
  [
    "a lease alone is used as it is",
    { dhcp4: lease },
    { ipv4: lease.ipv4, mtu: 1480, routes: lease.routes, vendorEncapsulatedOptions: "ff" },
  ],
  [
    "a static address goes before the leased one, with its own gateway",
    { static: fixed({ address: "10.0.0.50", prefixLength: 25, gateway: "10.0.0.3" }), dhcp4: lease },
    { ipv4: { family: 4, address: "10.0.0.50", prefixLength: 25, gateway: "10.0.0.3" } },
  ],
  [
    "a static gateway alone takes the place of the leased one, the address stays leased",
    { static: fixed({ gateway: "10.0.0.254" }), dhcp4: lease },
    { ipv4: { ...lease.ipv4, gateway: "10.0.0.254" } },
  ],
  [
    "a static gateway alone is the way out of a link that is said to have none",
    { static: fixed({ gateway: "10.0.0.254" }), dhcp4: source({ ipv4: { ...onLink, isAllOnLink: true } }) },
    { ipv4: { ...onLink, gateway: "10.0.0.254" } },
  ],
  [
    "a static gateway alone serves the link's own protocol as well",
    { static: fixed({ gateway: "100.64.0.1" }), link: modem },
    { ipv4: { ...modem.ipv4, gateway: "100.64.0.1" } },
  ],
  [
    "a static gateway that happens to be the leased address changes nothing",
    { static: fixed({ gateway: lease.ipv4?.address ?? "" }), dhcp4: lease },
    { ipv4: lease.ipv4 },
  ],
  [
    "a static gateway without any address is nothing",
    { static: fixed({ gateway: "10.0.0.254" }) },
    { ipv4: undefined },
  ],
  [
    "a static address without gateway means no gateway, although the lease has one",
    { static: fixed({ address: "10.0.0.50", prefixLength: 24 }), dhcp4: lease },
    { ipv4: { family: 4, address: "10.0.0.50", prefixLength: 24 } },
  ],
  ["a lease goes before the link's own protocol", { dhcp4: lease, link: modem }, { ipv4: lease.ipv4 }],
  ["without lease the link's own protocol counts", { link: modem }, { ipv4: modem.ipv4 }],
  [
    "a router's IPv6 goes before the link's",
    { slaac: router, link: source({ ipv6: { family: 6, address: "2001:db8:9::1", prefixLength: 64 } }) },
    { ipv6: router.ipv6 },
  ],
  [
    "a DHCPv6 address goes before the router's, whose gateway stays",
    { slaac: router, dhcp6: source({ ipv6: { family: 6, address: "2001:db8::77", prefixLength: 128 } }) },
    {
      ipv6: {
        ...{ family: 6, address: "2001:db8::77", prefixLength: 128, gateway: "fe80::1" },
        others: [{ address: "2001:db8::5", prefixLength: 64 }],
      },
    },
  ],
  [
    "name servers of router, link and lease are joined in this order, without the unspecified ones",
    { dhcp4: lease, slaac: router, link: modem },
    { nameServers: ["2001:db8::53", "100.64.0.1", "10.0.0.53"] },
  ],
  [
    "static name servers replace all others",
    { static: fixed({ nameServers: ["192.0.2.1", "0.0.0.0"] }), dhcp4: lease, slaac: router },
    { nameServers: ["192.0.2.1"] },
  ],
  [
    "search domains are joined without repetition",
    { dhcp4: lease, slaac: router, link: modem },
    { searchDomains: ["example.org", "six", "modem", "lan"] },
  ],
  [
    "static search domains replace all others",
    { static: fixed({ searchDomains: ["home"] }), dhcp4: lease },
    { searchDomains: ["home"] },
  ],
  ["the smallest MTU counts", { dhcp4: lease, slaac: router, link: modem }, { mtu: 1480 }],
  ["a static MTU counts before a smaller one", { static: fixed({ mtu: 9000 }), dhcp4: lease }, { mtu: 9000 }],
  ["no source's MTU is no MTU", { dhcp4: source({}) }, { mtu: undefined }],
  [
    "classless routes are the lease's alone",
    { dhcp4: source({}), link: source({ routes: [{ destination: "10.9.0.0/16" }] }) },
    { routes: [] },
  ],
  [
    "classless routes stay with a static address",
    { static: fixed({ address: "10.0.0.50", prefixLength: 24 }), dhcp4: lease },
    { routes: lease.routes },
  ],
  [
    "included and excluded routes are the link's where none is static",
    { link: modem },
    { includedRoutes: ["198.51.100.0/24"], excludedRoutes: ["203.0.113.0/24"] },
  ],
  [
    "static included routes replace the link's, excluded ones for themselves",
    { static: fixed({ includedRoutes: ["10.0.0.0/8"] }), link: modem },
    { includedRoutes: ["10.0.0.0/8"], excludedRoutes: ["203.0.113.0/24"] },
  ],
  [
    "the well-known public resolver is replaced by its twin for networks with IPv6 alone",
    { static: fixed({ nameServers: ["8.8.8.8", "8.8.4.4"] }), slaac: router },
    { nameServers: ["2001:4860:4860::6464", "2001:4860:4860::64"] },
  ],
  [
    "the well-known public resolver stays where there is IPv4",
    { static: fixed({ nameServers: ["8.8.8.8", "8.8.4.4"] }), slaac: router, dhcp4: lease },
    { nameServers: ["8.8.8.8", "8.8.4.4"] },
  ],
  ["the portal of the lease is taken", { dhcp4: lease }, { captivePortalUri: "https://portal.example/api" }],
  ["nothing at all is nothing at all", {}, { ipv4: undefined, ipv6: undefined, nameServers: [], searchDomains: [] }],
];
for (const [name, given, expected] of rows) {
  test(name, () => {
    const merged: Record<string, unknown> = { ...mergeSettings(given) };
    assert.deepEqual(Object.fromEntries(Object.keys(expected).map((key) => [key, merged[key]])), expected);
  });
}

test("the captive portal that was seen first stays", () => {
  const merged = mergeSettings({ dhcp4: lease }, "https://first.example/api");
  assert.equal(merged.captivePortalUri, "https://first.example/api");
});

test("a value without a source is absent, not undefined", () => {
  assert.deepEqual(Object.keys(mergeSettings({})).sort(), [
    "excludedRoutes",
    "includedRoutes",
    "nameServers",
    "ntpServers",
    "routes",
    "searchDomains",
  ]);
});
