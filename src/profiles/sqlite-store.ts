import { DaemonError } from "../base/errors.ts";
import { type SqliteDatabase, sqliteCode, storeError } from "./database.ts";
import { isSecretRow } from "./profile-text.ts";
import type { EntryRows, ProfileStore, StoredLease } from "./store.ts";
import { checkFreeSpace, freeBytes } from "./store-file.ts";
import { checkEntry, checkLease, checkRoom, isSameRows, storeLimits } from "./store-limits.ts";

type PropertyRow = [name: string, json: string];

/** One Profile in one SQLite file, which sqlite-storage.ts has opened and brought up to date. */
export class SqliteStore implements ProfileStore {
  readonly #statements: ReturnType<typeof prepareStatements>;
  readonly #inTransaction: (change: () => unknown) => unknown;
  #mustScrub = false;
  /** An upper bound: deletions and rolled-back rows are not taken off. Counting takes as long as there are entries. */
  #entriesAtMost: number = storeLimits.entries;

  /** Throws SqliteError when a table lacks a column. */
  constructor(
    readonly location: string,
    private readonly db: SqliteDatabase,
  ) {
    this.#statements = prepareStatements(db);
    // Immediate: a transaction that begins as a reader and is refused the lock later cannot wait for it.
    this.#inTransaction = db.transaction((change: () => unknown) => change()).immediate;
  }

  entries(): readonly string[] {
    return this.#attempt(() => this.#statements.entryNames.all());
  }

  has(entry: string): boolean {
    return this.#attempt(() => this.#statements.entryId.get(entry)) !== undefined;
  }

  read(entry: string): EntryRows | undefined {
    return this.#attempt(() => {
      const id = this.#statements.entryId.get(entry);
      return id === undefined ? undefined : this.#rows(id);
    });
  }

  write(entry: string, rows: EntryRows): void {
    checkEntry(entry, rows);
    this.#attempt(() => {
      const id = this.#statements.entryId.get(entry);
      const stored = id === undefined ? undefined : this.#rows(id);
      if (isSameRows(stored, rows)) return;
      this.#inTransaction(() => this.#replaceRows(id ?? this.#addEntry(entry), stored, rows));
      if (stored && losesSecret(stored, rows)) this.#mustScrub = true;
    });
    if (this.#mustScrub) this.scrub();
  }

  delete(entry: string): boolean {
    const wasThere = this.#attempt(() => {
      const { entryId, deleteEntry } = this.#statements;
      if (entryId.get(entry) === undefined) return false;
      this.#inTransaction(() => {
        deleteEntry.run(entry);
        this.#statements.deleteLeases.run(entry);
      });
      return true;
    });
    if (wasThere) this.scrub();
    return wasThere;
  }

  leases(entry: string): readonly StoredLease[] {
    return this.#attempt(() => this.#statements.leases.all(entry));
  }

  /** Of every entry, the most recently written last. */
  allLeases(): readonly StoredLease[] {
    return this.#attempt(() => this.#statements.allLeases.all());
  }

  writeLease(lease: StoredLease): void {
    checkLease(lease);
    const { entry, network, json, expiresAtMs } = lease;
    this.#attempt(() => this.#statements.writeLease.run(entry, network, json, expiresAtMs));
  }

  deleteLease(entry: string, network: string): void {
    this.#attempt(() => this.#statements.deleteLease.run(entry, network));
  }

  deleteLeases(entry: string): void {
    this.#attempt(() => this.#statements.deleteLeases.run(entry));
  }

  transaction<R>(change: () => R): R {
    const result = this.#attempt(() => this.#inTransaction(change)) as R;
    if (this.#mustScrub) this.scrub();
    return result;
  }

  keep<R>(change: () => R): R {
    return this.transaction(change);
  }

  probe(): void {
    checkFreeSpace(this.location);
    // The same value again is a change to SQLite: it is written like any other.
    this.#attempt(() => this.db.pragma(`user_version = ${Number(this.db.pragma("user_version", { simple: true }))}`));
  }

  scrub(): void {
    this.#mustScrub = true;
    if (!this.db.open || this.db.inTransaction) return;
    try {
      // secure_delete has emptied the pages; their older versions still stand in the log until it is truncated.
      this.db.pragma("wal_checkpoint(TRUNCATE)");
      this.#mustScrub = false;
    } catch (error) {
      // The change itself is committed; a reader or a full disk only delays this step.
      if (sqliteCode(error) === undefined) throw error;
    }
  }

  /** Whether all that the log should have can be moved into the file. Another program's lock is no reason to say no. */
  canFinishLog(): boolean {
    try {
      this.db.pragma("wal_checkpoint(TRUNCATE)");
      return true;
    } catch (error) {
      return !["SQLITE_IOERR", "SQLITE_CORRUPT", "SQLITE_NOTADB"].includes(sqliteCode(error) ?? "");
    }
  }

  get isOpen(): boolean {
    return this.db.open;
  }
  close(): void {
    if (!this.db.open) return;
    this.scrub();
    this.db.close();
  }

  #rows(id: number): Map<string, string> {
    return new Map(this.#statements.rows.all(id));
  }

  #addEntry(entry: string): number {
    if (this.#entriesAtMost >= storeLimits.entries) this.#entriesAtMost = this.#statements.entryCount.get() ?? 0;
    checkRoom(this.location, this.#entriesAtMost);
    this.#entriesAtMost++;
    return Number(this.#statements.addEntry.run(entry).lastInsertRowid);
  }

  #replaceRows(id: number, stored: EntryRows | undefined, rows: EntryRows): void {
    for (const [name, json] of rows) {
      if (stored?.get(name) !== json) this.#statements.writeRow.run(id, name, json);
    }
    for (const name of stored?.keys() ?? []) {
      if (!rows.has(name)) this.#statements.deleteRow.run(id, name);
    }
  }

  #attempt<R>(call: () => R): R {
    if (!this.db.open) throw new DaemonError("InternalError", `${this.location} is closed.`);
    try {
      return call();
    } catch (error) {
      if (sqliteCode(error) === "SQLITE_FULL" && this.#hasReachedLimit()) {
        throw new DaemonError("Failure", `${this.location}: the file has reached its limit`, { cause: error });
      }
      throw storeError(this.location, error);
    }
  }
  /**
   * SQLite says the same of a full disk. One with room for all that the file may still grow, and for a log of that, is
   * not.
   */
  #hasReachedLimit(): boolean {
    const [most, now, pageBytes] = ["max_page_count", "page_count", "page_size"].map((name) =>
      Number(this.db.pragma(name, { simple: true })),
    ) as [number, number, number];
    return freeBytes(this.location) > 2 * (most - now) * pageBytes;
  }
}

