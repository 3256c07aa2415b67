import type { EntryRows, ProfileStore, StoredLease } from "./store.ts";

/** Undefined stands for a lease that is void. */
type KeptLease = StoredLease | undefined;

const keyOf = (entry: string, network: string): string => JSON.stringify([entry, network]);

/** Changes that wait for a disk: the last one of each entry and of each lease. */
export class KeptChanges {
  #entries = new Map<string, EntryRows>();
  /** By entry and network, the newest last. */
  #leases = new Map<string, { readonly entry: string; readonly network: string; readonly lease: KeptLease }>();

  get isEmpty(): boolean {
    return this.#entries.size === 0 && this.#leases.size === 0;
  }
  rows(entry: string): EntryRows | undefined {
    return this.#entries.get(entry);
  }
  entriesBeside(known: ReadonlySet<string>): readonly string[] {
    return [...this.#entries.keys()].filter((entry) => !known.has(entry));
  }
  /** Leases of the disk, with the kept ones in front of them. */
  leases(entry: string, stored: readonly StoredLease[]): readonly StoredLease[] {
    const kept = [...this.#leases.values()].filter((change) => change.entry === entry).reverse();
    const live = kept.flatMap(({ lease }) => (lease ? [{ ...lease }] : []));
    return [...live, ...stored.filter(({ network }) => !this.#leases.has(keyOf(entry, network)))];
  }

  write(entry: string, rows: EntryRows): void {
    this.#entries.set(entry, new Map(rows));
  }
  writeLease(lease: StoredLease): void {
    this.#put(lease.entry, lease.network, { ...lease });
  }
  deleteLease(entry: string, network: string): void {
    this.#put(entry, network, undefined);
  }
  #put(entry: string, network: string, lease: KeptLease): void {
    const key = keyOf(entry, network);
    this.#leases.delete(key);
    this.#leases.set(key, { entry, network, lease });
  }

  dropEntry(entry: string): void {
    this.#entries.delete(entry);
  }
  dropLease(entry: string, network: string): void {
    this.#leases.delete(keyOf(entry, network));
  }
  dropLeases(entry: string): void {
    for (const [key, change] of this.#leases) if (change.entry === entry) this.#leases.delete(key);
  }
  clear(): void {
    this.#entries.clear();
    this.#leases.clear();
  }
  /** Returns "undo": restores the changes kept now. */
  mark(): () => void {
    const entries = new Map(this.#entries);
    const leases = new Map(this.#leases);
    return () => {
      this.#entries = entries;
      this.#leases = leases;
    };
  }

  /** Everything, oldest first; nothing is dropped here, as the caller's transaction may fail. */
  writeTo(store: ProfileStore): void {
    for (const [entry, rows] of this.#entries) store.write(entry, rows);
    for (const { entry, network, lease } of this.#leases.values()) {
      if (lease) store.writeLease(lease);
      else store.deleteLease(entry, network);
    }
  }
}
