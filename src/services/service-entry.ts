import { DaemonError, describeError } from "../base/errors.ts";
import type { PropertyStore } from "../base/property.ts";
import type { Technology } from "../base/technology.ts";
import { consent, isConsented } from "../profiles/consents.ts";
import { type Owner, ownerOfProfile, type Profile } from "../profiles/profile.ts";
import type { ProfileStack } from "../profiles/profile-stack.ts";
import type { EntryRows } from "../profiles/store.ts";
import { type Claim, type Need, needsOfMove, whoHolds } from "./who-decides.ts";

/** The Service, as far as its entry needs to know it. */
export interface EntryOwner {
  /** The name of its entry in every Profile that has one. */
  readonly storageId: string;
  readonly technology: Technology;
  readonly logLabel: string;
  /** Undefined: nothing of it is stored. */
  profile: Profile | undefined;
  /** A Profile of the machine: its settings that act are in force, and those of the user's `profile` that do not. */
  terms: Profile | undefined;
  readonly properties: Pick<PropertyStore<unknown>, "rows" | "restore" | "touch" | "isStored">;
  readonly shape: { readonly defs: ReadonlyMap<string, { readonly isUsersAffair?: true }> };
  /** The Service is a part of the machine, with or without an entry in a Profile. */
  readonly isMachines: boolean;
  readonly holdsSecret: boolean;
  readonly host: {
    readonly log: { warn(message: string, fields?: Readonly<Record<string, unknown>>): void };
    readonly profiles: Pick<ProfileStack, "profiles" | "byPath" | "profileForDevices">;
  };
  /** Called after the settings of another entry were loaded. */
  onEntryLoaded(): void;
  requestSort(because: string): void;
}

/** Which Profile has the say about a Service, and why others have not. */
export interface Standing {
  /** Undefined: no entry is in force. */
  readonly holder: Profile | undefined;
  /** See {@link EntryOwner.terms}. */
  readonly terms: Profile | undefined;
  /** Users' Profiles whose entry is stored and not in force, with the reason. */
  readonly keptBack: ReadonlyMap<Profile, string>;
}

/** Entry of a Service in Profiles: reads and writes it, and knows the Profile that the Service belongs to. */
export class ServiceEntry<Of extends EntryOwner = EntryOwner> {
  constructor(protected readonly owner: Of) {}

  /** Writes the whole entry; ephemeral Services are not stored. Throws DaemonError and then nothing has changed. */
  save(): void {
    if (this.owner.profile) this.saveTo(this.owner.profile);
  }
  /**
   * Writes the entry into any Profile; the Service stays with its own. On the machine's terms the acting settings go to
   * the machine, and a user's Profile is given no copy of them.
   */
  saveTo(profile: Profile): void {
    const { terms } = this.owner;
    if (!terms || profile.isMachine) {
      this.writeTo(profile, this.storedRows());
      return;
    }
    const { storageId } = this.owner;
    const rows = [...this.storedRows()];
    const isUsers = ([name]: readonly [string, string]) => name === "Type" || this.isUsersAffair(name);
    const others = [...(profile.store.read(storageId) ?? [])].filter((row) => !isUsers(row));
    profile.store.write(storageId, new Map([...rows.filter(isUsers), ...others]));
    const machines = [...(terms.store.read(storageId) ?? [])].filter(isUsers);
    this.writeTo(terms, new Map([...machines, ...rows.filter((row) => !isUsers(row))]));
  }
  protected writeTo(profile: Profile, rows: ReadonlyMap<string, string>): void {
    profile.store.write(this.owner.storageId, rows);
  }
  /** As {@link save}, for properties that a client set. */
  saveChange(names: Iterable<string>): void {
    if (this.owner.profile) this.saveChangeTo(this.owner.profile, names);
  }
  saveChangeTo(profile: Profile, _names: Iterable<string>): void {
    this.saveTo(profile);
  }
  /** For changes that no client asked for: a full disk is no reason to keep a network from being used. */
  saveIfPossible(): void {
    try {
      const { profile, terms } = this.owner;
      // Both stores that a save may write in.
      profile?.store.keep(() => (terms ? terms.store.keep(() => this.save()) : this.save()));
    } catch (error) {
      if (!(error instanceof DaemonError)) throw error;
      this.owner.host.log.warn(`${this.owner.logLabel}: could not be stored: ${describeError(error)}`);
    }
  }
  /** Every entry names its technology, so that it can be read without a live Service. */
  storedRows(): Map<string, string> {
    return this.owner.properties.rows().set("Type", JSON.stringify(this.owner.technology));
  }
  protected readRows(profile: Profile): EntryRows {
    return profile.store.read(this.owner.storageId) ?? new Map();
  }
  /** Whether a setting of this name concerns its user alone. */
  protected isUsersAffair(name: string): boolean {
    return this.owner.shape.defs.get(name)?.isUsersAffair ?? false;
  }
  /** The settings of the entry of this Profile that act beyond their user. */
  protected actingRows(profile: Profile): EntryRows {
    const rows = [...this.readRows(profile)];
    return new Map(rows.filter(([name]) => name !== "Type" && !this.isUsersAffair(name)));
  }

