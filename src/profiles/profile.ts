import { isTechnologyName } from "../base/technology.ts";
import { formatProfileIdentifier, type ProfileIdentifier, profilePath } from "./profile-identifier.ts";
import type { ProfileStore } from "./store.ts";

/** A Profile on the stack. The stack opens and closes its store; after it was popped the store is closed. */
export class Profile {
  /** `name` or `~user/name`. */
  readonly label: string;
  /** D-Bus object path. */
  readonly path: string;
  /**
   * The Unix user of `~user/name`; undefined for the machine's, for a name that is no account, and until it is known.
   */
  ownerUid: number | undefined;

  constructor(
    readonly identifier: ProfileIdentifier,
    readonly store: ProfileStore,
    /** As the login hook gave it; empty for Profiles of the machine and of guests. */
    readonly userHash: string = "",
    /** False: its settings are in memory, and are gone with it. */
    readonly hasFile = true,
  ) {
    this.label = formatProfileIdentifier(identifier);
    this.path = profilePath(identifier);
  }

  /** Without the user: the value of the property Name. */
  get name(): string {
    return this.identifier.name;
  }

  get isMachine(): boolean {
    return this.identifier.user === undefined;
  }

  has(entry: string): boolean {
    return this.store.has(entry);
  }

  /** The entries of Services: those whose prefix before `_` is a technology's name. In the order of the store. */
  serviceEntries(): readonly string[] {
    return this.store.entries().filter((entry) => isTechnologyName(entry.split("_", 1)[0] ?? ""));
  }
}

/**
 * Owner of an object: the machine, none yet (`nobody`: a network that is stored nowhere), or a user. Without a known
 * uid only administrators may change the object.
 */
export type Owner = "machine" | "nobody" | { readonly uid: number | undefined };

export const ownerOfProfile = (profile: Profile): Owner => (profile.isMachine ? "machine" : { uid: profile.ownerUid });
export const isSameOwner = (a: Owner, b: Owner): boolean =>
  typeof a === "object" && typeof b === "object" ? a.uid === b.uid : a === b;
