import type { Profile } from "../../profiles/profile.ts";
import type { EntryRows } from "../../profiles/store.ts";
import { type EntryOwner, ServiceEntry } from "../../services/service-entry.ts";

/**
 * What takes part in the order is said of the cable, not of "Ethernet": it stays in the entry of the socket while the other
 * settings follow the generic identity. Else the identity that the best cable is given could make it the second best.
 */
const socketProperties = ["Priority", "ONCSource", "ManagedCredentials", "HasEverConnected"] as const;
const isSocketProperty: ReadonlySet<string> = new Set(socketProperties);

export interface EthernetEntryOwner extends EntryOwner {
  /** The entry of the socket, while the Service goes by the generic identity on it. */
  readonly socketId: string | undefined;
}

/** The settings of a cable's Service, which stand in two entries while it is the best one. */
export class EthernetEntry extends ServiceEntry<EthernetEntryOwner> {
  /** Both entries, or neither. */
  protected override writeTo(profile: Profile, all: ReadonlyMap<string, string>): void {
    const { socketId, storageId } = this.owner;
    if (!socketId) {
      super.writeTo(profile, all);
      return;
    }
    const rows = new Map(all);
    const ofSocket = new Map<string, string>();
    for (const name of socketProperties) {
      const value = rows.get(name);
      if (value !== undefined) ofSocket.set(name, value);
      rows.delete(name);
    }
    profile.store.transaction(() => {
      profile.store.write(storageId, rows);
      this.#saveForSocket(profile, socketId, ofSocket);
    });
  }
  /** The place among the machine's sockets is the machine's. */
  protected override isUsersAffair(name: string): boolean {
    return !isSocketProperty.has(name) && super.isUsersAffair(name);
  }
  /** The other rows of the socket's entry are those of its own identity, and stay. */
  #saveForSocket({ store }: Profile, socketId: string, ofSocket: ReadonlyMap<string, string>): void {
    const before = store.read(socketId);
    const others = [...(before ?? [])].filter(([name]) => !isSocketProperty.has(name));
    if (!before && ofSocket.size === 0) return;
    store.write(socketId, new Map([["Type", JSON.stringify(this.owner.technology)], ...others, ...ofSocket]));
  }
  protected override readRows(profile: Profile): EntryRows {
    const { socketId } = this.owner;
    if (!socketId) return super.readRows(profile);
    const rows = new Map(super.readRows(profile));
    // A user's settings for "the cable" say nothing of this socket's place among others: that stands with the machine.
    const { profiles } = this.owner.host.profiles;
    const isMachines = (one: Profile) => one.isMachine && one.has(socketId);
    const holder = profile.has(socketId) ? profile : profiles.findLast(isMachines);
    const ofSocket = holder?.store.read(socketId);
    for (const name of socketProperties) {
      const value = ofSocket?.get(name);
      if (value === undefined) rows.delete(name);
      else rows.set(name, value);
    }
    return rows;
  }
}
