import { DaemonError, describeError } from "../base/errors.ts";
import type { PropertyStore } from "../base/property.ts";
import type { Technology } from "../base/technology.ts";
import type { Profile } from "../profiles/profile.ts";
import type { ProfileStack } from "../profiles/profile-stack.ts";
import type { EntryRows } from "../profiles/store.ts";

/** The Service, as far as its entry needs to know it. */
export interface EntryOwner {
  /** The name of its entry in whatever Profile has one. */
  readonly storageId: string;
  readonly technology: Technology;
  readonly logName: string;
  /** Undefined: nothing of it is stored. */
  profile: Profile | undefined;
  readonly properties: Pick<PropertyStore<unknown>, "rows" | "restore" | "touch">;
  readonly host: {
    readonly log: { warn(message: string, fields?: Readonly<Record<string, unknown>>): void };
    readonly profiles: Pick<ProfileStack, "profiles" | "byPath" | "findEntry">;
  };
  /** Its properties are those of another entry than before. */
  settingsTaken(): void;
  requestSort(because: string): void;
}

/** What Profiles keep of a Service: its entry read and written, and to which Profile it belongs. */
export class ServiceEntry<Owner extends EntryOwner = EntryOwner> {
  constructor(protected readonly owner: Owner) {}

  /** Writes the whole entry; ephemeral Services are not stored. Throws DaemonError and then nothing has changed. */
  save(): void {
    if (this.owner.profile) this.saveTo(this.owner.profile);
  }
  /** Writes the entry into any Profile; the Service stays with its own. */
  saveTo(profile: Profile): void {
    profile.store.write(this.owner.storageId, this.storedRows());
  }
  /** For what nobody asked for: a full disk is no reason to keep a network from being used. */
  saveIfPossible(): void {
    try {
      this.save();
    } catch (error) {
      if (!(error instanceof DaemonError)) throw error;
      this.owner.host.log.warn(`${this.owner.logName}: could not be stored: ${describeError(error)}`);
    }
  }
  /** Every entry says what it is, so that it can be read without a live Service. */
  storedRows(): Map<string, string> {
    return this.owner.properties.rows().set("Type", JSON.stringify(this.owner.technology));
  }
  protected readRows(profile: Profile): EntryRows {
    return profile.store.read(this.owner.storageId) ?? new Map();
  }
  /** The entry of the Profile that is about this Service; undefined: there is none. */
  nameIn(profile: Profile): string | undefined {
    return profile.has(this.owner.storageId) ? this.owner.storageId : undefined;
  }
  /** Entry by path of each Profile that has one about this Service, the lowest first. */
  loadable(): ReadonlyMap<string, string> {
    const entries = this.owner.host.profiles.profiles.map((profile) => [profile.path, this.nameIn(profile)] as const);
    return new Map(entries.filter((pair): pair is [string, string] => pair[1] !== undefined));
  }
  /** Deleted in its Profile; what is in force stays until the caller finds it another home. */
  delete(): void {
    this.owner.profile?.store.delete(this.owner.storageId);
  }

  /** Takes the settings of the entry of this Profile, or the defaults, and belongs to it from now on. */
  load(profile: Profile | undefined): void {
    this.owner.profile = profile;
    this.takeSettings(profile);
    this.owner.properties.touch("Profile");
  }
  /** Takes the settings of the entry of this Profile, or the defaults; the Service stays with its own Profile. */
  takeSettings(profile: Profile | undefined): void {
    const { owner } = this;
    const rows: EntryRows = profile ? this.readRows(profile) : new Map();
    owner.properties.restore(rows, (name, error) =>
      owner.host.log.warn(`${profile?.path} ${owner.storageId}: stored ${name} is unreadable, default taken`, {
        error,
      }),
    );
    owner.settingsTaken();
  }
  /** It belongs to another Profile from now on; settings and entries stay as they are. */
  belongTo(profile: Profile | undefined): void {
    this.owner.profile = profile;
    this.owner.properties.touch("Profile");
    this.owner.requestSort("a Service belongs to another Profile");
  }
  /** Belongs to this Profile from now on, with the settings that it has. Throws what the store throws, and then nothing has changed. */
  adoptBy(profile: Profile): void {
    this.saveTo(profile);
    this.belongTo(profile);
  }
  /**
   * Into another Profile, with its settings: there first, so that a crash in between loses nothing. The one that it is in:
   * nothing to do. InvalidArguments (unknown), InternalError.
   */
  moveTo(path: string): void {
    const { profile: before, storageId, host } = this.owner;
    if (path === (before?.path ?? "")) return;
    const target = host.profiles.byPath(path);
    if (!target) throw new DaemonError("InvalidArguments", "Invalid profile name");
    const isKnownThere = this.nameIn(target) !== undefined;
    this.adoptBy(target);
    try {
      before?.store.delete(storageId);
    } catch (error) {
      this.belongTo(before);
      if (!isKnownThere) target.store.delete(storageId);
      throw error;
    }
  }
}
