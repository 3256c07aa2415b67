import type { TechnologyModule } from "../../providers/technology-module.ts";
import { WifiDevice, wifiShape } from "./wifi-device.ts";
import { wifiServiceShape } from "./wifi-properties.ts";
import { WifiProvider } from "./wifi-provider.ts";

/** Networks in the air, by wpa_supplicant. */
export const wifi: TechnologyModule = {
  services: [{ technology: "wifi", shape: wifiServiceShape }],
  devices: {
    technology: "wifi",
    shape: wifiShape,
    make: (host, link, because, { supplicant }) => new WifiDevice(host, link, because, supplicant),
  },
  makeProviders: (host) => [new WifiProvider(host)],
};
