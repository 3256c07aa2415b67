/**
 * What is checked and done around a database file before SQLite sees it. SQLite follows symbolic links, leaves modes to
 * the umask and, as any POSIX locker, loses its locks when the same process opens and closes the file once more:
 * files that exist are therefore looked at by name, in a folder that nobody else can write.
 */
import * as fs from "node:fs";
import { dirname, resolve } from "node:path";
import { DaemonError } from "../base/errors.ts";
import type { OpenMode } from "./store.ts";

/** SQLite's companions of a database; they hold content too. */
const companions = ["-wal", "-shm", "-journal"] as const;

/** A damaged file each hour for a night; more than that wants a person, and must not fill the disk. */
const setAsideLimit = 9;

const refuse = (location: string, what: string, cause?: unknown): DaemonError =>
  new DaemonError("InternalError", `${location}: ${what}`, { cause, context: { location } });

const systemCode = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? "unknown";

const systemSentences: Readonly<Record<string, string>> = {
  EACCES: "access is denied",
  EEXIST: "something else stands in its place",
  EDQUOT: "the disk quota is used up",
  ENAMETOOLONG: "the name is too long",
  ENOENT: "the folder does not exist",
  ENOSPC: "the disk is full",
  ENOTDIR: "a part of the path is not a folder",
  EPERM: "access is denied",
  EROFS: "the file system is read-only",
};

/** Runs a system call; its failure becomes one DaemonError. */
function attempt<R>(location: string, call: () => R): R {
  try {
    return call();
  } catch (error) {
    if (error instanceof DaemonError) throw error;
    throw refuse(location, systemSentences[systemCode(error)] ?? `the system refuses (${systemCode(error)})`, error);
  }
}

/** Makes the folder (0700) if it is missing, and those above it, as the state folder may be new. */
export function ensurePrivateFolder(folder: string): void {
  makeFolder(resolve(folder));
  checkFolder(folder);
}

/** By hand: the recursive call of Node says "no such folder" where the file system is read-only. */
function makeFolder(folder: string): void {
  if (fs.existsSync(folder)) return;
  makeFolder(dirname(folder));
  attempt(folder, () => {
    fs.mkdirSync(folder, 0o700);
    fs.chmodSync(folder, 0o700);
    syncFolder(dirname(folder));
  });
}

/** Whoever can write the folder can put his own file in place of ours. */
export function checkFolder(folder: string): void {
  const status = attempt(folder, () => fs.statSync(folder));
  if (!status.isDirectory()) throw refuse(folder, "not a folder");
  if (status.uid !== process.geteuid?.() && status.uid !== 0) {
    throw refuse(folder, `the folder belongs to user ${status.uid}, not to the one the daemon runs as`);
  }
  if (status.mode & 0o022) {
    throw refuse(folder, `others may write the folder (mode ${(status.mode & 0o7777).toString(8)}); make it 700`);
  }
  attempt(folder, () => fs.accessSync(folder, fs.constants.W_OK | fs.constants.X_OK));
}

/** Anything of that name counts, also a link to nowhere. */
export const storeFileExists = (location: string): boolean =>
  attempt(location, () => fs.lstatSync(location, { throwIfNoEntry: false })) !== undefined;

/**
 * Makes an empty file of mode 0600, or checks the one that is there and takes others' rights to it away.
 * Returns whether it is new.
 */
export function prepareStoreFile(location: string, mode: OpenMode): boolean {
  const exists = storeFileExists(location);
  if (!exists && mode === "open") throw new DaemonError("NotFound", `${location} does not exist.`);
  if (exists && mode === "create") throw new DaemonError("AlreadyExists", `${location} exists already.`);
  checkFolder(dirname(location));
  if (exists) checkFile(location);
  else createFile(location);
  return !exists;
}

function createFile(location: string): void {
  const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = fs.constants;
  attempt(location, () => {
    const file = fs.openSync(location, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      fs.fchmodSync(file, 0o600);
    } finally {
      fs.closeSync(file);
    }
    syncFolder(dirname(location));
  });
}

function checkFile(location: string): void {
  for (const name of [location, ...companions.map((suffix) => location + suffix)]) {
    const status = attempt(name, () => fs.lstatSync(name, { throwIfNoEntry: false }));
    if (!status) continue;
    if (status.isSymbolicLink()) throw refuse(name, "a symbolic link stands in its place");
    if (!status.isFile()) throw refuse(name, "not a regular file");
    if (status.uid !== process.geteuid?.() && status.uid !== 0) {
      throw refuse(name, `the file belongs to user ${status.uid}, not to the one the daemon runs as`);
    }
    attempt(name, () => fs.accessSync(name, fs.constants.R_OK | fs.constants.W_OK));
    if (status.mode & 0o077) attempt(name, () => fs.chmodSync(name, 0o600));
  }
}

/** The fixed head of a database file (https://www.sqlite.org/fileformat.html, 1.3). */
export interface DatabaseHead {
  readonly bytes: number;
  readonly isSqlite: boolean;
  readonly userVersion: number;
  readonly applicationId: number;
  /** What the last user did not get to move into the file: it did not close it. */
  readonly hasLog: boolean;
}

/** Reads the head without SQLite, which would already touch the files beside it. Not for a file this process has open. */
export function readDatabaseHead(location: string): DatabaseHead {
  const head = Buffer.alloc(100);
  const bytes = attempt(location, () => {
    const file = fs.openSync(location, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW);
    try {
      fs.readSync(file, head, 0, head.length, 0);
      return fs.fstatSync(file).size;
    } finally {
      fs.closeSync(file);
    }
  });
  return {
    bytes,
    isSqlite: bytes >= 512 && head.toString("latin1", 0, 16) === "SQLite format 3\0",
    userVersion: head.readInt32BE(60),
    applicationId: head.readInt32BE(68),
    hasLog: fs.existsSync(`${location}-wal`),
  };
}

/**
 * Renames a damaged file and its companions to the first free of `.corrupted`, `.corrupted.2`, ... and returns that
 * name. The log goes first: a log left beside a new file would be played into it.
 */
export function setAsideStoreFile(location: string): string {
  const target = freeName(location);
  attempt(location, () => {
    for (const suffix of [...companions, ""]) {
      if (fs.existsSync(location + suffix)) fs.renameSync(location + suffix, target + suffix);
    }
    syncFolder(dirname(location));
  });
  return target;
}

function freeName(location: string): string {
  for (let number = 1; number <= setAsideLimit; number++) {
    const name = `${location}.corrupted${number === 1 ? "" : `.${number}`}`;
    if (!["", ...companions].some((suffix) => storeFileExists(name + suffix))) return name;
  }
  throw refuse(location, `the file is damaged and ${setAsideLimit} damaged ones are kept already; remove them`);
}

/** The companions go first, for the reason given at {@link setAsideStoreFile}. What is missing is no error. */
export function removeStoreFile(location: string): void {
  for (const suffix of [...companions, ""]) fs.rmSync(location + suffix, { force: true });
}

/** A new or renamed file survives a power cut only once its folder is on disk. */
function syncFolder(folder: string): void {
  const handle = fs.openSync(folder, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
  try {
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
}
