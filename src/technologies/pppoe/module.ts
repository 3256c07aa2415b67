import type { TechnologyModule } from "../../providers/technology-module.ts";
import { pppoeShape } from "./pppoe-properties.ts";
import { PppoeProvider } from "./pppoe-provider.ts";

/** Accounts at a provider that wants a user name and a password on a cable (docs/pppoe.md). */
export const pppoe: TechnologyModule = {
  services: [{ technology: "pppoe", shape: pppoeShape }],
  makeProviders: (host) => [new PppoeProvider(host)],
};
