import assert from "node:assert/strict";
import { test } from "node:test";
import type { NetworkOptions } from "../../../src/network/network-ports.ts";
import type { Dhcp4Config } from "../../../src/network/protocols/dhcp4/config.ts";
import { emptyStaticIp } from "../../../src/network/static-ip.ts";
import { type Layer3Host, layer3Plan } from "../../../src/services/layer3-plan.ts";

const leases = { load: () => undefined, save() {}, forget() {} };
const leasesOfNetwork = { ...leases };
const link = { index: 7, mtu: 1500 };
const device = { name: "eth0", mac: "02:00:00:00:00:01", storageId: "device_1", link };
const host = (settings = { dhcpHostname: "", isRfc8925Enabled: false }): Layer3Host => ({
  settings,
  layer3: {
    wantsRapidCommit: true,
    leasesOf: (_device, network) => (network ? leasesOfNetwork : leases),
    storeLeases() {},
    heldOn: (link) => (link === 7 ? [{ address: "192.0.2.9", prefixLength: 24 }] : []),
  },
});

const dhcpOf = ({ protocols }: NetworkOptions) =>
  protocols?.find(({ source }) => source === "dhcp4")?.config as Dhcp4Config | undefined;

test("a Service without a wish for DHCP has only its static settings in the plan", () => {
  const plan = layer3Plan(device, { staticIp: emptyStaticIp, wantsDhcp: false }, host());
  assert.deepEqual(plan, {
    link: { index: 7, name: "eth0", mac: "02:00:00:00:00:01", mtu: 1500 },
    static: emptyStaticIp,
    protocols: [],
  });
});

test("the plan asks for the lease that the link still holds from an earlier run", () => {
  const wish = { staticIp: emptyStaticIp, wantsDhcp: true };
  const here = dhcpOf(layer3Plan(device, wish, host()));
  assert.deepEqual([here?.resume, here?.held?.[0]?.address, here?.leases], ["in-use", "192.0.2.9", leases]);
  const elsewhere = dhcpOf(layer3Plan({ ...device, link: { ...link, index: 8 } }, wish, host()));
  assert.equal(elsewhere?.resume, undefined);
});

test("leases are those of the link, or of a network that is known before its server answers", () => {
  const wish = { staticIp: emptyStaticIp, wantsDhcp: true };
  assert.equal(dhcpOf(layer3Plan(device, wish, host()))?.leases, leases);
  const leaseNetwork = { storageId: "wifi_any_41_managed_none", profile: undefined };
  assert.equal(dhcpOf(layer3Plan(device, { ...wish, leaseNetwork }, host()))?.leases, leasesOfNetwork);
});

test("host name and IPv6-only networks are the administrator's word, sent only where it was said", () => {
  const wish = { staticIp: emptyStaticIp, wantsDhcp: true };
  const said = dhcpOf(layer3Plan(device, wish, host({ dhcpHostname: "harbour", isRfc8925Enabled: true })));
  assert.deepEqual([said?.hostname, said?.ipv6OnlyPreferred], ["harbour", true]);
  const unsaid = dhcpOf(layer3Plan(device, wish, host())) ?? {};
  assert.deepEqual(["hostname" in unsaid, "ipv6OnlyPreferred" in unsaid], [false, false]);
});
