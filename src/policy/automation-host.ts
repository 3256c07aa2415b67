import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Technology } from "../base/technology.ts";
import type { Profile } from "../profiles/profile.ts";
import type { ProfileStack } from "../profiles/profile-stack.ts";
import type { AutomationEvent } from "../providers/manager-event.ts";
import type { Rtnl } from "../rtnl/rtnl.ts";
import type { Service } from "../services/service.ts";
import type { Processes } from "../system/processes.ts";

/** Ports of policy to the system. */
export interface AutomationPorts {
  readonly processes: Processes;
  /** Of the machine's own name; undefined: it has none. */
  hostDomain(): string | undefined;
  /** Text of a file that only root could have written. Throws DaemonError that names the file's fault. */
  readTrustedFile(path: string): string;
  /** Why the program is not to be run by the daemon; undefined: it may be. */
  programFault(path: string): string | undefined;
}

/** Take the place of those of the Services; undefined: theirs are used. Empty: there are none. */
export interface NameService {
  readonly nameServers?: readonly string[] | undefined;
  readonly searchDomains?: readonly string[] | undefined;
}

/** Parts of the Manager that policy needs. */
export interface AutomationHost extends AutomationPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly profiles: ProfileStack;
  readonly services: { readonly all: readonly Service[] };
  readonly rtnl: Pick<Rtnl, "neighbours" | "request">;
  /** Of all Devices, with whether they hold a connection. */
  links(): ReadonlyMap<string, boolean>;
  /** Asks for a check once the burst is over. */
  whenQuiet(name: string, check: () => void): void;
  requestSort(because: string): void;
  /** In force at once. */
  setNameService(names: NameService): void;
  happened(event: AutomationEvent): void;
  /** Locations or Modifiers came or went. */
  listsChanged(): void;
  /** The technology's group in policy Automatic; undefined: it is in none. */
  priorityGroupOf(technology: Technology): number | undefined;
  /** Which policy is active; stored with the Manager's settings. Throws the store's error. */
  activePolicy: string;
}

/** An entry of a Profile that describes a Location or a Modifier. */
export interface StoredObject {
  readonly name: string;
  readonly profile: Profile;
  /** Why it is stored and takes no part; undefined: it counts. */
  readonly heldBackBecause: string | undefined;
}
