/**
 * Checks and steps around a database file before SQLite sees it, in a folder that is held open and that no other user
 * can write. SQLite leaves modes to the umask and, as any POSIX locker, loses its locks when the same process opens and
 * closes the file once more: files that exist are therefore opened without reading (O_PATH), which touches no lock.
 */
import * as fs from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { DaemonError } from "../base/errors.ts";
import type { OpenMode } from "./store.ts";
import { descriptorPath, type OpenFolder, openFolder, openUnread } from "./trusted-folder.ts";

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
  EIO: "the disk reports an error",
  EDQUOT: "the disk quota is used up",
  ENAMETOOLONG: "the name is too long",
  ENOENT: "the folder does not exist",
  ENOSPC: "the disk is full",
  ENOTDIR: "a part of the path is not a folder",
  EPERM: "access is denied",
  EROFS: "the file system is read-only",
};

/**
 * Errors that may pass by themselves: the disk, or its rights, may change. A missing or wrong folder needs a person.
 */
const isForNow: ReadonlySet<string> = new Set(["EACCES", "EDQUOT", "EIO", "ENOSPC", "EPERM", "EROFS"]);

/** Runs a system call; its failure becomes one DaemonError. */
function attempt<R>(location: string, call: () => R): R {
  try {
    return call();
  } catch (cause) {
    if (cause instanceof DaemonError) throw cause;
    const code = systemCode(cause);
    const what = systemSentences[code] ?? `the system refuses (${code})`;
    if (!isForNow.has(code)) throw refuse(location, what, cause);
    throw new DaemonError("NotStored", `${location}: ${what}`, { cause, context: { location } });
  }
}

export interface SeenFile {
  readonly dev: number;
  readonly ino: number;
  readonly size: number;
}
export const isSameFile = (a: SeenFile | undefined, b: SeenFile | undefined): boolean =>
  a?.dev === b?.dev && a?.ino === b?.ino;

/** A database file, and its companions, in a folder that is held open. */
export class StoreFile {
  private constructor(
    readonly folder: OpenFolder,
    private readonly name: string,
  ) {}

  /** Undefined: there is no such folder. Throws DaemonError InternalError. */
  static find(location: string): StoreFile | undefined {
    const path = dirname(resolve(location));
    const folder = attempt(path, () => openFolder(path));
    return folder && new StoreFile(folder, basename(location));
  }
  /** As {@link find}, and lets go of the folder afterwards. */
  static visit<R>(location: string, look: (file: StoreFile) => R): R | undefined {
    const file = StoreFile.find(location);
    try {
      return file && look(file);
    } finally {
      file?.folder.close();
    }
  }

  /** For messages. */
  get location(): string {
    const { path } = this.folder;
    return path.endsWith("/") ? `${path}${this.name}` : `${path}/${this.name}`;
  }
  /** For system calls and SQLite. */
  get path(): string {
    return this.folder.at(this.name);
  }
  /** Another name in the same folder. */
  beside(suffix: string): StoreFile {
    return new StoreFile(this.folder, this.name + suffix);
  }
  /** Anything of that name counts, also a link to nowhere. */
  get exists(): boolean {
    return attempt(this.location, () => fs.lstatSync(this.path, { throwIfNoEntry: false })) !== undefined;
  }
  /** The file of that name itself, not its target if it is a link; undefined: none. */
  look(): SeenFile | undefined {
    return attempt(this.location, () => fs.lstatSync(this.path, { throwIfNoEntry: false }));
  }
  renameTo(target: StoreFile): void {
    attempt(this.location, () => fs.renameSync(this.path, target.path));
  }
  sync(): void {
    syncFolder(descriptorPath(this.folder.descriptor));
  }
}

/** Throws DaemonError NotFound (`open`), InternalError. */
export function findStoreFile(location: string, mode: OpenMode): StoreFile {
  const file = StoreFile.find(location);
  if (file) return file;
  if (mode === "open") throw new DaemonError("NotFound", `${location} does not exist.`);
  throw refuse(dirname(location), systemSentences.ENOENT as string);
}

/** Room for a log of the usual length. Less than that is a full disk, though a small change may still fit somewhere. */
const leastFreeBytes = 128 * 1024;

/** Throws NotStored where the disk has no room for a change. */
export function checkFreeSpace(location: string): void {
  if (freeBytes(location) < leastFreeBytes) throw new DaemonError("NotStored", `${location}: the disk is full`);
}
/** Free space of the file's disk, in bytes. */
export function freeBytes(location: string): number {
  const { bavail, bsize } = attempt(location, () => fs.statfsSync(dirname(location)));
  return bavail * bsize;
}

