import { DaemonError } from "../base/errors.ts";
import type { EntryRows, OpenedStore, ProfileStorage, ProfileStore, StoredLease } from "./store.ts";
import { checkEntry, checkLease, checkRoom } from "./store-limits.ts";

/**
 * A Profile that lives as long as the process: for a machine Profile pushed without a file, and for tests. Behaves as
 * the real one in all that the port promises (test/contract/profiles).
 */
export class MemoryStore implements ProfileStore {
  // Maps of rows are replaced, never changed, so that a copy of the outer map is a snapshot.
  #entries: Map<string, EntryRows> = new Map();
  #leases: readonly StoredLease[] = [];
  #isOpen = true;
  /** Number of real changes; a test can tell that a write wrote nothing. */
  commits = 0;

  constructor(readonly location: string) {}

  entries(): readonly string[] {
    this.#checkOpen();
    return [...this.#entries.keys()];
  }

  has(entry: string): boolean {
    this.#checkOpen();
    return this.#entries.has(entry);
  }

  read(entry: string): EntryRows | undefined {
    this.#checkOpen();
    const rows = this.#entries.get(entry);
    return rows && new Map(rows);
  }

  write(entry: string, rows: EntryRows): void {
    this.#checkOpen();
    checkEntry(entry, rows);
    const stored = this.#entries.get(entry);
    if (stored?.size === rows.size && [...rows].every(([name, json]) => stored.get(name) === json)) return;
    if (!stored) checkRoom(this.location, this.#entries.size);
    this.#entries.set(entry, new Map(rows));
    this.commits++;
  }

  delete(entry: string): boolean {
    this.#checkOpen();
    if (!this.#entries.delete(entry)) return false;
    this.deleteLeases(entry);
    this.commits++;
    return true;
  }

  leases(entry: string): readonly StoredLease[] {
    this.#checkOpen();
    return this.#leases.filter((lease) => lease.entry === entry).map((lease) => ({ ...lease }));
  }

  writeLease(lease: StoredLease): void {
    this.#checkOpen();
    checkLease(lease);
    const { entry, network, json, expiresAtMs } = lease;
    this.deleteLease(entry, network);
    this.#leases = [{ entry, network, json, expiresAtMs }, ...this.#leases];
  }

  deleteLease(entry: string, network: string): void {
    this.#checkOpen();
    this.#leases = this.#leases.filter((lease) => lease.entry !== entry || lease.network !== network);
  }

  deleteLeases(entry: string): void {
    this.#checkOpen();
    this.#leases = this.#leases.filter((lease) => lease.entry !== entry);
  }

  transaction<R>(change: () => R): R {
    this.#checkOpen();
    const before = { entries: new Map(this.#entries), leases: this.#leases, commits: this.commits };
    try {
      const result = change();
      if (result instanceof Promise) throw new TypeError("Transaction function cannot return a promise");
      return result;
    } catch (error) {
      this.#entries = before.entries;
      this.#leases = before.leases;
      this.commits = before.commits;
      throw error;
    }
  }

  keep<R>(change: () => R): R {
    return this.transaction(change);
  }
  probe(): void {
    this.#checkOpen();
  }
  scrub(): void {}

  close(): void {
    this.#isOpen = false;
  }

  /** For {@link MemoryStorage}: the same content again. */
  reopen(): void {
    this.#isOpen = true;
  }

  #checkOpen(): void {
    if (!this.#isOpen) throw new DaemonError("InternalError", `${this.location} is closed.`);
  }
}

/** Profiles in memory; a closed one can be opened again. */
export class MemoryStorage implements ProfileStorage {
  readonly #stores = new Map<string, MemoryStore>();

  ensureFolder(): void {}

  open(location: string, mode: "create" | "open" | "open-or-create"): OpenedStore {
    const known = this.#stores.get(location);
    if (known && mode === "create") {
      throw new DaemonError("AlreadyExists", `${location} exists already.`);
    }
    if (!known && mode === "open") throw new DaemonError("NotFound", `${location} does not exist.`);
    const store = known ?? new MemoryStore(location);
    store.reopen();
    this.#stores.set(location, store);
    return { store, isNew: !known };
  }

  exists(location: string): boolean {
    return this.#stores.has(location);
  }

  snapshot(): undefined {}

  list(folder: string): readonly string[] {
    const inside = (location: string) =>
      location.startsWith(`${folder}/`) && !location.slice(folder.length + 1).includes("/");
    return [...this.#stores.keys()].filter(inside).sort();
  }

  remove(location: string): void {
    this.#stores.delete(location);
  }
}
