import type { Profile } from "../profiles/profile.ts";
import type { EntryRows } from "../profiles/store.ts";
import { type EntryOwner, ServiceEntry } from "./service-entry.ts";

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
  override saveTo(profile: Profile): void {
    const { socketId, storageId } = this.owner;
    if (!socketId) {
      super.saveTo(profile);
      return;
    }
    const rows = super.storedRows();
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
    // A user's settings for "the cable" say nothing of this socket's place among others: that may stand further below.
    const holder = profile.has(socketId) ? profile : this.owner.host.profiles.findEntry(socketId);
    const ofSocket = holder?.store.read(socketId);
    for (const name of socketProperties) {
      const value = ofSocket?.get(name);
      if (value === undefined) rows.delete(name);
      else rows.set(name, value);
    }
    return rows;
  }
  override storedRows(): Map<string, string> {
    const rows = super.storedRows();
    if (this.owner.socketId) for (const name of socketProperties) rows.delete(name);
    return rows;
  }
}
