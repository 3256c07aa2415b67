import { DaemonError, describeError } from "../base/errors.ts";
import type { SqliteStore } from "./sqlite-store.ts";
import type { EntryRows, ProfileStore, StoredLease } from "./store.ts";
import { isSameFile, type SeenFile, type StoreFile } from "./store-file.ts";

export interface WatchedStoreHost {
  /** The store now in place, or a new one. Throws DaemonError. */
  open(file: StoreFile): SqliteStore;
  /** A sentence for the log. */
  tell(what: string): void;
}

/** Content for a new file when the old one is gone. */
interface Content {
  readonly entries: ReadonlyMap<string, EntryRows>;
  readonly leases: readonly StoredLease[];
}

/**
 * A Profile's file that others may move, replace or cut while it is in use: a backup that is played back, an
 * administrator who tidies up. SQLite goes on with the file that it has open, and the next start would find another
 * one. So each change looks first whether the file is still the one in place, and opens the one that is: a change
 * reported as stored is stored there.
 */
export class WatchedStore implements ProfileStore {
  readonly location: string;
  #database: SeenFile | undefined;
  #log: SeenFile | undefined;
  #isChanging = false;
  #isClosed = false;
  /** Of a file that was lost, until there is a new one. */
  #held: Content | undefined;

  constructor(
    private readonly file: StoreFile,
    private store: SqliteStore,
    private readonly host: WatchedStoreHost,
  ) {
    this.location = file.location;
    this.#note();
  }

  entries(): readonly string[] {
    return this.store.entries();
  }
  has(entry: string): boolean {
    return this.store.has(entry);
  }
  read(entry: string): EntryRows | undefined {
    return this.store.read(entry);
  }
  leases(entry: string): readonly StoredLease[] {
    return this.store.leases(entry);
  }
  write(entry: string, rows: EntryRows): void {
    this.#change((store) => store.write(entry, rows));
  }
  delete(entry: string): boolean {
    return this.#change((store) => store.delete(entry));
  }
  writeLease(lease: StoredLease): void {
    this.#change((store) => store.writeLease(lease));
  }
  deleteLease(entry: string, network: string): void {
    this.#change((store) => store.deleteLease(entry, network));
  }
  deleteLeases(entry: string): void {
    this.#change((store) => store.deleteLeases(entry));
  }
  transaction<R>(change: () => R): R {
    return this.#change((store) => store.transaction(change));
  }
  keep<R>(change: () => R): R {
    return this.transaction(change);
  }
  probe(): void {
    this.#change((store) => store.probe());
  }
  scrub(): void {
    this.store.scrub();
    if (!this.#isChanging && this.store.isOpen) this.#noteLog();
  }
  close(): void {
    if (this.store.isOpen) this.#closeOld();
    this.#isClosed = true;
    this.file.folder.close();
  }

  /** Changes inside a transaction are its own. */
  #change<R>(change: (store: SqliteStore) => R): R {
    if (this.#isChanging || this.#isClosed) return change(this.store);
    const lost = this.#whatIsLost();
    if (lost) this.#openWhatIsThere(lost);
    this.#isChanging = true;
    try {
      const result = change(this.store);
      if (isSameFile(this.#database, this.file.look())) return result;
    } finally {
      this.#isChanging = false;
      this.#noteLog();
    }
    throw new DaemonError("InternalError", `${this.location} was replaced while it was written; try again`);
  }

  /** Undefined: all is as this process left it, or as another one did that keeps to SQLite's rules. */
  #whatIsLost(): string | undefined {
    if (!this.store.isOpen) return "could not be opened";
    const database = this.file.look();
    if (!database) return "was removed or moved away";
    if (!isSameFile(this.#database, database)) return "was replaced by another file";
    if (database.size < (this.#database?.size ?? 0)) return "was cut";
    const log = this.file.beside("-wal").look();
    if (!this.#log || (isSameFile(this.#log, log) && (log?.size ?? 0) >= this.#log.size)) return undefined;
    // Another program may have moved the log into the file, as it should.
    return this.store.canFinishLog() && isSameFile(this.#log, log) ? undefined : "lost its log";
  }

  #openWhatIsThere(lost: string): void {
    if (this.store.isOpen) {
      this.#held = this.#readAll();
      this.#closeOld();
    }
    this.store = this.host.open(this.file);
    const held = this.#held;
    const isFilled = held !== undefined && this.store.entries().length === 0;
    if (isFilled) this.#fill(held);
    this.#held = undefined;
    this.#note();
    const since = isFilled ? "what was in it is stored again" : "the file in place is used from now on";
    this.host.tell(`${this.location} ${lost} while it was in use; ${since}`);
  }
  /** Undefined: it cannot be read any more. */
  #readAll(): Content | undefined {
    try {
      const names = this.store.entries();
      const entries = new Map(names.map((entry) => [entry, this.store.read(entry) ?? new Map()]));
      return { entries, leases: this.store.allLeases() };
    } catch (error) {
      this.host.tell(`${this.location}: ${describeError(error)}`);
      return undefined;
    }
  }
  #fill({ entries, leases }: Content): void {
    this.store.transaction(() => {
      for (const [entry, rows] of entries) this.store.write(entry, rows);
      for (const lease of leases) this.store.writeLease(lease);
    });
  }
  /**
   * The last user of a database takes its log away, by name: one that belongs to another file by now is put aside
   * meanwhile.
   */
  #closeOld(): void {
    const log = this.file.beside("-wal");
    const found = log.look();
    const isForeign = found !== undefined && !isSameFile(this.#log, found);
    const aside = this.file.beside("-wal.aside");
    if (isForeign) log.renameTo(aside);
    try {
      this.store.close();
    } finally {
      if (isForeign) aside.renameTo(log);
    }
  }

  #note(): void {
    this.#database = this.file.look();
    this.#noteLog();
  }
  #noteLog(): void {
    this.#log = this.file.beside("-wal").look();
    const database = this.file.look();
    if (isSameFile(this.#database, database)) this.#database = database;
  }
}
