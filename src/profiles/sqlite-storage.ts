import { join } from "node:path";
import { DaemonError } from "../base/errors.ts";
import { isDamage, openDatabase, type SqliteDatabase, sqliteCode, storeError } from "./database.ts";
import { applicationId, migrate, schemaFault, schemaNames, schemaVersion } from "./migrations.ts";
import { readSnapshot } from "./sqlite-snapshot.ts";
import { SqliteStore } from "./sqlite-store.ts";
import type { OpenedStore, OpenMode, ProfileStorage } from "./store.ts";
import {
  ensurePrivateFolder,
  findStoreFile,
  listFolder,
  prepareStoreFile,
  readDatabaseHead,
  removeStoreFile,
  StoreFile,
  setAsideStoreFile,
  storeFileExists,
} from "./store-file.ts";
import { storeLimits } from "./store-limits.ts";
import { WatchedStore } from "./watched-store.ts";

const pageBytes = 4096;

/** The check reads the whole file, at 2 ms a MiB; beyond this size only a file that was not closed is worth that. */
const checkedBytes = 4 * 1024 * 1024;

/** The file, not the system, is at fault: set it aside. The message is the reason. */
class DamagedFile extends Error {}

/**
 * Profiles as SQLite files. The folder of a file must exist, belong to us (or to root), and no other user may write it.
 */
export const sqliteStorage: ProfileStorage = {
  ensureFolder: ensurePrivateFolder,

  open(location, mode, { mostBytes = storeLimits.fileBytes, tell = () => {} } = {}) {
    const file = findStoreFile(location, mode);
    try {
      const opened = openAt(file, mode, mostBytes);
      const host = { open: (same: StoreFile) => openAt(same, "open-or-create", mostBytes).store, tell };
      return { ...opened, store: new WatchedStore(file, opened.store, host) };
    } catch (error) {
      file.folder.close();
      throw error;
    }
  },

  snapshot: (location) =>
    readSnapshot(location, (db) => {
      const version = identify(location, db);
      configure(db, false, storeLimits.fileBytes);
      migrate(db, version);
      check(db, true);
    }),

  exists: storeFileExists,

  list(folder) {
    try {
      const names = (listFolder(folder) ?? []).filter((name) => name.endsWith(".db"));
      return names.sort().map((name) => join(folder, name));
    } catch (cause) {
      throw new DaemonError("InternalError", `The folder ${folder} cannot be read.`, { cause });
    }
  },

  remove(location) {
    try {
      StoreFile.visit(location, removeStoreFile);
    } catch (cause) {
      throw new DaemonError("Failure", `${location} cannot be removed.`, { cause });
    }
  },
};

type OpenedFile = OpenedStore & { readonly store: SqliteStore };

function openAt(file: StoreFile, mode: OpenMode, mostBytes: number): OpenedFile {
  const isNew = prepareStoreFile(file, mode);
  if (isNew) return { store: openNew(file, mostBytes), isNew };
  try {
    return { store: openChecked(file, mostBytes), isNew };
  } catch (error) {
    if (error instanceof DamagedFile) return replaceDamaged(file, error.message, mostBytes);
    throw error;
  }
}

function replaceDamaged(file: StoreFile, reason: string, mostBytes: number): OpenedFile {
  const movedTo = setAside(file, reason);
  prepareStoreFile(file, "create" satisfies OpenMode);
  return { store: openNew(file, mostBytes), isNew: true, setAside: { reason, movedTo } };
}

function setAside(file: StoreFile, reason: string): string {
  try {
    return setAsideStoreFile(file);
  } catch (cause) {
    if (!(cause instanceof DaemonError)) throw cause;
    throw new DaemonError(
      cause.code,
      `${file.location} is damaged (${reason}) and cannot be set aside: ${cause.message}`,
      {
        cause: cause.cause,
      },
    );
  }
}

/** On failure the file that was just made is taken away again. */
function openNew(file: StoreFile, mostBytes: number): SqliteStore {
  try {
    return openChecked(file, mostBytes);
  } catch (error) {
    removeStoreFile(file);
    if (error instanceof DamagedFile) throw new DaemonError("InternalError", error.message, { cause: error });
    throw error;
  }
}

