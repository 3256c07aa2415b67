import type { Subject } from "../subject.ts";
import { connman } from "./connman.ts";
import { fairlead } from "./fairlead.ts";
import { networkManager } from "./network-manager.ts";
import { networkd } from "./networkd.ts";

/** Ours first; the others in the order of the published table. */
export const subjects: readonly Subject[] = [fairlead, networkManager, connman, networkd];
