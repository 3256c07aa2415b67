import type { TechnologyModule } from "../providers/technology-module.ts";
import { ethernet } from "./ethernet/module.ts";
import { interfaces } from "./interface/module.ts";

/** Every technology that there is. A new one is a folder beside this file, and a line here. */
export const technologyModules: readonly TechnologyModule[] = [ethernet, interfaces];