function openChecked(file: StoreFile, mostBytes: number): SqliteStore {
  const head = readDatabaseHead(file);
  if (head.bytes > 0 && !head.isSqlite) throw new DamagedFile("the file is not a database");
  if (head.bytes > storeLimits.fileBytes)
    throw new DamagedFile(`the file has ${head.bytes} bytes, more than any of ours`);
  if (head.applicationId === applicationId) refuseNewer(file.location, head.userVersion);
  const db = openOrExplain(file);
  try {
    const version = identify(file.location, db);
    configure(db, version === 0, mostBytes);
    migrate(db, version);
    check(db, head.hasLog || head.bytes <= checkedBytes);
    return new SqliteStore(file.location, db);
  } catch (error) {
    db.close();
    throw explain(file.location, error);
  }
}

function openOrExplain(file: StoreFile): SqliteDatabase {
  try {
    return openDatabase(file);
  } catch (error) {
    throw explain(file.location, error);
  }
}

/** SQLITE_ERROR while opening is a layout that cannot be read or lacks a column. */
function explain(location: string, error: unknown): unknown {
  if (error instanceof DamagedFile) return error;
  if (isDamage(error) || sqliteCode(error) === "SQLITE_ERROR") return new DamagedFile((error as Error).message);
  return storeError(location, error);
}

function refuseNewer(location: string, version: number): void {
  if (version <= schemaVersion) return;
  throw new DaemonError(
    "InternalError",
    `${location} has format ${version}, this program knows up to ${schemaVersion}: it was written by a newer Fairlead. It was left as it is.`,
    { context: { location, version } },
  );
}

/** The version of one of ours, 0 for an empty file. The log may know more than the head that was read before. */
function identify(location: string, db: SqliteDatabase): number {
  const id = readNumber(db, "application_id");
  const version = readNumber(db, "user_version");
  if (id === 0 && version === 0 && schemaNames(db).length === 0) return 0;
  if (id !== applicationId) throw new DamagedFile("the database belongs to another program");
  if (version < 1) throw new DamagedFile(`the database has format ${version}, which never was`);
  refuseNewer(location, version);
  return version;
}

/**
 * Pages in the log before they go into the file and the log is written from its start again: where it does not have to
 * grow, a sync takes half the time. A log of SQLite's own 1000 pages would grow for a thousand changes first.
 */
const logPages = 32;

/** The content may come from a hostile hand: nothing in it is run, and the file is read, never mapped into memory. */
function configure(db: SqliteDatabase, isEmpty: boolean, mostBytes: number): void {
  db.pragma("trusted_schema = OFF");
  db.pragma("cell_size_check = ON");
  db.pragma("mmap_size = 0");
  // Saves four syncs of a journal that would protect an empty file.
  if (isEmpty) db.pragma("journal_mode = MEMORY");
  // Where the file system cannot share memory, the rollback journal is as safe and slower.
  if (db.pragma("journal_mode = WAL", { simple: true }) !== "wal") db.pragma("journal_mode = DELETE");
  db.pragma("synchronous = FULL");
  db.pragma(`wal_autocheckpoint = ${logPages}`);
  db.pragma("secure_delete = ON");
  db.pragma("foreign_keys = ON");
  db.pragma("cache_size = -1024");
  // A file that is larger already stays as large as it is.
  db.pragma(`max_page_count = ${mostBytes / pageBytes}`);
}

function check(db: SqliteDatabase, thoroughly: boolean): void {
  const fault = schemaFault(db);
  if (fault) throw new DamagedFile(`the layout is wrong: ${fault}`);
  if (!thoroughly) return;
  const finding = db.pragma("quick_check(1)", { simple: true });
  if (finding !== "ok") throw new DamagedFile(String(finding).slice(0, 200));
}

const readNumber = (db: SqliteDatabase, pragma: string): number => Number(db.pragma(pragma, { simple: true }));
