import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { DaemonError } from "../base/errors.ts";

/** As many as the kernel follows (path_resolution(7)). */
const mostLinks = 40;

export interface ResolvedFolder {
  /** Without any symbolic link. */
  readonly path: string;
  /** A part of the way belongs to somebody who could exchange what is behind it while we look. */
  readonly isExchangeable: boolean;
}

/**
 * Follows a path as the kernel would, but goes through a symbolic link only where nobody but root and ourselves could have
 * put it. A user whose home lies on the way could otherwise lead the daemon to another user's settings. Undefined: there is
 * no such folder. Throws DaemonError InternalError.
 */
export function resolveFolder(folder: string): ResolvedFolder | undefined {
  const rest = folder.split("/").filter((part) => part !== "" && part !== ".");
  let path = "/";
  let isExchangeable = false;
  for (let links = 0; rest.length > 0; ) {
    const part = rest.shift() as string;
    const isInTrustedFolder = isTrusted(fs.statSync(path));
    isExchangeable ||= !isInTrustedFolder;
    const next = part === ".." ? dirname(path) : join(path, part);
    const status = fs.lstatSync(next, { throwIfNoEntry: false });
    if (!status) return undefined;
    if (!status.isSymbolicLink()) {
      if (!status.isDirectory()) throw refusal(folder, "a part of the path is not a folder");
      path = next;
      continue;
    }
    if (!isOurs(status.uid) || !isInTrustedFolder) throw refusal(folder, `the symbolic link ${next} is a user's`);
    if (++links > mostLinks) throw refusal(folder, "too many symbolic links");
    const target = fs.readlinkSync(next);
    if (target.startsWith("/")) path = "/";
    rest.unshift(...target.split("/").filter((word) => word !== "" && word !== "."));
  }
  return { path, isExchangeable };
}

/**
 * Whether this process has the file open at this very place: after a folder on the way was exchanged and put back, the file
 * that was opened meanwhile still tells where it is.
 */
export function isOpenAt(location: string): boolean {
  for (const number of fs.readdirSync("/proc/self/fd")) {
    try {
      if (fs.readlinkSync(`/proc/self/fd/${number}`) === location) return true;
    } catch {
      // Closed since the list was read.
    }
  }
  return false;
}

const isOurs = (uid: number): boolean => uid === 0 || uid === process.geteuid?.();
/** In a sticky folder (/tmp) everybody may put names, and nobody may take away those of others. */
const isTrusted = ({ uid, mode }: fs.Stats): boolean => isOurs(uid) && ((mode & 0o022) === 0 || (mode & 0o1000) !== 0);
const refusal = (folder: string, what: string): DaemonError =>
  new DaemonError("InternalError", `${folder}: ${what}`, { context: { folder } });
