import { DaemonError } from "../base/errors.ts";
import type { EntryRows, StoredLease } from "./store.ts";

/**
 * Bounds on a Profile's content that a client can fill. The largest honest values are PEM bundles of some ten
 * kilobytes.
 */
export const storeLimits = {
  /** UTF-16 units of an entry's, row's or network's name. */
  nameLength: 255,
  /** UTF-16 units of one value. */
  valueLength: 262_144,
  rowsPerEntry: 1024,
  /** Twice the number of networks that a much travelled laptop remembers in its life. */
  entries: 20_000,
  /** Of the whole file. 10,000 remembered networks take 8 MiB. */
  fileBytes: 64 * 1024 * 1024,
  /**
   * Of the file of a user, who fills it without being asked for a right: 4,000 networks. A larger one can still be
   * read.
   */
  userFileBytes: 4 * 1024 * 1024,
} as const;

// Half of a surrogate pair cannot be stored as UTF-8 and would read back as another name.
// biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern refuses them
const unfitCharacter = /[\u0000-\u001f\u007f]|\p{Surrogate}/u;

function checkName(what: string, name: string, shortest = 1): void {
  if (name.length < shortest || name.length > storeLimits.nameLength) {
    throw new DaemonError(
      "InvalidArguments",
      `The ${what} has ${name.length} characters; ${shortest} to ${storeLimits.nameLength} are allowed.`,
    );
  }
  if (unfitCharacter.test(name)) {
    throw new DaemonError(
      "InvalidArguments",
      `The ${what} ${JSON.stringify(name)} has a control character or half of a pair.`,
    );
  }
}

function checkValue(where: string, json: string): void {
  if (json.length <= storeLimits.valueLength) return;
  throw new DaemonError(
    "InvalidArguments",
    `The value of ${where} has ${json.length} characters; ${storeLimits.valueLength} are allowed.`,
  );
}

/** Whether both say the same; no rows at all is another thing than no entry. */
export function isSameRows(one: EntryRows | undefined, other: EntryRows | undefined): boolean {
  if (!one || !other || one.size !== other.size) return one === other;
  for (const [name, json] of one) if (other.get(name) !== json) return false;
  return true;
}

const checkEntryName = (entry: string): void => checkName("entry name", entry);

/** For one entry more; `present`: how many there are. */
export function checkRoom(location: string, present: number): void {
  if (present < storeLimits.entries) return;
  throw new DaemonError(
    "InvalidArguments",
    `${location} is full: it has ${present} entries, as many as a Profile may have; delete some first.`,
  );
}

export function checkEntry(entry: string, rows: EntryRows): void {
  checkEntryName(entry);
  if (rows.size > storeLimits.rowsPerEntry) {
    throw new DaemonError(
      "InvalidArguments",
      `Entry ${entry} has ${rows.size} rows; ${storeLimits.rowsPerEntry} are allowed.`,
    );
  }
  for (const [name, json] of rows) {
    checkName(`row name in entry ${entry}`, name);
    checkValue(`${name} in entry ${entry}`, json);
  }
}

export function checkLease(lease: StoredLease): void {
  checkEntryName(lease.entry);
  checkName("network name", lease.network, 0);
  checkValue(`the lease of ${lease.entry}`, lease.json);
  if (Number.isSafeInteger(lease.expiresAtMs) && lease.expiresAtMs >= 0) return;
  throw new DaemonError(
    "InvalidArguments",
    `The lease of ${lease.entry} ends at ${lease.expiresAtMs}, which is no time.`,
  );
}
