import assert from "node:assert/strict";
import { test } from "node:test";
import { BusError } from "../../../src/bus/bus.ts";
import { technologyModules } from "../../../src/technologies/modules.ts";
import { FakeSupplicant } from "../../fakes/fake-supplicant.ts";
import { onBus, variant } from "./machine-on-bus.ts";

const settings = (entries: Record<string, string>) =>
  new Map(Object.entries(entries).map(([name, value]) => [name, variant("s", value)]));
const calls: readonly (readonly [member: string, signature?: string, args?: readonly unknown[]])[] = [
  ["Connect"],
  ["Disconnect"],
  ["RequestPortalDetection"],
  ["GetWiFiPassphrase"],
  ["GetEapPassphrase"],
  ["SetProperty", "sv", ["Name", variant("s", "another")]],
  ["SetProperty", "sv", ["AutoConnect", variant("b", false)]],
  ["SetProperty", "sv", ["Passphrase", variant("s", "a long passphrase")]],
  ["SetProperty", "sv", ["PPPoE.Username", variant("s", "another")]],
  ["ClearProperty", "s", ["Profile"]],
  ["ClearProperty", "s", ["WireGuard.PrivateKey"]],
  ["Remove"],
];

test("errors name a Service as people know it: its own name and its link, never its name for logs", async (t) => {
  const supplicant = new FakeSupplicant();
  supplicant.switchOn({ ssid: "Home", bssid: "02:00:00:00:01:01", security: "open", signalDbm: -50 });
  const { it, call } = await onBus(t, { modules: technologyModules, supplicant });
  for (const entries of [
    { Type: "vpn", "Provider.Type": "wireguard", "Provider.Host": "192.0.2.1", Name: "work" },
    { Type: "wifi", "WiFi.HexSSID": "486f6d65", SecurityClass: "none" },
    { Type: "pppoe", "PPPoE.Username": "me@example.org" },
  ])
    await call("/", "ConfigureService", "a{sv}", [settings(entries)]);
  const services = it.manager.services.all;
  assert.deepEqual(services.map(({ technology }) => technology).toSorted(), [
    "ethernet",
    "etherneteap",
    "pppoe",
    "vpn",
    "wifi",
  ]);
  const messages: string[] = [];
  for (const { path, logName, label, technology } of [...services]) {
    for (const [member, signature, args] of calls) {
      const message = await call(path, member, signature, args).then(
        () => "",
        (error: unknown) => (error instanceof BusError ? error.message : assert.fail(String(error))),
      );
      assert.ok(!message.includes(logName), `${technology} ${member}: ${message}`);
      if (message.includes(label)) messages.push(message);
    }
  }
  for (const message of ["Ethernet on eth0 cannot be removed", "work is no wireless network", "Home has no passphrase"])
    assert.ok(messages.includes(message), `${message}, in ${messages.join("; ")}`);
});

test("log lines of a Service name its link beside its name for logs", async (t) => {
  const { it } = await onBus(t);
  it.kernel.plug("eth0");
  await it.clock.advanceSettled(250);
  const service = it.service("eth0");
  assert.equal(service.logLabel, `${service.logName} on eth0`);
});
