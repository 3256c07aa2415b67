import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLog } from "../../../src/base/log.ts";
import { NodeWifiSupplicant } from "../../../src/supplicant/node-wifi/node-wifi-supplicant.ts";
import { FakeNetworkManager } from "../../fakes/fake-network-manager.ts";
import { FakeSupplicant } from "../../fakes/fake-supplicant.ts";
import { networks, passphrase, supplicantCases } from "./supplicant-cases.ts";

const bssidOf = (network: string) => `02:00:00:00:01:0${networks.indexOf(network as "Open")}`;
const switchOn = (air: Pick<FakeSupplicant, "switchOn">) => {
  for (const network of networks) {
    const security = network.toLowerCase() as "open" | "psk" | "sae";
    air.switchOn({ ssid: network, bssid: bssidOf(network), security, passphrase });
  }
};
const until = async (what: string, isSo: () => boolean) => {
  for (let turn = 0; turn < 20 && !isSo(); turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(isSo(), what);
};

for (const [name, act] of Object.entries(supplicantCases)) {
  test(`fake supplicant: ${name}`, async () => {
    const supplicant = new FakeSupplicant();
    switchOn(supplicant);
    await act({
      supplicant,
      linkName: "wlan0",
      switchOff: async (network) => supplicant.switchOff(bssidOf(network)),
      kill: async () => supplicant.kill(),
      start: async () => supplicant.start(),
      until,
    });
  });
  test(`node-wifi with a fake NetworkManager: ${name}`, async () => {
    const manager = new FakeNetworkManager(["wlan0"]);
    switchOn(manager);
    await act({
      supplicant: new NodeWifiSupplicant({ links: manager, nodeWifi: manager, log: silentLog }),
      linkName: "wlan0",
      tellsRefusalOfSae: false,
      switchOff: async (network) => manager.switchOff(bssidOf(network)),
      kill: async () => manager.kill(),
      start: async () => manager.start(),
      until,
    });
  });
}
