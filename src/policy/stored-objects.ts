/**
 * Which entries of the Profile stack are Locations or Modifiers, and which of several of one name counts. Pure but for
 * reading.
 */
import { DaemonError } from "../base/errors.ts";
import { isConsented } from "../profiles/consents.ts";
import type { Profile } from "../profiles/profile.ts";
import type { ProfileStack } from "../profiles/profile-stack.ts";
import type { StoredObject } from "./automation-host.ts";

/** Of one kind in one Profile: more than any person's places; each is judged at each change. */
const mostInProfile = 64;

export type ObjectPrefix = "location" | "modifier";

/** D-Bus paths have such names, and so has a row of the table. */
const fitName = /^[A-Za-z0-9_]{1,64}$/;
/** Throws DaemonError InvalidArguments. */
export function checkObjectName(kind: ObjectPrefix, name: string): void {
  if (fitName.test(name)) return;
  const shown = JSON.stringify(name.slice(0, 80));
  throw new DaemonError("InvalidArguments", `${shown} is no name for a ${kind}: 1 to 64 letters, digits and _`);
}

/**
 * Lowest Profile first, so that the list keeps its order when a user comes. Of several entries of one name the topmost
 * that counts is taken: a user's Location needs an administrator's consent, and Modifiers are the machine's alone.
 */
export function storedObjects({ profiles }: Pick<ProfileStack, "profiles">, prefix: ObjectPrefix): StoredObject[] {
  const found = new Map<string, StoredObject>();
  for (const profile of profiles) {
    for (const name of namesIn(profile, prefix)) {
      const object = { name, profile, heldBackBecause: heldBackBecause(profiles, profile, prefix, name) };
      // Conditions and people name them without case.
      const key = name.toLowerCase();
      if (object.heldBackBecause === undefined || !found.has(key)) found.set(key, object);
    }
  }
  return [...found.values()];
}

const namesIn = ({ store }: Profile, prefix: ObjectPrefix): readonly string[] =>
  store
    .entries()
    .filter((entry) => entry.startsWith(`${prefix}_`))
    .map((entry) => entry.slice(prefix.length + 1))
    .filter((name) => fitName.test(name))
    .slice(0, mostInProfile);

export function checkRoomFor(profile: Profile, prefix: ObjectPrefix): void {
  if (namesIn(profile, prefix).length < mostInProfile) return;
  throw new DaemonError("InvalidArguments", `${profile.label} has ${mostInProfile} of kind ${prefix} already`);
}

function heldBackBecause(
  profiles: readonly Profile[],
  profile: Profile,
  prefix: ObjectPrefix,
  name: string,
): string | undefined {
  if (profile.isMachine) return undefined;
  if (prefix === "modifier") return "commands are run only from Profiles of the machine";
  if (isConsented({ profiles }, profile, `${prefix}_${name}`)) return undefined;
  return `it is in ${profile.label}, and no administrator agreed`;
}
