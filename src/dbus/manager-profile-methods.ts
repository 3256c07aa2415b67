/** The Profile stack on the Manager (shill's doc/manager-api.txt). The rules are those of profiles/profile-stack.ts. */
import type { Manager } from "../manager/manager.ts";
import { isSameOwner, type Owner, ownerOfProfile } from "../profiles/owner.ts";
import type { ProfileStack } from "../profiles/profile-stack.ts";
import { args, type MethodEntry } from "./interface-table.ts";

/**
 * Whose the Profile of that name is; without a name, all that a call may take off the stack. Whose a user's file is that is
 * not loaded is not known: only administrators are let near.
 */
function ownerOfNamed(profiles: ProfileStack, name: string | undefined): Owner {
  if (name !== undefined) {
    const profile = profiles.profiles.find(({ label }) => label === name);
    return profile ? ownerOfProfile(profile) : name.startsWith("~") ? { uid: undefined } : "machine";
  }
  const owners = profiles.profiles.filter(({ isMachine }) => !isMachine).map(ownerOfProfile);
  const [first = "machine"] = owners;
  return owners.every((owner) => isSameOwner(owner, first)) ? first : { uid: undefined };
}

/** A method that tells a Profile's path. */
const answering = (
  takes: Readonly<Record<string, string>>,
  errors: readonly string[],
  doc: string,
  act: (manager: Manager, texts: readonly string[]) => string,
): MethodEntry<Manager> => ({
  in: args(takes),
  out: args({ profile: "o" }),
  doc,
  errors: [...errors, "PermissionDenied"],
  right: "profiles",
  ownerOf: ({ profiles }, [name]) => ownerOfNamed(profiles, name as string),
  call: (manager, values) => [act(manager, values as readonly string[])],
});

const silent = (
  takes: Readonly<Record<string, string>>,
  errors: readonly string[],
  doc: string,
  act: (manager: Manager, texts: readonly string[]) => void,
): MethodEntry<Manager> => ({
  in: args(takes),
  out: [],
  doc,
  errors: [...errors, "PermissionDenied"],
  right: "profiles",
  ownerOf: ({ profiles }, [name]) => ownerOfNamed(profiles, name as string | undefined),
  call: (manager, values) => {
    act(manager, values as readonly string[]);
    return undefined;
  },
});

export const profileMethods = {
  CreateProfile: answering(
    { name: "s" },
    ["InvalidArguments", "AlreadyExists", "InternalError", "NotStored"],
    "Makes an empty Profile, `name` of the machine or `~user/name`, and tells the path it will have once pushed.",
    (manager, [name = ""]) => manager.profileEntries.createProfile(name),
  ),
  PushProfile: answering(
    { name: "s" },
    ["InvalidArguments", "AlreadyExists", "NotFound", "InternalError", "NotStored"],
    "Puts a Profile on top of the stack. One of the machine goes on its like only; without a file it is kept in memory.",
    (manager, [name = ""]) => manager.profiles.push(name).path,
  ),
  InsertUserProfile: answering(
    { name: "s", user_hash: "s" },
    ["InvalidArguments", "AlreadyExists", "NotFound", "InternalError", "NotStored"],
    "As PushProfile, for `~user/name` only; keeps the hash for UserHash.",
    (manager, [name = "", hash = ""]) => manager.profiles.insert(name, hash).path,
  ),
  PopProfile: silent(
    { name: "s" },
    ["InvalidArguments", "NotFound", "WrongState"],
    "Takes this Profile off the stack; it must be on top.",
    (manager, [name = ""]) => manager.profiles.pop(name),
  ),
  PopAnyProfile: silent({}, ["NotFound"], "Takes the topmost Profile off the stack.", (manager) =>
    manager.profiles.popAny(),
  ),
  PopAllUserProfiles: silent(
    {},
    [],
    "Takes users' Profiles off the stack, down to the first of the machine.",
    (manager) => manager.profiles.popAllUsers(),
  ),
  RemoveProfile: {
    ...silent(
      { name: "s" },
      ["InvalidArguments", "Failure"],
      "Deletes a Profile that is not on the stack, with all it holds; a user's is for root, who alone could read it all. One " +
        "that does not exist is no error.",
      (manager, [name = ""]) => manager.profiles.remove(name),
    ),
    needs: ({ profiles }, [name]) => {
      const owner = ownerOfNamed(profiles, name as string);
      return [{ right: typeof owner === "object" && owner.uid === undefined ? "secrets" : "profiles", owner }];
    },
  },
} satisfies Readonly<Record<string, MethodEntry<Manager>>>;
