import { DaemonError } from "../base/errors.ts";
import { OneAtATime } from "../base/one-at-a-time.ts";
import type { PropertyShape, PropertyStore } from "../base/property.ts";
import type { Profile } from "../profiles/profile.ts";
import type { ProfileStack } from "../profiles/profile-stack.ts";
import { longestProfileText } from "../profiles/profile-text.ts";
import { storeLimits } from "../profiles/store-limits.ts";
import type { Provider, ProviderHost } from "../providers/provider.ts";
import type { Service } from "../services/service.ts";
import { StoredService, technologyOfEntry } from "../services/stored-service.ts";
import { managerEntry } from "./manager-settings.ts";
import { readProfileText, writeEntries } from "./profile-exchange.ts";
import type { ProfileFollower } from "./profile-follower.ts";

/** The Manager, as far as entries of Profiles reach it. */
export interface ProfileEntriesHost extends ProviderHost {
  readonly profiles: ProfileStack;
  readonly services: { readonly all: readonly Service[] };
  readonly providers: readonly Provider[];
  readonly properties: Pick<PropertyStore<unknown>, "rows">;
  saveSettings(): void;
}

/** Exports and Imports of one user that wait while one is under way; each may hold a text of some MiB. */
const mostWaitingExchanges = 8;

/** What clients do to the entries of Profiles: look, forget, bring in, and begin a Profile with. */
export class ProfileEntries {
  /** By user. */
  readonly exchanges = new OneAtATime(mostWaitingExchanges);

  constructor(
    private readonly host: ProfileEntriesHost,
    private readonly follower: Pick<ProfileFollower, "rehomeOrUnload" | "imported">,
    /** Of the Manager's own settings. */
    private readonly shape: unknown,
  ) {}

  /** Forgets a Service's settings in its Profile; another Profile's take over, or it is unloaded. */
  forget(service: Service): void {
    service.profile?.store.transaction(() => service.entry.delete());
    this.follower.rehomeOrUnload(service);
    this.host.requestSort("a Service's settings were forgotten", service);
  }
  /** NotFound. What goes by the entry is treated as in {@link forget}. */
  delete(profile: Profile, entry: string): void {
    if (!profile.has(entry)) throw noSuchEntry(profile);
    const service = this.#liveService(profile, entry);
    if (service) this.forget(service);
    else profile.store.delete(entry);
    // The settings in force stay in force, and stored.
    if (entry === managerEntry && profile === this.host.profiles.profileForDevices()) this.host.saveSettings();
  }
  /** The live Service that goes by the entry, or one made for the look only; NotFound, InternalError. */
  serviceOf(profile: Profile, entry: string): Service {
    const rows = profile.store.read(entry);
    if (!rows) throw noSuchEntry(profile);
    const live = this.#liveService(profile, entry);
    if (live) return live;
    const { host } = this;
    const technology = technologyOfEntry(entry, rows);
    const provider = host.providers.find((one) => one.technology === technology);
    const service =
      provider?.serviceForEntry?.(entry) ?? new StoredService(host, host.nextServiceSerial(), technology, entry);
    service.entry.load(profile);
    return service;
  }

  /** What the text says is stored, all or nothing, and in force; returns the number of entries. Throws InvalidArguments. */
  async import(profile: Profile, text: string): Promise<number> {
    refuseLongText(profile, text);
    const entries = await readProfileText(text, this.shape as PropertyShape<never>);
    if (!this.isLoaded(profile)) throw new DaemonError("NotFound", `${profile.label} left the stack meanwhile`);
    writeEntries(profile.store, entries);
    this.follower.imported(profile, new Set(entries.keys()));
    return entries.size;
  }

  /** Still on the stack. */
  isLoaded(profile: Profile): boolean {
    return this.host.profiles.rank(profile) >= 0;
  }

  /** As in shill, one of the machine begins with the settings in force: pushing it changes none of them. */
  createProfile(name: string): string {
    return this.host.profiles.create(name, (store, isMachine) => {
      if (isMachine) store.write(managerEntry, this.host.properties.rows());
    });
  }

  #liveService(profile: Profile, entry: string): Service | undefined {
    return this.host.services.all.find((one) => one.profile === profile && one.storageId === entry);
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