  /** The Profile in force, by the rule of who-decides.ts. */
  standing(): Standing {
    const { owner } = this;
    const { profiles } = owner.host;
    const claiming = profiles.profiles.filter((profile) => this.nameIn(profile) !== undefined);
    const isAlone = !owner.isMachines && claiming.length < 2;
    const claims = claiming.map((profile) => (isAlone ? aloneClaim(profile) : this.#claimOf(profile)));
    const { holder, isOnMachinesTerms, keptBack } = whoHolds(claims, owner.isMachines);
    return {
      holder: holder === undefined ? undefined : claiming[holder],
      terms: isOnMachinesTerms ? this.#machine : undefined,
      keptBack: new Map([...keptBack].map(([at, because]) => [claiming[at] as Profile, because])),
    };
  }
  #claimOf(profile: Profile): Claim {
    const { isMachine } = profile;
    const acting = this.actingRows(profile);
    const isConsented = !isMachine && this.#isConsented(profile);
    return { isMachine, acting, isConfigured: isConfigured(acting), isConsented };
  }
  #isConsented(profile: Profile): boolean {
    return isConsented(this.owner.host.profiles, profile, this.owner.storageId);
  }

  /** Owner who has to consent to a change of these properties where the Service is. */
  ownerOfChange(names: readonly string[]): Owner {
    const { profile, terms } = this.owner;
    if (!profile) return "nobody";
    return terms && !names.every((name) => this.isUsersAffair(name)) ? "machine" : ownerOfProfile(profile);
  }
  /** Owner who may read its secrets. */
  get ownerOfSecrets(): Owner {
    const { profile, terms } = this.owner;
    return terms ? "machine" : profile ? ownerOfProfile(profile) : "nobody";
  }
  /** Consents needed to move it, or a copy of it, into this Profile. */
  needsToMoveTo(target: Profile): readonly Need[] {
    const { owner } = this;
    return needsOfMove({
      from: this.ownerOfChange([]),
      secretsOf: this.ownerOfSecrets,
      holdsSecret: owner.holdsSecret,
      to: ownerOfProfile(target),
      isKept: this.#isKeptFrom(target),
      isKeptBack: this.standing().keptBack.has(target),
    });
  }
  /**
   * An administrator put it into this Profile, or agreed to the Profile's settings of it: they have to come into force
   * at the next login, too. The caller has asked for {@link needsToMoveTo}.
   */
  agreeTo(profile: Profile): void {
    const { owner } = this;
    if (this.standing().keptBack.has(profile)) consent(owner.host.profiles, profile, owner.storageId);
    if (owner.profile === profile) owner.terms = this.#termsIn(profile);
  }
  /** Profile that sets the terms of its entry in this Profile; undefined: the entry has its own say. */
  #termsIn(profile: Profile | undefined): Profile | undefined {
    return profile && this.#isKeptFrom(profile) ? this.#machine : undefined;
  }
  /** The machine keeps it, and no administrator agreed that this Profile has an own say. */
  #isKeptFrom(profile: Profile): boolean {
    if (profile.isMachine || this.#isConsented(profile)) return false;
    const machine = this.#machine;
    return this.owner.isMachines || (machine !== undefined && isConfigured(this.actingRows(machine)));
  }
  /** The topmost Profile of the machine that has an entry about it, or would get one. */
  get #machine(): Profile | undefined {
    const { profiles } = this.owner.host;
    const claims = (one: Profile) => one.isMachine && this.nameIn(one) !== undefined;
    return profiles.profiles.findLast(claims) ?? profiles.profileForDevices();
  }
  /**
   * Consents needed to configure these settings in this Profile; in its own, on the machine's terms, they would come to
   * stand there as the machine has them.
   */
  needsToConfigure(target: Profile, names: readonly string[]): readonly Need[] {
    const change: Need = { right: "settings", owner: this.ownerOfChange(names) };
    const { profile, terms } = this.owner;
    const isOnTerms = terms !== undefined && change.owner === "machine";
    if (profile === target && !isOnTerms) return [change];
    return [...this.needsToMoveTo(target), ...(isOnTerms ? [change] : [])];
  }
  /** From now on it has its own settings in its Profile; the caller has asked, and calls {@link agreeTo} afterwards. */
  leaveTerms(names: readonly string[]): void {
    if (this.ownerOfChange(names) === "machine") this.owner.terms = undefined;
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
  /** Deletes the entry in its Profile; the values in force stay until the caller finds it another home. */
  delete(): void {
    this.owner.profile?.store.delete(this.owner.storageId);
  }

  /**
   * Takes the settings of the entry of this Profile, or the defaults, and belongs to it from now on; on these terms.
   */
  load(profile: Profile | undefined, terms?: Profile): void {
    this.owner.profile = profile;
    this.owner.terms = terms;
    this.takeSettings(profile, terms);
    this.owner.properties.touch("Profile");
  }
  /** Takes the settings of the entry of this Profile, or the defaults; the Service stays with its own Profile. */
  takeSettings(profile: Profile | undefined, terms?: Profile): void {
    const { owner } = this;
    const rows = this.#rowsOn(profile, terms);
    owner.properties.restore(rows, (name, error) =>
      owner.host.log.warn(`${profile?.path} ${owner.storageId}: stored ${name} is unreadable, default taken`, {
        error,
      }),
    );
    owner.onEntryLoaded();
  }
  #rowsOn(profile: Profile | undefined, terms: Profile | undefined): EntryRows {
    const rows: EntryRows = profile ? this.readRows(profile) : new Map();
    if (!terms) return rows;
    return new Map([...[...rows].filter(([name]) => this.isUsersAffair(name)), ...this.actingRows(terms)]);
  }
  /** It belongs to another Profile from now on; settings and entries stay as they are. */
  belongTo(profile: Profile | undefined): void {
    this.owner.profile = profile;
    this.owner.terms = this.#termsIn(profile);
    this.owner.properties.touch("Profile");
    this.owner.requestSort("a Service belongs to another Profile");
  }
  /**
   * Belongs to this Profile from now on, with its present settings. Throws the store's error, and then nothing has
   * changed.
   */
  adoptBy(profile: Profile): void {
    this.saveTo(profile);
    this.belongTo(profile);
  }
  /**
   * Into another Profile, with its settings: there first, so that a crash in between loses nothing. The one that it is
   * in: nothing to do. InvalidArguments (unknown), InternalError.
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
    this.agreeTo(target);
  }
}

/** No other entry competes: the contents of this one make no difference. */
const aloneClaim = ({ isMachine }: Profile): Claim => ({
  isMachine,
  acting: new Map(),
  isConfigured: false,
  isConsented: false,
});
/** A first success is noted as AutoConnect: that alone is no configuration. */
const isConfigured = (acting: EntryRows): boolean => [...acting.keys()].some((name) => name !== "AutoConnect");
