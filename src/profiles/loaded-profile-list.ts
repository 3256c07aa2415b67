import * as fs from "node:fs";
import { DaemonError, describeError } from "../base/errors.ts";
import { formatProfileIdentifier, type ProfileIdentifier, parseProfileIdentifier } from "./profile-identifier.ts";

/** One line of the list: a user's Profile that is on the stack. */
export interface LoadedProfile {
  readonly identifier: ProfileIdentifier;
  readonly userHash: string;
}

/** The stack has 32 places; a longer file was not written by us. */
const sizeLimitBytes = 16_384;

/** Hex of a salted user name with ChromiumOS; any printable word that fits in a line of the list is taken. */
const userHashPattern = /^[\x21-\x7e]{0,255}$/;

export function checkUserHash(userHash: string): void {
  if (userHashPattern.test(userHash)) return;
  throw new DaemonError("InvalidArguments", "The user hash is not a word of at most 255 printable ASCII characters.");
}

/**
 * Reads `<run>/loaded_profile_list`: `~user/name hash` a line, bottom of the stack first. A missing file is an empty
 * list; lines that are not of that form are left out and told to `onBad`.
 */
export function readLoadedProfileList(file: string, onBad: (complaint: string) => void): readonly LoadedProfile[] {
  const list: LoadedProfile[] = [];
  readBounded(file, onBad)
    .split("\n")
    .forEach((line, index) => {
      if (line === "") return;
      try {
        list.push(parseLine(line));
      } catch (error) {
        onBad(`line ${index + 1}: ${describeError(error)}`);
      }
    });
  return list;
}

function parseLine(line: string): LoadedProfile {
  const space = line.indexOf(" ");
  const identifier = parseProfileIdentifier(space < 0 ? line : line.slice(0, space));
  if (identifier.user === undefined) throw new DaemonError("InvalidArguments", "not a user's Profile");
  const userHash = space < 0 ? "" : line.slice(space + 1);
  checkUserHash(userHash);
  return { identifier, userHash };
}

/** A file too long, or not a file, is refused as a whole: half a list would log half the users out. */
function readBounded(file: string, onBad: (complaint: string) => void): string {
  let handle: number | undefined;
  try {
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
    handle = fs.openSync(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const status = fs.fstatSync(handle);
    if (!status.isFile()) throw new Error("not a regular file");
    if (status.size > sizeLimitBytes) throw new Error(`${status.size} bytes; ${sizeLimitBytes} are allowed`);
    const content = Buffer.alloc(status.size);
    return content.toString("utf8", 0, fs.readSync(handle, content, 0, content.length, 0));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") onBad(describeError(error));
    return "";
  } finally {
    if (handle !== undefined) fs.closeSync(handle);
  }
}

/** Replaces the file as a whole; it lives in memory and dies with the machine, so nothing is synced. */
export function writeLoadedProfileList(file: string, list: readonly LoadedProfile[]): void {
  const temporary = `${file}.new`;
  const text = list.map(({ identifier, userHash }) => `${formatProfileIdentifier(identifier)} ${userHash}\n`).join("");
  // Left by a crash, or put there by another program: a link is removed, not followed.
  fs.rmSync(temporary, { force: true });
  fs.writeFileSync(temporary, text, { mode: 0o600, flag: "wx" });
  fs.renameSync(temporary, file);
}
