import { join } from "node:path";
import { DaemonError } from "../base/errors.ts";
import { openDatabase, type SqliteDatabase, sqliteCode, storeError } from "./database.ts";
import { findStoreFile, prepareStoreFile, type StoreFile } from "./store-file.ts";

/**
 * Keeps a second daemon away from a state folder. The lock is the exclusive lock of an empty SQLite database: Node has
 * no flock, and a file with a process number in it outlives a crash. The kernel drops the lock when the process ends,
 * however.
 */
export class StateLock {
  /**
   * A database without a reference is closed by the garbage collector: a lock must not depend on its owner's reference.
   */
  static readonly #held = new Set<StateLock>();
  readonly #db: SqliteDatabase;

  private constructor(
    private readonly file: StoreFile,
    db: SqliteDatabase,
  ) {
    this.#db = db;
    StateLock.#held.add(this);
  }

  /** Throws DaemonError InProgress when another process holds it, InternalError when the file cannot be had. */
  static take(stateDir: string): StateLock {
    const location = join(stateDir, "lock");
    const file = findStoreFile(location, "open-or-create");
    try {
      prepareStoreFile(file, "open-or-create");
      return new StateLock(file, lockOrClose(openDatabase(file, { busyTimeoutMs: 0 })));
    } catch (error) {
      file.folder.close();
      if (sqliteCode(error) !== "SQLITE_BUSY") throw storeError(location, error);
      throw new DaemonError("InProgress", `Another fairleadd is using ${stateDir}.`, { cause: error });
    }
  }

  /** Twice is harmless. */
  release(): void {
    StateLock.#held.delete(this);
    this.#db.close();
    this.file.folder.close();
  }
}

/**
 * The transaction is never ended: it is the lock. Nothing is ever written, so the journal may as well stay in memory.
 */
function lockOrClose(db: SqliteDatabase): SqliteDatabase {
  try {
    db.pragma("journal_mode = MEMORY");
    db.exec("BEGIN EXCLUSIVE");
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}
