import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeSupplicant } from "../../fakes/fake-supplicant.ts";
import { networks, passphrase, supplicantCases } from "./supplicant-cases.ts";

for (const [name, act] of Object.entries(supplicantCases)) {
  test(`fake supplicant: ${name}`, async () => {
    const supplicant = new FakeSupplicant();
    const bssidOf = (network: string) => `02:00:00:00:01:0${networks.indexOf(network as "Open")}`;
    for (const network of networks) {
      const security = network.toLowerCase() as "open" | "psk" | "sae";
      supplicant.switchOn({ ssid: network, bssid: bssidOf(network), security, passphrase });
    }
    await act({
      supplicant,
      linkName: "wlan0",
      switchOff: async (network) => supplicant.switchOff(bssidOf(network)),
      kill: async () => supplicant.kill(),
      start: async () => supplicant.start(),
      until: async (what, isSo) => {
        for (let turn = 0; turn < 20 && !isSo(); turn++) await new Promise((resolve) => setImmediate(resolve));
        assert.ok(isSo(), what);
      },
    });
  });
}
