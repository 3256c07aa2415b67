/** The one place where SQLite is loaded and opened, and where its errors become ours. */
import { createRequire } from "node:module";
import Database from "better-sqlite3";
import { DaemonError } from "../base/errors.ts";
import { sqliteExtension } from "../native/native.ts";

export type SqliteDatabase = Database.Database;

/** Blocks the event loop while another program holds the file: the package's own 5 s would be an outage. */
const busyTimeoutMs = 200;

const requireNative = createRequire(import.meta.url);
let binding: object | undefined;

/**
 * Resolved by hand: the package's own search reads stack traces and does not survive bundling. Works from the sources
 * and from a bundle in `dist/` alike, as both have the same `node_modules` above them.
 */
function nativeBinding(): object {
  try {
    binding ??= requireNative("better-sqlite3/build/Release/better_sqlite3.node") as object;
    return binding;
  } catch (cause) {
    throw loadFailure(cause, process.version);
  }
}

let keepsDescriptors = false;

/** Once: SQLite would otherwise open the file at a folder's path by now, not in the folder that is held open. */
function keepDescriptors(): void {
  if (keepsDescriptors) return;
  const db = open(":memory:");
  const { file, entry } = sqliteExtension();
  // The package's types know the file alone.
  (db as unknown as { loadExtension(file: string, entry: string): void }).loadExtension(file, entry);
  db.close();
  keepsDescriptors = true;
}

/**
 * The addon belongs to one major version of Node; V8's own message about another one is long, and names no command that
 * helps.
 */
export function loadFailure(cause: unknown, node: string): DaemonError {
  const place = "in fairlead's folder, run";
  if (String(cause).includes("NODE_MODULE_VERSION")) {
    const what = `The SQLite addon was built for another Node than this ${node}`;
    return new DaemonError("InternalError", `${what}; ${place} \`npm run build\` with this one.`);
  }
  return new DaemonError("InternalError", `The SQLite addon cannot be loaded; ${place} \`npm run build\`.`, { cause });
}

/** Opens a database that store-file.ts has prepared. */
export function openDatabase(
  file: { readonly path: string },
  options: { readonly busyTimeoutMs?: number } = {},
): SqliteDatabase {
  keepDescriptors();
  return open(file.path, { timeout: options.busyTimeoutMs ?? busyTimeoutMs, fileMustExist: true });
}

const open = (path: string, options: Database.Options = {}): SqliteDatabase =>
  // The package takes the loaded addon as well as its path; its types know only the path.
  new Database(path, { ...options, nativeBinding: nativeBinding() as unknown as string });

/** A database in memory with this content. */
export const openImage = (image: Buffer): SqliteDatabase =>
  new Database(image, { nativeBinding: nativeBinding() as unknown as string });

/** Meaning of the primary result codes for people (https://www.sqlite.org/rescode.html). */
const sentences: Readonly<Record<string, string>> = {
  SQLITE_BUSY: "another program holds it locked",
  SQLITE_LOCKED: "another program holds it locked",
  SQLITE_CANTOPEN: "the file cannot be opened",
  SQLITE_CORRUPT: "the file is damaged",
  SQLITE_NOTADB: "the file is not a database",
  SQLITE_FULL: "the disk is full or the file has reached its limit",
  SQLITE_IOERR: "the disk reports an error",
  SQLITE_NOMEM: "out of memory",
  SQLITE_PERM: "access is denied",
  SQLITE_READONLY: "the file or its file system is read-only",
};

/** Extended codes are the primary one with more behind it: SQLITE_IOERR_WRITE. Undefined for errors not of SQLite. */
export function sqliteCode(error: unknown): string | undefined {
  return error instanceof Database.SqliteError ? error.code.split("_", 2).join("_") : undefined;
}

/** The file itself is at fault, for every program that opens it. */
export const isDamage = (error: unknown): boolean =>
  ["SQLITE_CORRUPT", "SQLITE_NOTADB"].includes(sqliteCode(error) ?? "");

/** The disk or another program is at fault: it may work later. */
const isForNow: ReadonlySet<string> = new Set(
  ["BUSY", "LOCKED", "CANTOPEN", "FULL", "IOERR", "PERM", "READONLY"].map((name) => `SQLITE_${name}`),
);

/**
 * SQLite's errors as DaemonError NotStored or InternalError; anything else comes back as it is. Values are in neither.
 */
export function storeError(location: string, error: unknown): unknown {
  const code = sqliteCode(error);
  if (code === undefined) return error;
  return new DaemonError(
    isForNow.has(code) ? "NotStored" : "InternalError",
    `${location}: ${sentences[code] ?? "SQLite refuses"}`,
    {
      cause: error,
      context: { location, sqlite: code },
    },
  );
}
