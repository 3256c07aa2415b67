import { DaemonError, describeError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Device } from "../devices/device.ts";
import { consentsEntry } from "../profiles/consents.ts";
import type { Profile } from "../profiles/profile.ts";
import type { ProfileStack, ProfileStackObserver } from "../profiles/profile-stack.ts";
import type { Service } from "../services/service.ts";
import type { DeviceRegistry } from "./device-registry.ts";
import type { ManagerObservers } from "./event-feed.ts";
import { managerEntry, type SettingsControl } from "./manager-settings.ts";
import type { ServiceRegistry } from "./service-registry.ts";

/** The parts of the Manager that Profiles reach. */
export interface ProfileFollowerHost {
  readonly log: Log;
  readonly profiles: ProfileStack;
  readonly settings: SettingsControl;
  readonly serviceRegistry: Pick<ServiceRegistry, "list" | "providers" | "providerOf" | "deregisterService">;
  readonly deviceRegistry: Pick<DeviceRegistry, "all">;
  readonly observers: ManagerObservers;
  /** Entries were written or deleted, and not by their Services. */
  entriesChanged(): void;
}

/**
 * Effects of a push and a pop of a Profile on everything else (docs/contract/shill.md, Profiles). Connections are kept
 * wherever the Service still has settings somewhere; nothing is deleted on disk.
 */
export class ProfileFollower implements ProfileStackObserver {
  constructor(private readonly host: ProfileFollowerHost) {}

