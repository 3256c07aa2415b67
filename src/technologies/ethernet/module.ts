import type { TechnologyModule } from "../../providers/technology-module.ts";
import { serviceShape } from "../../services/service-properties.ts";
import { EthernetDevice, ethernetShape } from "./ethernet-device.ts";
import { EthernetEapProvider, ethernetEapShape } from "./ethernet-eap.ts";
import { ethernetMarks } from "./ethernet-entry.ts";
import { EthernetProvider } from "./ethernet-provider.ts";

/** Cables, and their credentials for 802.1X. */
export const ethernet: TechnologyModule = {
  services: [
    { technology: "ethernet", shape: serviceShape, isMachines: true, marks: ethernetMarks },
    { technology: "etherneteap", shape: ethernetEapShape },
  ],
  devices: {
    technology: "ethernet",
    shape: ethernetShape,
    priorityGroup: 0,
    make: (host, link, because) => new EthernetDevice(host, link, because),
  },
  makeProviders: (host) => [new EthernetProvider(host), new EthernetEapProvider(host)],
};
