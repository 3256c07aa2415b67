import type { Profile } from "../../profiles/profile.ts";
import type { EntryRows } from "../../profiles/store.ts";
import { type EntryOwner, ServiceEntry } from "../../services/service-entry.ts";

/**
 * Properties of the order belong to the cable, not to "Ethernet": they stay in the entry of the socket while the other
 * settings follow the generic identity. Else the identity that the best cable is given could make it the second best.
 */
const orderProperties = ["Priority", "ONCSource", "ManagedCredentials", "HasEverConnected"] as const;
/** Past events of the socket; no identity changes them. */
const pastProperties = [
  "LastConnected",
  "LastManualConnectAttempt",
  "LastOnline",
  "StartTime",
  "TrafficCounterResetTime",
  "UNKNOWNRxBytes",
  "UNKNOWNTxBytes",
] as const;
const isOrderProperty: ReadonlySet<string> = new Set(orderProperties);
const socketProperties: ReadonlySet<string> = new Set([...orderProperties, ...pastProperties]);

/**
 * Rows that are no properties. In the generic entry: the socket that its settings come from. In a socket's: its
 * settings are its own.
 */
const settingsOf = "SettingsOf";
const ownSettings = "OwnSettings";
export const ethernetMarks: ReadonlySet<string> = new Set([settingsOf, ownSettings]);

export interface EthernetEntryOwner extends EntryOwner {
  /** The entry of the socket, under any identity of the Service; undefined without a Device. */
  readonly socketId: string | undefined;
  /** The Service goes by the identity of the best cable. */
  readonly isGeneric: boolean;
  /** A client set them on this cable, or it was in use with them when another one became the best. */
  hasOwnSettings: boolean;
}

/**
 * The settings of a cable's Service, which stand in two entries while it is the best one
 * (docs/decisions/settings-of-cables.md).
 */
export class EthernetEntry extends ServiceEntry<EthernetEntryOwner> {
  /** The socket that the properties of the past, as they are in memory, are about. */
  #pastOf: string | undefined;

  /** Both entries, or neither. */
  protected override writeTo(profile: Profile, all: EntryRows): void {
    const { socketId, isGeneric, storageId, hasOwnSettings } = this.owner;
    const [ofSocket, settings] = divided(all);
    if (!socketId || !isGeneric) {
      const mark: EntryRows = new Map(hasOwnSettings ? [[ownSettings, "true"]] : []);
      profile.store.write(storageId, new Map([...settings, ...ofSocket, ...mark]));
      return;
    }
    take(pastProperties, this.owner.properties.rows(pastProperties), ofSocket);
    profile.store.transaction(() => {
      profile.store.write(storageId, new Map([...settings, [settingsOf, JSON.stringify(socketId)]]));
      this.#saveForSocket(profile, socketId, ofSocket, settings);
    });
  }
  /** Settings that are not the cable's own are read from the generic entry; other rows in this one stay. */
  #saveForSocket({ store }: Profile, socketId: string, ofSocket: EntryRows, settings: EntryRows): void {
    const before = store.read(socketId);
    if (this.owner.hasOwnSettings) {
      store.write(socketId, new Map([...settings, [ownSettings, "true"], ...ofSocket]));
      return;
    }
    if (!before && ofSocket.size === 0) return;
    const [, others] = divided(before ?? new Map());
    store.write(socketId, new Map([["Type", JSON.stringify(this.owner.technology)], ...others, ...ofSocket]));
  }
  override saveChangeTo(profile: Profile, names: Iterable<string>): void {
    const { hasOwnSettings: before, terms, properties } = this.owner;
    const isElsewhere = (name: string) => socketProperties.has(name) || (terms && this.isUsersAffair(name));
    const isSetting = (name: string) => properties.isStored(name) && !isElsewhere(name);
    this.owner.hasOwnSettings ||= [...names].some(isSetting);
    try {
      this.saveTo(profile);
    } catch (error) {
      this.owner.hasOwnSettings = before;
      throw error;
    }
  }

  /** The place among the machine's sockets is the machine's; AutoConnect of a cable has but one value. */
  protected override isUsersAffair(name: string): boolean {
    return name === "AutoConnect" || (!isOrderProperty.has(name) && super.isUsersAffair(name));
  }

  override takeSettings(profile: Profile | undefined, terms?: Profile): void {
    super.takeSettings(profile, terms);
    this.owner.hasOwnSettings = this.#ownRows(terms ?? profile)?.has(ownSettings) ?? false;
    this.#pastOf = this.owner.socketId;
  }
  /** Whether the entry of the socket has settings that the Service has never taken for its own. */
  hasUntakenSettings(): boolean {
    const { socketId, hasOwnSettings } = this.owner;
    if (!socketId || hasOwnSettings) return false;
    const [, settings] = divided(this.#machinesRows(socketId) ?? new Map());
    return [...settings.keys()].some((name) => name !== "Type");
  }
  #ownRows(profile: Profile | undefined): EntryRows | undefined {
    const { socketId, storageId } = this.owner;
    return profile?.store.read(socketId ?? storageId);
  }

  /** Of the entry of the socket in the topmost Profile of the machine that has one. */
  #machinesRows(socketId: string): EntryRows | undefined {
    const holds = (one: Profile) => one.isMachine && one.has(socketId);
    return this.owner.host.profiles.profiles.findLast(holds)?.store.read(socketId);
  }

  protected override readRows(profile: Profile): EntryRows {
    const { socketId, isGeneric } = this.owner;
    const rows = new Map(isGeneric && socketId ? this.#settingsInForce(profile, socketId) : super.readRows(profile));
    for (const mark of ethernetMarks) rows.delete(mark);
    if (!socketId) return rows;
    const machines = this.#machinesRows(socketId);
    // A user's settings for "the cable" say nothing of this socket's place among others: that stands with the machine.
    if (isGeneric) take(orderProperties, profile.store.read(socketId) ?? machines, rows);
    // Events since the last write are known here and nowhere else.
    take(pastProperties, this.#pastOf === socketId ? this.owner.properties.rows(pastProperties) : machines, rows);
    return rows;
  }
  /** A cable without own settings takes another cable's; an administrator's are for the best cable, whichever it is. */
  #settingsInForce(profile: Profile, socketId: string): EntryRows {
    const generic = super.readRows(profile);
    const whose = generic.get(settingsOf);
    const own = this.#ownRows(profile);
    return whose !== undefined && whose !== JSON.stringify(socketId) && own?.has(ownSettings) ? own : generic;
  }
}

function divided(rows: EntryRows): [ofSocket: Map<string, string>, settings: Map<string, string>] {
  const ofSocket = new Map([...rows].filter(([name]) => socketProperties.has(name)));
  return [ofSocket, new Map([...rows].filter(([name]) => !socketProperties.has(name) && !ethernetMarks.has(name)))];
}

function take(names: readonly string[], from: EntryRows | undefined, rows: Map<string, string>): void {
  for (const name of names) {
    const value = from?.get(name);
    if (value === undefined) rows.delete(name);
    else rows.set(name, value);
  }
}
