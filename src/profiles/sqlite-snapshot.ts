/** Content of a Profile's file where SQLite cannot work on it: the disk is full, read-only, or access is denied. */
import * as fs from "node:fs";
import { openImage, type SqliteDatabase } from "./database.ts";
import { SqliteStore } from "./sqlite-store.ts";
import { StoreFile } from "./store-file.ts";
import { storeLimits } from "./store-limits.ts";
import { withLog } from "./write-ahead-log.ts";

/** A log grows to some dozen pages; this one was never moved into its file. */
const logBytes = 64 * 1024 * 1024;

/**
 * The content as it was last committed, in memory; undefined: there is no file, or it is not to be read: not a regular
 * file of ours, in a folder that others may write, or damaged. Nothing on disk is touched. Not for a file that this
 * process has open: closing it here would drop SQLite's locks.
 */
export function readSnapshot(location: string, prepare: (image: SqliteDatabase) => void): SqliteStore | undefined {
  try {
    const image = StoreFile.visit(location, readImage);
    return image && openSnapshot(location, image, prepare);
  } catch {
    return undefined; // The failure to open it properly has been told; this one would only repeat it.
  }
}

function openSnapshot(location: string, image: Buffer, prepare: (image: SqliteDatabase) => void): SqliteStore {
  const db = openImage(image);
  try {
    prepare(db);
    return new SqliteStore(location, db);
  } catch (error) {
    db.close();
    throw error;
  }
}

function readImage(file: StoreFile): Buffer | undefined {
  if (!isPrivate(file.folder.status())) return undefined;
  const database = readOwn(file, storeLimits.fileBytes);
  if (!database || database.length < 512) return undefined;
  // A rollback that was not done: the file is half of two versions.
  if (fs.lstatSync(file.beside("-journal").path, { throwIfNoEntry: false })?.size) return undefined;
  const log = readOwn(file.beside("-wal"), logBytes);
  return inMemoryMode(log ? withLog(database, log) : database);
}

/** Bytes 18 and 19: a database in memory has no log, and SQLite would look for one. */
function inMemoryMode(image: Buffer): Buffer {
  image[18] = 1;
  image[19] = 1;
  return image;
}

const isOurs = (uid: number): boolean => uid === 0 || uid === process.geteuid?.();

const isPrivate = ({ uid, mode }: fs.Stats): boolean => isOurs(uid) && (mode & 0o022) === 0;

/** Looked at before it is opened: to open some device files is to do something. */
function readOwn(file: StoreFile, mostBytes: number): Buffer | undefined {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  if (!fs.lstatSync(file.path, { throwIfNoEntry: false })?.isFile()) return undefined;
  const descriptor = fs.openSync(file.path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const status = fs.fstatSync(descriptor);
    if (!status.isFile() || !isOurs(status.uid) || status.size > mostBytes) return undefined;
    return fs.readFileSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}
