import { DaemonError } from "../base/errors.ts";
import { OneAtATime } from "../base/one-at-a-time.ts";
import { isTechnologyName, type Technology } from "../base/technology.ts";
import { consentsEntry } from "../profiles/consents.ts";
import type { Profile } from "../profiles/profile.ts";
import type { ProfileStack } from "../profiles/profile-stack.ts";
import { longestProfileText } from "../profiles/profile-text.ts";
import { storeLimits } from "../profiles/store-limits.ts";
import { serviceKindOf, type TechnologyModule } from "../providers/technology-module.ts";
import type { Service } from "../services/service.ts";
import { StoredService, technologyOfEntry } from "../services/stored-service.ts";
import { managerEntry, type SettingsControl } from "./manager-settings.ts";
import { readProfileText, writeEntries } from "./profile-exchange.ts";
import type { ProfileFollower } from "./profile-follower.ts";
import type { ServiceRegistry } from "./service-registry.ts";

/** Every local user may ask which entries are kept back: a longer answer is of no use to a person. */
const mostLookedAt = 1000;

/** The parts of the Manager that entries of Profiles reach. */
export interface ProfileEntriesHost {
  readonly profiles: ProfileStack;
  readonly modules: readonly TechnologyModule[];
  readonly settings: SettingsControl;
  /** Also host of a Service that is made to change its stored entry. */
  readonly serviceRegistry: ServiceRegistry;
}

/** Exports and Imports of one user that wait while one is under way; each may hold a text of some MiB. */
const mostWaitingExchanges = 8;

/** Clients' operations on the entries of Profiles: read, forget, import, and begin a Profile with. */
export class ProfileEntries {
  /** By user. */
  readonly exchanges = new OneAtATime(mostWaitingExchanges);

  constructor(
    private readonly host: ProfileEntriesHost,
    private readonly follower: Pick<ProfileFollower, "rehomeOrUnload" | "imported" | "review">,
  ) {}

  /** Forgets a Service's settings in its Profile; another Profile's take over, or it is unloaded. */
  forget(service: Service): void {
    service.profile?.store.transaction(() => service.entry.delete());
    this.follower.rehomeOrUnload(service);
    this.host.serviceRegistry.requestSort("a Service's settings were forgotten", service);
  }
  /** NotFound. A Service of the entry is treated as in {@link forget}. */
  delete(profile: Profile, entry: string): void {
    if (!profile.has(entry)) throw noSuchEntry(profile);
    const service = this.#liveService(profile, entry);
    if (service) this.forget(service);
    else {
      profile.store.delete(entry);
      this.follower.review(entry === consentsEntry ? undefined : entry, profile);
    }
    // The settings in force stay in force, and stored.
    if (entry === managerEntry && profile === this.host.profiles.profileForDevices()) this.host.settings.save();
  }
  /** The live Service that goes by the entry, or one made for the look only; NotFound, InternalError. */
  serviceOf(profile: Profile, entry: string): Service {
    const rows = profile.store.read(entry);
    if (!rows) throw noSuchEntry(profile);
    const live = this.#liveService(profile, entry);
    if (live) return live;
    const service = this.#made(entry, technologyOfEntry(entry, rows));
    service.entry.load(profile);
    return service;
  }

