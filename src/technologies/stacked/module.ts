import type { TechnologyModule } from "../../providers/technology-module.ts";
import { StackedProvider } from "./stacked-provider.ts";

/** Links that stand on others: bridges and VLANs of the network configuration. Each is a Device of the links below. */
export const stacked: TechnologyModule = {
  services: [],
  makeProviders: (host) => [new StackedProvider(host)],
};
