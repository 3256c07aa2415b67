import type { TechnologyModule } from "../../providers/technology-module.ts";
import { InterfaceProvider } from "./interface-provider.ts";

/** Interfaces of the network configuration, on links of other technologies. */
export const interfaces: TechnologyModule = {
  services: [],
  makeProviders: (host, { handlers }) => [new InterfaceProvider(host, handlers)],
};
