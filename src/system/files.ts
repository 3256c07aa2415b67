/** Files of ours: read with a limit, written whole or not at all. Errors are DaemonErrors that name the path. */

import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { DaemonError, type ErrorCode } from "../base/errors.ts";
import { randomBytes } from "./random.ts";

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

export interface WriteOptions {
  /** Permission bits, independent of the umask. 0644 when absent. */
  readonly mode?: number;
  /** Whether it must survive a power cut. False when absent: enough for a file that is made anew at each start. */
  readonly sync?: boolean;
}

/**
 * Readers see the old content or the new, never a part. The same content again leaves the file alone (same inode). A
 * symbolic link at `path` is replaced, not followed. Returns whether something was written.
 */
export function writeAtomically(path: string, content: string | Uint8Array, options: WriteOptions = {}): boolean {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  const { mode = 0o644, sync = false } = options;
  if (holds(path, bytes, mode)) return false;
  const temporary = join(dirname(path), `.fairlead-${randomBytes(9).toString("base64url")}.tmp`);
  try {
    writeNew(temporary, bytes, mode, sync);
    renameSync(temporary, path);
  } catch (error) {
    tryUnlink(temporary);
    throw fileError("write", path, error);
  }
  if (sync) syncFolder(dirname(path));
  return true;
}

/**
 * The whole content of a regular file (also of /proc and /sys). Throws NotFound when it does not exist and
 * InvalidArguments when it is longer than `maxBytes` or no regular file: a pipe would never end.
 */
export function readBounded(path: string, maxBytes: number): Buffer {
  let fd: number | undefined;
  try {
    // O_NONBLOCK: opening a pipe must not wait for its writer.
    fd = openSync(path, O_RDONLY | O_NONBLOCK);
    if (!fstatSync(fd).isFile()) throw new DaemonError("InvalidArguments", `${path} is not a regular file`);
    const content = readUpTo(fd, maxBytes + 1);
    if (content.length <= maxBytes) return content;
    throw new DaemonError("InvalidArguments", `${path} is longer than ${maxBytes} bytes`);
  } catch (error) {
    throw fileError("read", path, error);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** As {@link readBounded}, but a file that does not exist is undefined. */
export function readIfPresent(path: string, maxBytes: number): Buffer | undefined {
  try {
    return readBounded(path, maxBytes);
  } catch (error) {
    if (error instanceof DaemonError && error.code === "NotFound") return undefined;
    throw error;
  }
}

/** True when the file is gone afterwards because of this call, false when there was none. */
export function removeFile(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    throw fileError("remove", path, error);
  }
}

/** Whether the file already has the content; wrong permission bits are put right on the way. */
function holds(path: string, bytes: Uint8Array, mode: number): boolean {
  let fd: number | undefined;
  try {
    fd = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const status = fstatSync(fd);
    if (!status.isFile() || status.size !== bytes.length) return false;
    if (!readUpTo(fd, bytes.length + 1).equals(bytes)) return false;
    if ((status.mode & 0o7777) !== mode) fchmodSync(fd, mode);
    return true;
  } catch {
    return false; // a failing write will name the fault
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function writeNew(path: string, bytes: Uint8Array, mode: number, sync: boolean): void {
  const fd = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
  try {
    fchmodSync(fd, mode);
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    if (sync) fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** The rename itself is on disk only when the folder is. */
function syncFolder(path: string): void {
  const fd = openSync(path, O_RDONLY | O_DIRECTORY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function readUpTo(fd: number, maxBytes: number): Buffer {
  const chunks: Buffer[] = [];
  let total = 0;
  while (total < maxBytes) {
    const chunk = Buffer.allocUnsafe(Math.min(maxBytes - total, 65_536));
    const count = readSync(fd, chunk);
    if (count === 0) break;
    chunks.push(chunk.subarray(0, count));
    total += count;
  }
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
}

function tryUnlink(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It was never made, or is gone already.
  }
}

const errnoOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

const codeOf: Readonly<Record<string, ErrorCode>> = {
  ENOENT: "NotFound",
  ENOTDIR: "NotFound",
  EACCES: "PermissionDenied",
  EPERM: "PermissionDenied",
  EROFS: "PermissionDenied",
};

/** The disk does not take it now, from any program. */
const isOfTheDisk: ReadonlySet<string> = new Set(["EDQUOT", "EIO", "ENOSPC", "EROFS"]);

function fileError(verb: string, path: string, error: unknown): DaemonError {
  if (error instanceof DaemonError) return error;
  const code = errnoOf(error) ?? "";
  const isNotStored = verb !== "read" && isOfTheDisk.has(code);
  return new DaemonError(isNotStored ? "NotStored" : (codeOf[code] ?? "Failure"), `cannot ${verb} ${path}`, {
    cause: error,
    context: { path, code },
  });
}
