import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { DaemonError } from "../base/errors.ts";

/** As many as the kernel follows (path_resolution(7)). */
const mostLinks = 40;
/**
 * Node does not name it; the same on every machine that Node runs on. Neither reads, nor waits for the other end of a
 * FIFO.
 */
const openPath = 0o10000000;
/** Opens any file, a symbolic link as itself. */
export const openUnread = openPath | fs.constants.O_NOFOLLOW;

/** The kernel's path of a descriptor. It leads to the open file also when another file stands at the path by now. */
export const descriptorPath = (descriptor: number): string => `/proc/self/fd/${descriptor}`;

/**
 * A folder that is held open: all work in it is done in this one. A program that can exchange a folder on the way to it
 * cannot reach it.
 */
export class OpenFolder {
  #isOpen = true;

  constructor(
    readonly descriptor: number,
    /** Where it was found, without any symbolic link; for messages only. */
    readonly path: string,
  ) {}

  /** For system calls. */
  at(name: string): string {
    if (!this.#isOpen) throw new DaemonError("InternalError", `the folder ${this.path} is closed`);
    // Not joined: that would take `..` away together with the descriptor.
    return `${descriptorPath(this.descriptor)}/${name}`;
  }
  status(): fs.Stats {
    return fs.fstatSync(this.descriptor);
  }
  /** Twice is harmless. */
  close(): void {
    if (this.#isOpen) fs.closeSync(this.descriptor);
    this.#isOpen = false;
  }
}

/**
 * Follows a path as the kernel would, part by part, each from the folder that the one before opened. A symbolic link is
 * followed only where it could have been put by root and ourselves alone: a user whose home lies on the way could
 * otherwise lead the daemon to another user's settings. Undefined: there is no such folder. Throws DaemonError
 * InternalError, or the system's error.
 */
export function openFolder(path: string): OpenFolder | undefined {
  const rest = partsOf(path);
  let folder = openRoot();
  try {
    for (let links = 0; rest.length > 0; ) {
      const next = step(folder, rest.shift() as string, path);
      if (next === undefined) {
        folder.close();
        return undefined;
      }
      if (next instanceof OpenFolder) {
        folder.close();
        folder = next;
        continue;
      }
      if (++links > mostLinks) throw refusal(path, "too many symbolic links");
      rest.unshift(...partsOf(next.target));
      if (!next.target.startsWith("/")) continue;
      folder.close();
      folder = openRoot();
    }
    return folder;
  } catch (error) {
    folder.close();
    throw error;
  }
}

const partsOf = (path: string): string[] => path.split("/").filter((part) => part !== "" && part !== ".");
const openRoot = (): OpenFolder => new OpenFolder(fs.openSync("/", openPath | fs.constants.O_DIRECTORY), "/");

/** One part of the way; undefined: it is not there. */
function step(folder: OpenFolder, part: string, whole: string): OpenFolder | { readonly target: string } | undefined {
  const descriptor = openIfThere(folder.at(part));
  if (descriptor === undefined) return undefined;
  try {
    const status = fs.fstatSync(descriptor);
    if (status.isDirectory()) {
      return new OpenFolder(descriptor, part === ".." ? dirname(folder.path) : join(folder.path, part));
    }
    if (!status.isSymbolicLink()) throw refusal(whole, "a part of the path is not a folder");
    if (!isOurs(status.uid) || !isTrusted(folder.status())) {
      throw refusal(whole, `the symbolic link ${join(folder.path, part)} is a user's`);
    }
    const target = fs.readlinkSync(folder.at(part));
    fs.closeSync(descriptor);
    return { target };
  } catch (error) {
    fs.closeSync(descriptor);
    throw error;
  }
}

/** First as a folder, which mounts one that waits for its first visitor (autofs). */
function openIfThere(path: string, flags = openUnread | fs.constants.O_DIRECTORY): number | undefined {
  try {
    return fs.openSync(path, flags);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    if (flags === openUnread || (code !== "ENOTDIR" && code !== "ELOOP")) throw error;
    return openIfThere(path, openUnread);
  }
}

const isOurs = (uid: number): boolean => uid === 0 || uid === process.geteuid?.();
/** In a sticky folder (/tmp) every user may put names, and none may take away those of others. */
const isTrusted = ({ uid, mode }: fs.Stats): boolean => isOurs(uid) && ((mode & 0o022) === 0 || (mode & 0o1000) !== 0);
const refusal = (folder: string, what: string): DaemonError =>
  new DaemonError("InternalError", `${folder}: ${what}`, { context: { folder } });
