import type { Measure } from "../figures.ts";
import { measureCable } from "./cable.ts";
import { measureCalls } from "./calls.ts";
import { measureFailover } from "./failover.ts";
import { measureFlood } from "./flood.ts";
import { measureIdle } from "./idle.ts";
import { measure1000Links, measure4000Links } from "./links.ts";
import { measurePlugs } from "./plugs.ts";
import { measureStart, measureStartWithManyLinks } from "./start.ts";
import { measureStoredNetworks } from "./stored-networks.ts";

export const rows: Readonly<Record<string, Measure>> = {
  cable: measureCable,
  plugs: measurePlugs,
  failover: measureFailover,
  start: measureStart,
  "start-1000": measureStartWithManyLinks,
  "links-1000": measure1000Links,
  "links-4000": measure4000Links,
  "stored-networks": measureStoredNetworks,
  calls: measureCalls,
  flood: measureFlood,
  idle: measureIdle,
};
