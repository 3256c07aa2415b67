/** Files that only root, or the daemon's own user, could have written: programs to run and rules to load. */
import * as fs from "node:fs";
import { join } from "node:path";
import { DaemonError } from "../base/errors.ts";

/** A ruleset of ten thousand lines has half of this. */
const largestFile = 1024 * 1024;

const isOurs = (uid: number): boolean => uid === 0 || uid === process.geteuid?.();

/** Of a file or folder that was looked at; undefined: nothing is wrong. */
function faultOf({ uid, mode }: fs.Stats, path: string): string | undefined {
  if (!isOurs(uid)) return `${path} belongs to user ${uid}, not to root`;
  // In a sticky folder others may add names, and not exchange those of root.
  const isSticky = (mode & fs.constants.S_IFMT) === fs.constants.S_IFDIR && (mode & 0o1000) !== 0;
  return (mode & 0o022) !== 0 && !isSticky ? `${path} can be written by others` : undefined;
}

/**
 * The folders and symbolic links on the way count as well: a user who can change one of them can exchange the file. The
 * way is walked as the kernel does, link by link; it has an end, since the caller has had it resolved.
 */
function faultOnTheWay(path: string): string | undefined {
  let folder = "/";
  const words = path.split("/");
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    const here = join(folder, word);
    const status = fs.lstatSync(here);
    if (status.isSymbolicLink()) {
      if (!isOurs(status.uid)) return `${here} belongs to user ${status.uid}, not to root`;
      const target = fs.readlinkSync(here);
      if (target.startsWith("/")) folder = "/";
      words.unshift(...target.split("/"));
    } else if (status.isDirectory()) {
      const fault = faultOf(status, here);
      if (fault !== undefined) return fault;
      folder = here;
    }
  }
  return undefined;
}

/** Why the program is not to be run by the daemon; undefined: it may be. */
export function programFault(path: string): string | undefined {
  try {
    const real = fs.realpathSync(path);
    const status = fs.statSync(real);
    if (!status.isFile() || (status.mode & 0o111) === 0) return `${path} is no program`;
    return faultOf(status, real) ?? faultOnTheWay(path);
  } catch (error) {
    return (error as Error).message;
  }
}

/** Why other users may change the folder's files or its path; undefined: only root and ourselves can. */
export function folderFault(path: string): string | undefined {
  try {
    const real = fs.realpathSync(path);
    const status = fs.statSync(real);
    if (!status.isDirectory()) return `${path} is no folder`;
    // Sticky or not: a hard link to any program of root's is root's file.
    if ((status.mode & 0o022) !== 0) return `${path} can be written by others`;
    return faultOf(status, real) ?? faultOnTheWay(path);
  } catch (error) {
    return (error as Error).message;
  }
}

export interface FoundProgram {
  /** Absolute. */
  readonly path: string;
  /** Why it is not to be run; undefined: it may be. */
  readonly fault: string | undefined;
}
/** More handlers than any machine has. */
const mostPrograms = 64;
/** Backup files of editors and package managers beside a program are none. */
const programName = /^\w[\w.-]{0,63}(?<!\.(bak|orig|rej|dpkg-\w+|rpm\w+))$/;

/** Executable files directly in the folder, by name; none where there is no such folder. Other files are left out. */
export function programsIn(folder: string): readonly FoundProgram[] {
  let names: readonly string[];
  try {
    names = fs.readdirSync(folder).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    return [{ path: folder, fault: (error as Error).message }];
  }
  const paths = names.filter((name) => programName.test(name)).map((name) => join(folder, name));
  const programs = paths.filter(isProgram).slice(0, mostPrograms);
  const fault = programs.length > 0 ? folderFault(folder) : undefined;
  return programs.map((path) => ({ path, fault: fault ?? programFault(path) }));
}
function isProgram(path: string): boolean {
  const status = fs.statSync(path, { throwIfNoEntry: false });
  return status?.isFile() === true && (status.mode & 0o111) !== 0;
}

/** Throws DaemonError that names the file's fault. */
export function readTrustedFile(path: string): string {
  let descriptor: number | undefined;
  try {
    const real = fs.realpathSync(path);
    descriptor = fs.openSync(real, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK);
    const status = fs.fstatSync(descriptor);
    const fault = status.isFile() ? (faultOf(status, path) ?? faultOnTheWay(path)) : `${path} is no file`;
    if (fault !== undefined) throw new Error(fault);
    if (status.size > largestFile) throw new Error(`${path} has ${status.size} bytes; ${largestFile} are allowed`);
    return fs.readFileSync(descriptor, "utf8");
  } catch (error) {
    throw new DaemonError("Failure", (error as Error).message);
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor);
  }
}
