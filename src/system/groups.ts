/** Who is in a group, from the account files. */
import { readIfPresent } from "./files.ts";

/** Thousands of accounts; larger ones live in a directory service and not in files. */
const mostBytes = 4 * 1024 * 1024;

export interface AccountFiles {
  readonly group: string;
  readonly passwd: string;
}
const systemFiles: AccountFiles = { group: "/etc/group", passwd: "/etc/passwd" };

/**
 * Whether a process is in the group. `gids` are what the kernel says of it and decide; where they are not known, the
 * files say what the user would get at the next login. Read anew each time: administrators edit them.
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
  (readIfPresent(path, mostBytes)?.toString("utf8") ?? "").split("\n").map((line) => line.split(":"));

const number = (text: string | undefined): number | undefined =>
  /^\d{1,10}$/.test(text ?? "") ? Number(text) : undefined;