/** Makes the folder (0700) if it is missing, and those above it, as the state folder may be new. */
export function ensurePrivateFolder(folder: string): void {
  makeFolder(resolve(folder));
  const status = attempt(folder, () => fs.statSync(folder));
  checkFolder({ path: folder, way: folder, status });
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

interface SeenFolder {
  /** For messages. */
  readonly path: string;
  /** For system calls. */
  readonly way: string;
  readonly status: fs.Stats;
}
/** A user that can write the folder can put another file in place of ours. */
function checkFolder({ path, way, status }: SeenFolder): void {
  if (!status.isDirectory()) throw refuse(path, "not a folder");
  if (status.uid !== process.geteuid?.() && status.uid !== 0) {
    throw refuse(path, `the folder belongs to user ${status.uid}, not to the one the daemon runs as`);
  }
  if (status.mode & 0o022) {
    throw refuse(path, `others may write the folder (mode ${(status.mode & 0o7777).toString(8)}); make it 700`);
  }
  attempt(path, () => fs.accessSync(way, fs.constants.W_OK | fs.constants.X_OK));
}

export const storeFileExists = (location: string): boolean =>
  StoreFile.visit(location, ({ exists }) => exists) ?? false;

/**
 * Makes an empty file of mode 0600, or checks the one that is there and takes others' rights to it away.
 * Returns whether it is new.
 */
export function prepareStoreFile(file: StoreFile, mode: OpenMode): boolean {
  const { exists, location, folder } = file;
  if (!exists && mode === "open") throw new DaemonError("NotFound", `${location} does not exist.`);
  if (exists && mode === "create") throw new DaemonError("AlreadyExists", `${location} exists already.`);
  checkFolder({ path: folder.path, way: descriptorPath(folder.descriptor), status: folder.status() });
  if (exists) for (const suffix of ["", ...companions]) checkFile(file.beside(suffix));
  else createFile(file);
  return !exists;
}

function createFile(file: StoreFile): void {
  const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = fs.constants;
  attempt(file.location, () => {
    const descriptor = fs.openSync(file.path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      fs.fchmodSync(descriptor, 0o600);
    } finally {
      fs.closeSync(descriptor);
    }
    file.sync();
  });
}

function checkFile(file: StoreFile): void {
  if (!file.exists) return;
  const { location } = file;
  const descriptor = attempt(location, () => fs.openSync(file.path, openUnread));
  try {
    const status = fs.fstatSync(descriptor);
    if (status.isSymbolicLink()) throw refuse(location, "a symbolic link stands in its place");
    if (!status.isFile()) throw refuse(location, "not a regular file");
    if (status.uid !== process.geteuid?.() && status.uid !== 0) {
      throw refuse(location, `the file belongs to user ${status.uid}, not to the one the daemon runs as`);
    }
    const opened = descriptorPath(descriptor);
    attempt(location, () => fs.accessSync(opened, fs.constants.R_OK | fs.constants.W_OK));
    if (status.mode & 0o077) attempt(location, () => fs.chmodSync(opened, 0o600));
  } finally {
    fs.closeSync(descriptor);
  }
}

/** The fixed head of a database file (https://www.sqlite.org/fileformat.html, 1.3). */
export interface DatabaseHead {
  readonly bytes: number;
  readonly isSqlite: boolean;
  readonly userVersion: number;
  readonly applicationId: number;
  /** The last user left pages in the log that are not in the file: it did not close it. */
  readonly hasLog: boolean;
}

/**
 * Reads the head without SQLite, which would already touch the files beside it. Not for a file this process has open.
 */
export function readDatabaseHead(file: StoreFile): DatabaseHead {
  const head = Buffer.alloc(100);
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  const bytes = attempt(file.location, () => {
    const descriptor = fs.openSync(file.path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      const status = fs.fstatSync(descriptor);
      if (!status.isFile()) throw refuse(file.location, "not a regular file");
      fs.readSync(descriptor, head, 0, head.length, 0);
      return status.size;
    } finally {
      fs.closeSync(descriptor);
    }
  });
  return {
    bytes,
    isSqlite: bytes >= 512 && head.toString("latin1", 0, 16) === "SQLite format 3\0",
    userVersion: head.readInt32BE(60),
    applicationId: head.readInt32BE(68),
    hasLog: file.beside("-wal").exists,
  };
}

/**
 * Renames a damaged file and its companions to the first free of `.corrupted`, `.corrupted.2`, ... and returns that
 * name. The log goes first: a log left beside a new file would be played into it.
 */
export function setAsideStoreFile(file: StoreFile): string {
  const target = freeName(file);
  attempt(file.location, () => {
    for (const suffix of [...companions, ""]) {
      const from = file.beside(suffix);
      if (from.exists) fs.renameSync(from.path, target.beside(suffix).path);
    }
    file.sync();
  });
  return target.location;
}

function freeName(file: StoreFile): StoreFile {
  for (let number = 1; number <= setAsideLimit; number++) {
    const target = file.beside(`.corrupted${number === 1 ? "" : `.${number}`}`);
    if (!["", ...companions].some((suffix) => target.beside(suffix).exists)) return target;
  }
  throw refuse(file.location, `the file is damaged and ${setAsideLimit} damaged ones are kept already; remove them`);
}

/** The companions go first, for the reason given at {@link setAsideStoreFile}. A missing file is no error. */
export function removeStoreFile(file: StoreFile): void {
  for (const suffix of [...companions, ""]) fs.rmSync(file.beside(suffix).path, { force: true });
}

/** The names of a folder; undefined: there is none. */
export function listFolder(path: string): readonly string[] | undefined {
  const folder = openFolder(resolve(path));
  try {
    return folder && fs.readdirSync(descriptorPath(folder.descriptor));
  } finally {
    folder?.close();
  }
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