  pushed(profile: Profile): void {
    const { deviceRegistry, serviceRegistry } = this.host;
    if (profile.isMachine) this.#readSettings(profile);
    const adopted = this.#services().filter((service) => !this.#claim(profile, service));
    if (profile.isMachine)
      this.#adopt(
        profile,
        adopted.filter(({ isMachines }) => isMachines),
      );
    for (const device of deviceRegistry.all) this.#readDevice(profile, device);
    for (const provider of serviceRegistry.providers) provider.profilePushed?.(profile);
  }
  /** A Device is new: reads its settings from Profiles of the machine, the upper one's last. */
  deviceAdded(device: Device): void {
    for (const profile of this.host.profiles.profiles) this.#readDevice(profile, device);
  }

  /** Entries of a Profile on the stack were written by other hands than those of their Services. */
  imported(profile: Profile, entries: ReadonlySet<string>): void {
    const { profiles, deviceRegistry, serviceRegistry } = this.host;
    if (entries.has(managerEntry) && profile === profiles.profileForDevices()) this.#readSettings(profile);
    // By technology: a cable's settings stand in two entries.
    const technologies = new Set([...entries].map((entry) => entry.split("_", 1)[0]));
    for (const service of this.#services()) {
      if (technologies.has(service.technology)) this.#review(service, profile);
    }
    // The marks of administrators count for every Service.
    if (entries.has(consentsEntry)) this.review();
    for (const device of deviceRegistry.all) if (entries.has(device.storageId)) this.#readDevice(profile, device);
    for (const provider of serviceRegistry.providers) provider.profilePushed?.(profile);
    this.host.entriesChanged();
    this.#requestSort("settings were imported");
  }

  /** Entries about a Service have changed, or their right to act: the entry that has the say now comes into force. */
  review(entry?: string, changed?: Profile): void {
    for (const service of this.#services()) if (!entry || service.storageId === entry) this.#review(service, changed);
    this.host.entriesChanged();
  }
  /** An entry of the Profile was written, and not by its Service. */
  reviewEntry(entry: string, changed: Profile): void {
    this.review(entry, changed);
    this.#requestSort("an entry was written");
  }
  #review(service: Service, changed?: Profile): void {
    const { holder, terms, keptBack } = service.entry.standing();
    if (!holder) {
      if (service.profile && keptBack.has(service.profile)) this.rehomeOrUnload(service);
      return;
    }
    const isOther = holder !== service.profile || terms !== service.terms;
    // A cable's entry may be another one than the Service goes by: that of its socket.
    const isChanged = changed && [holder, terms, service.isMachines && changed.isMachine && changed].includes(changed);
    if (isOther || isChanged) service.entry.load(holder, terms);
  }
  /** As after an import: the disk's settings come into force. */
  reread(profile: Profile, entries: ReadonlySet<string>): void {
    this.imported(profile, entries);
  }

  popped(profile: Profile): void {
    for (const service of this.#services()) {
      service.forgive();
      if (service.profile !== profile) continue;
      service.forgetPassing();
      this.rehomeOrUnload(service);
    }
    if (profile.isMachine) this.#keepSettings();
  }

  changed(): void {
    // Objects before the list that names them: a client that hears of it may ask at once.
    this.host.observers.tell((observer) => observer.profilesChanged());
    for (const name of ["Profiles", "ActiveProfile"]) this.host.settings.properties.touch(name);
    this.host.entriesChanged();
    this.#requestSort("the Profile stack changed");
  }

  /**
   * Its entry is gone, or the Profile that held it: the topmost Profile that has one takes it over, with the connection
   * kept. Without any a cable goes back to the machine with default settings. False: no Profile holds it, and it was
   * left as it is.
   */
  rehome(service: Service): boolean {
    const { profiles } = this.host;
    const { holder: owner, terms } = service.entry.standing();
    // A cable needs no person to be worth keeping: it belongs to the machine from the start.
    const adopter = service.isMachines ? profiles.profileForDevices() : undefined;
    if (!owner && !adopter) return false;
    service.entry.load(owner ?? adopter, terms);
    if (!owner && service.isKeptUnasked) service.entry.saveIfPossible();
    return true;
  }
  rehomeOrUnload(service: Service): void {
    if (this.rehome(service)) return;
    service.unload();
    const { serviceRegistry } = this.host;
    const provider = serviceRegistry.providerOf(service.technology);
    if (provider?.dropsUnloaded?.(service)) serviceRegistry.deregisterService(service);
  }

  /** Whether the Profile has settings for it that are in force from now on. */
  #claim(profile: Profile, service: Service): boolean {
    service.forgive();
    if (service.entry.nameIn(profile) === undefined) return false;
    const { holder, terms, keptBack } = service.entry.standing();
    const because = keptBack.get(profile);
    if (because) this.host.log.info(`${service.logLabel}: what ${profile.label} has of it is not in force: ${because}`);
    if (holder !== profile) return false;
    service.entry.load(profile, terms);
    return true;
  }

  /** With their present settings, so that connections do not change; one commit for any number of cables. */
  #adopt(profile: Profile, services: readonly Service[]): void {
    try {
      profile.store.keep(() => {
        for (const service of services) service.entry.adoptBy(profile);
      });
    } catch (error) {
      if (!(error instanceof DaemonError)) throw error;
      this.host.log.warn(`${profile.label}: the cables' settings could not be stored: ${describeError(error)}`);
    }
  }

  /** A Profile without the entry (it was never stored) leaves the settings in force as they are. */
  #readSettings(profile: Profile): void {
    const rows = profile.store.read(managerEntry);
    if (!rows) return;
    this.host.settings.restore(rows, (name, error) =>
      this.host.log.warn(`${profile.path}: stored ${name} is unreadable, default taken`, { error }),
    );
  }
  /** A pop puts no settings back: the settings that stay in force have to be there after a restart. */
  #keepSettings(): void {
    const { profiles, settings, log } = this.host;
    try {
      profiles.profileForDevices()?.store.keep(() => settings.save());
    } catch (error) {
      log.warn(`the Manager's settings could not be stored: ${describeError(error)}`);
    }
  }
  /** A user's Profile has nothing to say about the machine's hardware, however the rows came there. */
  #readDevice(profile: Profile, device: Device): void {
    if (!profile.isMachine) return;
    const rows = profile.store.read(device.storageId);
    if (!rows) return;
    device.properties.restore(rows, (name, error) =>
      this.host.log.warn(`${profile.path} ${device.storageId}: stored ${name} is unreadable, default taken`, { error }),
    );
  }
  /** A copy: Services may leave on the way. */
  #services(): readonly Service[] {
    return [...this.host.serviceRegistry.list.all];
  }
  #requestSort(because: string): void {
    this.host.serviceRegistry.list.requestSort(because);
  }
}