/** Whether a secret that is stored now is another one, or none, afterwards. */
const losesSecret = (stored: EntryRows, rows: EntryRows): boolean =>
  [...stored].some(([name, json]) => rows.get(name) !== json && isSecretRow(name, json));

/** Compiled once: compiling costs more than running them. */
function prepareStatements(db: SqliteDatabase) {
  return {
    entryNames: db.prepare<[], string>("SELECT name FROM entry ORDER BY id").pluck(),
    entryCount: db.prepare<[], number>("SELECT count(*) FROM entry").pluck(),
    entryId: db.prepare<[string], number>("SELECT id FROM entry WHERE name = ?").pluck(),
    addEntry: db.prepare<[string]>("INSERT INTO entry (name) VALUES (?)"),
    deleteEntry: db.prepare<[string]>("DELETE FROM entry WHERE name = ?"),
    rows: db.prepare<[number], PropertyRow>("SELECT name, json FROM property WHERE entry = ?").raw(),
    writeRow: db.prepare<[number, string, string]>(
      `INSERT INTO property (entry, name, json) VALUES (?, ?, ?)
       ON CONFLICT (entry, name) DO UPDATE SET json = excluded.json`,
    ),
    deleteRow: db.prepare<[number, string]>("DELETE FROM property WHERE entry = ? AND name = ?"),
    leases: db.prepare<[string], StoredLease>(
      `SELECT entry, network, json, expires_at_ms AS expiresAtMs FROM lease WHERE entry = ? ORDER BY sequence DESC`,
    ),
    allLeases: db.prepare<[], StoredLease>(
      "SELECT entry, network, json, expires_at_ms AS expiresAtMs FROM lease ORDER BY sequence",
    ),
    // Replacing takes a new sequence number, which makes it the newest.
    writeLease: db.prepare<[string, string, string, number]>(
      "INSERT OR REPLACE INTO lease (entry, network, json, expires_at_ms) VALUES (?, ?, ?, ?)",
    ),
    deleteLease: db.prepare<[string, string]>("DELETE FROM lease WHERE entry = ? AND network = ?"),
    deleteLeases: db.prepare<[string]>("DELETE FROM lease WHERE entry = ?"),
  };
}
