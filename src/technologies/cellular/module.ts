import type { TechnologyModule } from "../../providers/technology-module.ts";
import { CellularDevice, cellularShape } from "./cellular-device.ts";
import { cellularServiceShape } from "./cellular-properties.ts";
import { CellularProvider } from "./cellular-provider.ts";

/** Mobile networks, by ModemManager. */
export const cellular: TechnologyModule = {
  services: [{ technology: "cellular", shape: cellularServiceShape }],
  devices: {
    technology: "cellular",
    shape: cellularShape,
    mayLackMac: true,
    make: (host, link, because, { modems }) => new CellularDevice(host, link, because, modems),
  },
  makeProviders: (host, { modems }) => [new CellularProvider(host, modems)],
};
