import assert from "node:assert/strict";
import { test } from "node:test";
import type { WireVariant } from "../../../src/base/property.ts";
import { RemoteObject } from "../../../src/bus/remote-objects.ts";
import { mmBearer, mmModem, mmModem3gpp, mmSim } from "../../../src/modem/mm-interfaces.ts";
import { bearerOf, modemOf, simOf } from "../../../src/modem/mm-objects.ts";
import { failureOf, lockOf, refusalOf, registrationOf, stateOf, technologyOf } from "../../../src/modem/mm-words.ts";

const variants = (values: Readonly<Record<string, readonly [string, unknown]>>): ReadonlyMap<string, WireVariant> =>
  new Map(Object.entries(values).map(([name, [signature, value]]) => [name, { signature, value }]));

function object(interfaceName: string, values: Readonly<Record<string, readonly [string, unknown]>>): RemoteObject {
  const made = new RemoteObject("/some/object");
  made.put(interfaceName, variants(values));
  return made;
}

test("a bearer with addresses of the other family, of no family, or a prefix that is too long has none", () => {
  const broken = [
    { address: "2001:db8::1", prefix: 30 },
    { address: "10.64.0.2; reboot", prefix: 30 },
    { address: "10.64.0.2", prefix: 33 },
    { address: "", prefix: 0 },
  ];
  for (const { address, prefix } of broken) {
    const config = variants({ method: ["u", 2], address: ["s", address], prefix: ["u", prefix], gateway: ["s", "x"] });
    assert.deepEqual(bearerOf(object(mmBearer.name, { Ip4Config: ["a{sv}", config] })).ipv4, { method: "none" });
  }
});

test("name servers and gateways that are no addresses, and sizes that no packet has, are left out", () => {
  const config = variants({
    method: ["u", 2],
    address: ["s", "10.64.0.2"],
    prefix: ["u", 32],
    gateway: ["s", "fe80::1"],
    dns1: ["s", "nonsense"],
    dns2: ["s", "10.64.0.1"],
    dns3: ["u", 5],
    mtu: ["u", 7],
  });
  const { ipv4, nameServers, mtu } = bearerOf(object(mmBearer.name, { Ip4Config: ["a{sv}", config] }));
  assert.deepEqual(ipv4, { method: "static", address: "10.64.0.2", prefixLength: 32, gateway: undefined });
  assert.deepEqual([nameServers, mtu], [["10.64.0.1"], undefined]);
});

test("IPv6 addresses of a bearer are written in canonical form", () => {
  const config = variants({
    method: ["u", 2],
    address: ["s", "2001:DB8:0:0:0:0:0:1"],
    prefix: ["u", 64],
    dns1: ["s", "2001:db8:0::35"],
  });
  const { ipv6, nameServers } = bearerOf(object(mmBearer.name, { Ip6Config: ["a{sv}", config] }));
  assert.deepEqual(ipv6, { method: "static", address: "2001:db8::1", prefixLength: 64, gateway: undefined });
  assert.deepEqual(nameServers, ["2001:db8::35"]);
});

test("a SIM's own name gets into no path and onto no terminal", () => {
  for (const iccid of ["../../etc", "89 01", "", "89\u00004", "ä"]) {
    assert.equal(simOf(object(mmSim.name, { SimIdentifier: ["s", iccid] })).iccid, "", iccid);
  }
  const long = simOf(
    object(mmSim.name, { SimIdentifier: ["s", "8".repeat(500)], OperatorName: ["s", `\u001b[2J${"n".repeat(500)}`] }),
  );
  assert.equal(long.iccid.length, 22);
  assert.match(long.operatorName, /^\[2Jn{61}$/);
});

test("values of another type, ports that are no links and unknown numbers read as absent", () => {
  const made = object(mmModem.name, {
    State: ["s", "connected"],
    SignalQuality: ["(ub)", [4000, true]],
    UnlockRequired: ["u", 999],
    StateFailedReason: ["u", 999],
    AccessTechnologies: ["u", 0x40000000],
    Ports: [
      "a(su)",
      [
        ["wwan0", 2],
        ["a/b", 2],
        ["cdc-wdm0", 6],
        ["much-too-long-for-a-link", 2],
      ],
    ],
  });
  made.put(mmModem3gpp.name, variants({ RegistrationState: ["u", 77] }));
  const { state, signalPercent, lock, failure, networkTechnology, netPorts, registration } = modemOf(
    made,
    undefined,
    [],
  );
  assert.deepEqual(
    { state, signalPercent, lock, failure, networkTechnology, netPorts, registration },
    {
      state: "unknown",
      signalPercent: 100,
      lock: "other",
      failure: "unknown",
      networkTechnology: "",
      netPorts: ["wwan0"],
      registration: "unknown",
    },
  );
});

test("the numbers of ModemManager's headers mean what its headers say", () => {
  assert.deepEqual([-1, 0, 2, 8, 11].map(stateOf), ["failed", "unknown", "locked", "registered", "connected"]);
  assert.deepEqual([0, 2, 5].map(failureOf), ["none", "sim-missing", "esim-empty"]);
  assert.deepEqual([1, 2, 3, 4, 8, 6].map(lockOf), ["none", "sim-pin", "none", "sim-puk", "network-pin", "other"]);
  assert.deepEqual([0, 1, 3, 5, 8].map(registrationOf), ["idle", "home", "denied", "roaming", "limited"]);
  assert.deepEqual([1 << 15, (1 << 14) | (1 << 5), 1 << 9, 0].map(technologyOf), ["5GNR", "LTE", "HSPA+", ""]);
});

test("errors are told apart by their names, in older versions of ModemManager too", () => {
  const mobile = (name: string) => refusalOf(`org.freedesktop.ModemManager1.Error.MobileEquipment.${name}`);
  assert.equal(mobile("MissingOrUnknownApn"), "invalid-apn");
  assert.equal(mobile("GprsMissingOrUnknownApn"), "invalid-apn");
  assert.equal(mobile("GprsUserAuthenticationFailed"), "not-authenticated");
  assert.equal(mobile("GprsServiceOptionNotSubscribed"), "not-subscribed");
  assert.equal(mobile("SimPin"), "sim-locked");
  assert.equal(mobile("NoNetwork"), "not-registered");
  assert.equal(refusalOf("org.freedesktop.ModemManager1.Error.Core.Unauthorized"), "denied");
  assert.equal(refusalOf("org.freedesktop.DBus.Error.NoReply"), "timeout");
  assert.equal(refusalOf("no answer"), "other");
});
