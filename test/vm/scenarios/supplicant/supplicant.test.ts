import { ProcessClock } from "../../../../src/base/clock.ts";
import { silentLog } from "../../../../src/base/log.ts";
import { BusClient } from "../../../../src/bus/bus-client.ts";
import { WpaSupplicant } from "../../../../src/supplicant/wpa-supplicant.ts";
import { passphrase, supplicantCases } from "../../../contract/supplicant/supplicant-cases.ts";
import { startPrivateBus } from "../../../harness/private-bus.ts";
import { until } from "../../../harness/until.ts";
import { wpa2, wpa3 } from "../../guest/access-point.ts";
import { patienceMs } from "../../guest/patience.ts";
import { type Scene, scenario } from "../../guest/scene.ts";

/** One after the other: booting the access points takes longer than all cases. */
scenario("wpa_supplicant and hostapd keep the contract of the supplicant port", async (scene) => {
  const bus = await startPrivateBus();
  scene.add(bus, { name: "bus", end: () => bus.remove() });
  const startSupplicant = () => runSupplicant(scene, bus.address);
  let process = startSupplicant();
  const points = {
    Open: await scene.startAccessPoint({ radio: 1, ssid: "Open", subnet: "10.21.0" }),
    Psk: await scene.startAccessPoint({ radio: 2, ssid: "Psk", security: wpa2(passphrase), subnet: "10.22.0" }),
    Sae: await scene.startAccessPoint({ radio: 3, ssid: "Sae", security: wpa3(passphrase), subnet: "10.23.0" }),
  };
  const clock = new ProcessClock();
  const client = new BusClient({ address: bus.address, clock, log: silentLog });
  await client.connect();
  scene.add(client, { name: "client", end: () => client.close() });
  for (const [name, act] of Object.entries(supplicantCases)) {
    const supplicant = new WpaSupplicant({ bus: client, clock, log: silentLog });
    console.log(name);
    await act({
      supplicant,
      linkName: "wlan0",
      switchOff: (network) => points[network].hostapd.end(),
      kill: async () => {
        process.kill("SIGKILL");
        await process.waitExit(patienceMs);
      },
      start: async () => {
        process = startSupplicant();
      },
      until: (what, isSo) => until(what, isSo, patienceMs).then(() => {}),
    });
    supplicant.close();
  }
});

const runSupplicant = (scene: Scene, address: string) =>
  scene.start("env", [`DBUS_SYSTEM_BUS_ADDRESS=${address}`, "wpa_supplicant", "-u", "-t"]);
