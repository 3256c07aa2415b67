/** Unix accounts and the members of groups. */
import { execFile } from "node:child_process";
import { readIfPresent } from "./files.ts";

/** A directory server that does not answer must not leave processes behind. */
const limitMs = 5_000;
const mostGetentBytes = 4_096;

/**
 * The number of a Unix account, from the sources of nsswitch.conf; undefined: there is none, or no source answers.
 * Answers later: a directory server may take its time. `name` consists of letters and digits.
 */
export function uidOfAccount(name: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const options = { timeout: limitMs, maxBuffer: mostGetentBytes, env: { PATH: "/usr/bin:/bin" } };
    execFile("getent", ["passwd", name], options, (error, output) =>
      resolve(error ? undefined : uidOfLine(output, name)),
    );
  });
}

/** getent takes a name of digits for a number: only the account that is called so counts. */
export function uidOfLine(line: string, name: string): number | undefined {
  const [account, , uid] = line.split("\n", 1)[0]?.split(":") ?? [];
  return account === name && uid !== undefined && /^\d{1,10}$/.test(uid) ? Number(uid) : undefined;
}

/** Thousands of accounts; larger ones live in a directory service and not in files. */
const mostFileBytes = 4 * 1024 * 1024;

export interface AccountFiles {
  readonly group: string;
  readonly passwd: string;
}
const systemFiles: AccountFiles = { group: "/etc/group", passwd: "/etc/passwd" };

/**
 * Whether a process is in the group. `gids` come from the kernel and decide; where they are not known, the files give
 * the user's groups at the next login. Read anew each time: administrators edit them.
 */
export function isInGroup(
  { uid, gids }: { readonly uid: number; readonly gids: readonly number[] | undefined },
  name: string,
  files: AccountFiles = systemFiles,
): boolean {
  const group = linesOf(files.group).find(([first]) => first === name);
  const gid = number(group?.[2]);
  if (!group || gid === undefined) return false;
  if (gids) return gids.includes(gid);
  const account = linesOf(files.passwd).find(([, , id]) => number(id) === uid);
  if (!account) return false;
  return number(account[3]) === gid || (group[3] ?? "").split(",").includes(account[0] ?? "");
}

const linesOf = (path: string): readonly (readonly string[])[] =>
  (readIfPresent(path, mostFileBytes)?.toString("utf8") ?? "").split("\n").map((line) => line.split(":"));

const number = (text: string | undefined): number | undefined =>
  /^\d{1,10}$/.test(text ?? "") ? Number(text) : undefined;
