import type { TechnologyModule } from "../providers/technology-module.ts";
import { cellular } from "./cellular/module.ts";
import { ethernet } from "./ethernet/module.ts";
import { interfaces } from "./interface/module.ts";
import { pppoe } from "./pppoe/module.ts";
import { stacked } from "./stacked/module.ts";
import { vpn } from "./vpn/module.ts";
import { wifi } from "./wifi/module.ts";

/** Every technology that there is. A new one is a folder beside this file, and a line here. */
export const technologyModules: readonly TechnologyModule[] = [
  ethernet,
  pppoe,
  wifi,
  cellular,
  vpn,
  interfaces,
  stacked,
];
