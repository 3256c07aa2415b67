/**
 * The administrator's mark: users whose Profiles may bring settings of their own for objects that the machine keeps. It
 * stands in a Profile of the machine, where no user can write: an entry `consents` with a row for each entry that users
 * may bring, `ethernet_any = ["alice"]`; `"*"` means every user.
 */
import { DaemonError } from "../base/errors.ts";
import type { Profile } from "./profile.ts";
import type { ProfileStack } from "./profile-stack.ts";

export const consentsEntry = "consents";
const everyUser = "*";
/** More users than share one machine; a longer list says `"*"`. */
const mostUsers = 256;

type Stack = Pick<ProfileStack, "profiles">;

/** Whether an administrator agreed that this user's Profile has its own say about the entry. */
export function isConsented({ profiles }: Stack, { identifier }: Profile, entry: string): boolean {
  return profiles
    .filter(({ isMachine }) => isMachine)
    .some(({ store }) => {
      const users = usersOf(store.read(consentsEntry)?.get(entry));
      return users.some((user) => user === everyUser || user === identifier.user);
    });
}

/** For a caller that may change the machine's settings. Throws the store's error. */
export function consent({ profiles }: Stack, { identifier }: Profile, entry: string): void {
  const store = profiles.findLast(({ isMachine }) => isMachine)?.store;
  if (!store || identifier.user === undefined) return;
  const rows = new Map(store.read(consentsEntry));
  const users = usersOf(rows.get(entry));
  if (users.length >= mostUsers) {
    throw new DaemonError("InvalidArguments", `${consentsEntry} names ${mostUsers} users for ${entry} already`);
  }
  store.write(consentsEntry, rows.set(entry, JSON.stringify([...users, identifier.user])));
}

/** A value that is no list of names is no consent. */
function usersOf(json: string | undefined): readonly string[] {
  try {
    const list: unknown = JSON.parse(json ?? "[]");
    return Array.isArray(list) ? list.filter((user) => typeof user === "string") : [];
  } catch {
    return [];
  }
}