  /**
   * The entries of the text are stored, all or nothing, and in force as far as the Profile has the say; resolves to the
   * names of the entries. Rejects with InvalidArguments.
   */
  async import(profile: Profile, text: string): Promise<readonly string[]> {
    refuseLongText(profile, text);
    const entries = await readProfileText(text, {
      managerShape: this.host.settings.properties.shape,
      modules: this.host.modules,
    });
    if (!this.isLoaded(profile)) throw new DaemonError("NotFound", `${profile.label} left the stack meanwhile`);
    if (!profile.isMachine) for (const entry of entries.keys()) refuseMachines(profile, entry);
    writeEntries(profile.store, entries);
    this.follower.imported(profile, new Set(entries.keys()));
    return [...entries.keys()];
  }
  /** Entries of a user's Profile that are stored and not in force, with the reason. */
  keptBack(profile: Profile, among = profile.serviceEntries()): ReadonlyMap<string, string> {
    const reasons = new Map<string, string>();
    if (profile.isMachine) return reasons;
    const live = new Map(this.host.serviceRegistry.list.all.map((service) => [service.storageId, service]));
    let left = mostLookedAt;
    for (const entry of among) {
      const isContested = live.has(entry) || this.#isContested(entry);
      if (!isContested) continue;
      if (left-- === 0) break;
      const service = live.get(entry) ?? this.#madeToAsk(profile, entry);
      const because = service?.entry.standing().keptBack.get(profile);
      if (because !== undefined) reasons.set(entry, because);
    }
    return reasons;
  }
  /** An administrator agrees to the Profile's settings in these entries: they are in force from now on. */
  agreeTo(profile: Profile, entries: Iterable<string>): void {
    const live = new Map(this.host.serviceRegistry.list.all.map((service) => [service.storageId, service]));
    for (const entry of entries) (live.get(entry) ?? this.#madeToAsk(profile, entry))?.entry.agreeTo(profile);
    this.follower.imported(profile, new Set(entries));
  }
  /** For an entry that no Service goes by now; undefined: no Service could. */
  #madeToAsk(profile: Profile, entry: string): Service | undefined {
    const [prefix = ""] = entry.split("_", 1);
    const rows = profile.store.read(entry);
    return rows && isTechnologyName(prefix) ? this.#made(entry, technologyOfEntry(entry, rows)) : undefined;
  }
  /** Whether the machine could have the say about it. */
  #isContested(entry: string): boolean {
    const [prefix = ""] = entry.split("_", 1);
    const isMachines = serviceKindOf(this.host.modules, prefix)?.isMachines ?? false;
    return isMachines || this.host.profiles.profiles.some((one) => one.isMachine && one.has(entry));
  }
  #made(entry: string, technology: Technology): Service {
    const host = this.host.serviceRegistry;
    const provider = host.providerOf(technology);
    return provider?.serviceForEntry?.(entry) ?? new StoredService(host, host.nextServiceSerial(), technology, entry);
  }

  /** Still on the stack. */
  isLoaded(profile: Profile): boolean {
    return this.host.profiles.rank(profile) >= 0;
  }

  /** As in shill, one of the machine begins with the settings in force: pushing it changes none of them. */
  createProfile(name: string): string {
    return this.host.profiles.create(name, (store, isMachine) => {
      if (isMachine) store.write(managerEntry, this.host.settings.properties.rows());
    });
  }

  #liveService(profile: Profile, entry: string): Service | undefined {
    return this.host.serviceRegistry.list.all.find((one) => one.profile === profile && one.storageId === entry);
  }
}

const noSuchEntry = (profile: Profile): DaemonError =>
  new DaemonError("NotFound", `Profile ${profile.label} has no such entry`);

/** Before anything is made of it. */
function refuseLongText(profile: Profile, text: string): void {
  const most = profile.isMachine ? longestProfileText : storeLimits.userFileBytes;
  if (text.length <= most) return;
  throw new DaemonError(
    "InvalidArguments",
    `the text has ${text.length} characters; ${most} are allowed for ${profile.label}`,
  );
}

/** Hardware, commands, the Manager's settings and administrators' marks count in Profiles of the machine alone. */
function refuseMachines(profile: Profile, entry: string): void {
  const machines = [managerEntry, consentsEntry].includes(entry) || /^(device|modifier)_/.test(entry);
  if (!machines) return;
  const why = "the machine's own settings are for its Profiles";
  throw new DaemonError("InvalidArguments", `[${entry.slice(0, 60)}] has no place in ${profile.label}: ${why}`);
}
