import { dirname, join } from "node:path";
import { DaemonError, describeError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { StorageHealth } from "../system/storage-health.ts";
import { KeptStore } from "./kept-store.ts";
import { checkUserHash, readLoadedProfileList, writeLoadedProfileList } from "./loaded-profile-list.ts";
import { MemoryStore } from "./memory-store.ts";
import { Profile } from "./profile.ts";
import {
  defaultProfile,
  formatProfileIdentifier,
  isSameProfile,
  machineProfileFolder,
  type ProfileFolders,
  type ProfileIdentifier,
  parseProfileIdentifier,
  profileLocation,
  profilePath,
} from "./profile-identifier.ts";
import { parseProfile } from "./profile-text.ts";
import type { OpenMode, ProfileStorage, ProfileStore } from "./store.ts";
import { storeLimits } from "./store-limits.ts";

/** Calls to the upper floors when the stack changes. Made after the change, bottom-to-top order kept by the caller. */
export interface ProfileStackObserver {
  /** The Profile is on top now. */
  pushed(profile: Profile): void;
  /** The Profile is off the stack; its store is open for the length of this call. */
  popped(profile: Profile): void;
  /** The Profile's disk is back, with other entries than the ones read before; they are on disk now. */
  reread?(profile: Profile, entries: ReadonlySet<string>): void;
  /** Once after each push and pop, when all observers have done their part: time to signal and to sort. */
  changed(): void;
}

export interface ProfileStackOptions extends ProfileFolders {
  readonly storage: ProfileStorage;
  readonly log: Log;
  /** Hears of Profiles that cannot be stored now, and tries again. Absent: they are only logged. */
  readonly health?: StorageHealth;
  /** Before a Profile of the machine is opened for writing. Throws DaemonError where it must not be. */
  beforeOpening?(): void;
  /** First content of a `default` that is made anew: text of profiles/. Absent: none. */
  defaultText?(): string | undefined;
  /** The number of a Unix account; undefined: there is none. Absent: accounts are unknown. */
  uidOfAccount?(name: string): Promise<number | undefined>;
}

/** A session has two or three. The bound is for a client that pushes without end. */
const depthLimit = 32;
/** As many files as a client may make through CreateProfile: of the machine, and of each user. */
const profileLimit = 256;

/**
 * The stack of Profiles (docs/contract/shill.md, Profiles): `default` at the bottom, those of the machine above it,
 * then those of users. Methods called on behalf of a client throw the DaemonErrors of shill's doc/manager-api.txt, and
 * then nothing has changed. Which users' Profiles are loaded is kept in `<run>/loaded_profile_list`, so that a restart
 * of the daemon keeps the session.
 */
export class ProfileStack {
  readonly #stack: Profile[] = [];
  readonly #observers = new Set<ProfileStackObserver>();
  readonly #listFile: string;
  readonly #health: StorageHealth;
  #isStarting = false;

  constructor(private readonly options: ProfileStackOptions) {
    this.#health = options.health ?? new StorageHealth({ log: options.log });
    this.#listFile = join(options.runDir, "loaded_profile_list");
  }

  /** Returns "remove". */
  observe(observer: ProfileStackObserver): () => void {
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }

  /**
   * Makes or repairs `default` and pushes it, then pushes the Profiles of the last run's list. A user's Profile that
   * cannot be pushed is logged and left out. A `default` that cannot be had is replaced by its readable part, or by
   * nothing: no disk keeps the network down.
   */
  start(): void {
    const warn = (complaint: string) => this.options.log.warn(`${this.#listFile}: ${complaint}`);
    const listed = readLoadedProfileList(this.#listFile, warn);
    // Written once at the end: a crash on the way must not forget the session.
    this.#isStarting = true;
    try {
      this.#add(new Profile(defaultProfile, this.#openDefault()));
      for (const { identifier, userHash } of listed) this.#pushListed(identifier, userHash);
    } finally {
      this.#isStarting = false;
    }
    this.#writeList();
  }

  /** Closes every Profile, top first, without telling observers: the daemon ends, the session does not. */
  stop(): void {
    for (let profile = this.#stack.pop(); profile; profile = this.#stack.pop()) this.#close(profile);
  }

  /** Bottom first, as the property Profiles shows them. */
  get profiles(): readonly Profile[] {
    return this.#stack;
  }
  /** The top: new configuration and Services connected for the first time go there. Undefined: the stack is empty. */
  profileForNew(): Profile | undefined {
    return this.#stack.at(-1);
  }
  /** The topmost one of the machine: Devices and the Manager's settings go there. */
  profileForDevices(): Profile | undefined {
    return this.#stack.findLast((profile) => profile.isMachine);
  }
  /** The topmost Profile with this entry. */
  findEntry(entry: string): Profile | undefined {
    return this.#stack.findLast((profile) => profile.has(entry));
  }
  byPath(path: string): Profile | undefined {
    return this.#stack.find((profile) => profile.path === path);
  }
  byIdentifier(identifier: ProfileIdentifier): Profile | undefined {
    return this.#stack.find((profile) => isSameProfile(profile.identifier, identifier));
  }
  /** Height on the stack, 0 is the bottom; -1 when it is not on it. */
  rank(profile: Profile): number {
    return this.#stack.indexOf(profile);
  }

  /**
   * Makes a Profile, lets `fill` write its first entries, and returns the path it will have once pushed.
   * InvalidArguments, AlreadyExists, InternalError, or the error of `fill`; then nothing is left of it.
   */
  create(text: string, fill: (store: ProfileStore, isMachine: boolean) => void = () => {}): string {
    const identifier = parseProfileIdentifier(text);
    const isMachine = identifier.user === undefined;
    this.#refuseIfLoaded(identifier, "AlreadyExists");
    this.#refuseTooManyFiles(identifier);
    const store = this.#openStore(identifier, "create");
    try {
      fill(store, isMachine);
    } catch (error) {
      store.close();
      this.options.storage.remove(profileLocation(this.options, identifier));
      throw error;
    }
    store.close();
    return profilePath(identifier);
  }

  /** InvalidArguments, AlreadyExists (on the stack), NotFound (a user's that does not exist), InternalError. */
  push(text: string): Profile {
    return this.#push(parseProfileIdentifier(text), "");
  }

  /** As {@link push}, only for `~user/name`, remembering the user's hash. */
  insert(text: string, userHash: string): Profile {
    const identifier = parseProfileIdentifier(text);
    if (identifier.user === undefined) throw new DaemonError("InvalidArguments", `${text} is not a user's Profile`);
    checkUserHash(userHash);
    return this.#push(identifier, userHash);
  }

  /** NotFound (empty stack), InvalidArguments, WrongState (not the top). */
  pop(text: string): void {
    const top = this.#top();
    if (isSameProfile(top.identifier, parseProfileIdentifier(text))) this.#removeTop();
    else throw new DaemonError("WrongState", `${text} is not the active profile`);
  }

  /** NotFound (empty stack). */
  popAny(): void {
    this.#top();
    this.#removeTop();
  }

  /** Down to the first one of the machine. */
  popAllUsers(): void {
    while (this.#stack.at(-1)?.isMachine === false) this.#removeTop();
  }

  /** Deletes the storage; it may be missing. InvalidArguments (also when on the stack), Failure. */
  remove(text: string): void {
    const identifier = parseProfileIdentifier(text);
    this.#refuseIfLoaded(identifier, "InvalidArguments");
    this.options.storage.remove(profileLocation(this.options, identifier));
  }

  #push(identifier: ProfileIdentifier, userHash: string): Profile {
    this.#refuseIfLoaded(identifier, "AlreadyExists");
    const isMachine = identifier.user === undefined;
    if (isMachine && this.#stack.at(-1)?.isMachine === false) {
      throw new DaemonError("InvalidArguments", `Cannot load ${identifier.name} on top of a user's Profile`);
    }
    if (this.#stack.length >= depthLimit) throw new DaemonError("Failure", `${depthLimit} Profiles are loaded already`);
    const store = isMachine ? this.#openMachineStore(identifier) : this.#openKept(identifier);
    return this.#add(new Profile(identifier, store, userHash, store instanceof KeptStore));
  }

  /** As in shill: one of the machine without a file can be pushed, and its settings are gone with it. */
  #openMachineStore(identifier: ProfileIdentifier): ProfileStore {
    const location = profileLocation(this.options, identifier);
    if (this.options.storage.exists(location)) return this.#openKept(identifier);
    return new MemoryStore(`${location} (not on disk)`);
  }

  #openDefault(): ProfileStore {
    const isNew = this.#isMissing(profileLocation(this.options, defaultProfile));
    const store = this.#openKept(defaultProfile);
    if (isNew) this.#fillDefault(store);
    return store;
  }
  /** A file that cannot be looked at counts as there: its settings are not to be covered by defaults. */
  #isMissing(location: string): boolean {
    try {
      return !this.options.storage.exists(location);
    } catch {
      return false;
    }
  }
  #openKept(identifier: ProfileIdentifier): KeptStore {
    const { storage } = this.options;
    const location = profileLocation(this.options, identifier);
    const store: KeptStore = KeptStore.open(
      {
        location,
        open: () => this.#openForWriting(identifier),
        read: () => storage.snapshot(location),
        failed: (reason) => this.#health.failed(location, reason, () => store.retry()),
        works: () => this.#health.works(location),
        reread: (entries) => queueMicrotask(() => this.#reread(store, entries)),
      },
      identifier === defaultProfile,
    );
    return store;
  }
  #openForWriting(identifier: ProfileIdentifier): ProfileStore {
    const isDefault = identifier === defaultProfile;
    if (identifier.user === undefined) this.options.beforeOpening?.();
    if (isDefault) this.options.storage.ensureFolder(machineProfileFolder(this.options));
    return this.#openStore(identifier, isDefault ? "open-or-create" : "open");
  }
  #reread(store: ProfileStore, entries: ReadonlySet<string>): void {
    const profile = this.#stack.find((one) => one.store === store);
    if (profile) this.#tell((observer) => observer.reread?.(profile, entries));
  }
  /** Without it everything has the program's own defaults: no reason not to start. */
  #fillDefault(store: ProfileStore): void {
    try {
      const entries = parseProfile(this.options.defaultText?.() ?? "");
      store.keep(() => {
        for (const [entry, rows] of entries) store.write(entry, rows);
      });
    } catch (error) {
      this.options.log.warn(`The contents of a first default Profile were not taken: ${describeError(error)}`);
    }
  }

  #openStore(identifier: ProfileIdentifier, mode: OpenMode): ProfileStore {
    const mostBytes = identifier.user === undefined ? storeLimits.fileBytes : storeLimits.userFileBytes;
    const location = profileLocation(this.options, identifier);
    const { store, setAside } = this.options.storage.open(location, mode, {
      mostBytes,
      tell: (what) => this.options.log.error(`Profile ${formatProfileIdentifier(identifier)}: ${what}`),
    });
    if (setAside) {
      const label = formatProfileIdentifier(identifier);
      this.options.log.error(
        `Profile ${label} was damaged (${setAside.reason}); it begins empty, the old one is kept`,
        {
          movedTo: setAside.movedTo,
        },
      );
    }
    return store;
  }

  #pushListed(identifier: ProfileIdentifier, userHash: string): void {
    try {
      this.#push(identifier, userHash);
    } catch (error) {
      const label = formatProfileIdentifier(identifier);
      this.options.log.warn(`Profile ${label} of the last run cannot be loaded: ${describeError(error)}`);
    }
  }

  /** `uid1000` is user 1000, whose own name does not fit into a path; unless an account has that name. */
  async #findOwner(profile: Profile): Promise<void> {
    const { user } = profile.identifier;
    if (user === undefined) return;
    const byNumber = /^uid(\d{1,10})$/.exec(user)?.[1];
    profile.ownerUid = (await this.options.uidOfAccount?.(user)) ?? (byNumber ? Number(byNumber) : undefined);
  }

  #add(profile: Profile): Profile {
    this.#stack.push(profile);
    void this.#findOwner(profile);
    this.#tell((observer) => observer.pushed(profile));
    this.#settle();
    return profile;
  }

  #removeTop(): void {
    const profile = this.#stack.pop();
    if (!profile) return;
    this.#tell((observer) => observer.popped(profile));
    this.#close(profile);
    this.#settle();
  }

  #settle(): void {
    this.#tell((observer) => observer.changed());
    if (!this.#isStarting) this.#writeList();
  }

  /** The change has happened already; an observer that fails must not keep the others from following it. */
  #tell(call: (observer: ProfileStackObserver) => void): void {
    for (const observer of [...this.#observers]) {
      try {
        call(observer);
      } catch (error) {
        this.options.log.error("A part of the daemon did not follow a change of the Profile stack", { error });
      }
    }
  }

  #close(profile: Profile): void {
    try {
      profile.store.close();
    } catch (error) {
      this.options.log.warn(`Profile ${profile.label} was not closed: ${describeError(error)}`);
    }
    this.#health.forget(profile.store.location);
  }

  /** Not an error for the client: the push is done, only a restart of the daemon would forget it. */
  #writeList(): void {
    const write = () =>
      writeLoadedProfileList(
        this.#listFile,
        this.#stack.filter((profile) => !profile.isMachine),
      );
    try {
      write();
      this.#health.works(this.#listFile);
    } catch (error) {
      this.#health.failed(this.#listFile, `${this.#listFile} cannot be written: ${describeError(error)}`, write);
    }
  }

  #top(): Profile {
    const top = this.#stack.at(-1);
    if (!top) throw new DaemonError("NotFound", "Profile stack is empty");
    return top;
  }

  #refuseIfLoaded(identifier: ProfileIdentifier, code: "AlreadyExists" | "InvalidArguments"): void {
    if (!this.byIdentifier(identifier)) return;
    throw new DaemonError(code, `Profile ${formatProfileIdentifier(identifier)} is on the stack`);
  }

  #refuseTooManyFiles(identifier: ProfileIdentifier): void {
    const folder = dirname(profileLocation(this.options, identifier));
    if (this.options.storage.list(folder).length < profileLimit) return;
    throw new DaemonError("InternalError", `There are ${profileLimit} Profiles already; remove some`);
  }
}
