/** The Profile stack on the Manager (shill's doc/manager-api.txt). The rules are those of profiles/profile-stack.ts. */
import type { Manager } from "../manager/manager.ts";
import { isSameOwner, type Owner, ownerOfProfile } from "../profiles/profile.ts";
import type { ProfileStack } from "../profiles/profile-stack.ts";
import { args, type MethodEntry, methodOf } from "./interface-table.ts";

/**
 * Owner of the Profile of that name; without a name, of all that a call may take off the stack. The owner of a user's
 * file that is not loaded is unknown: only administrators are let near.
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

const method = methodOf<Manager>();
const path = args({ profile: "o" });

/** Methods on the Profile that the argument `name` names. */
const named = {
  in: { name: "s" },
  right: "profiles",
  ownerOf: ({ profiles }: Manager, { name }: { readonly name: string }) => ownerOfNamed(profiles, name),
} as const;
/** Methods without a name, on all that they may take off the stack. */
const unnamed = {
  in: {},
  out: [],
  right: "profiles",
  ownerOf: ({ profiles }: Manager) => ownerOfNamed(profiles, undefined),
} as const;

export const profileMethods = {
  CreateProfile: method({
    ...named,
    out: path,
    doc: "Makes an empty Profile, `name` of the machine or `~user/name`, and tells the path it will have once pushed.",
    errors: ["InvalidArguments", "AlreadyExists", "InternalError", "NotStored", "PermissionDenied"],
    call: ({ profileEntries }, { name }) => [profileEntries.createProfile(name)],
  }),
  PushProfile: method({
    ...named,
    out: path,
    doc: "Puts a Profile on top of the stack. One of the machine goes on its like only; without a file it is kept in memory.",
    errors: ["InvalidArguments", "AlreadyExists", "NotFound", "InternalError", "NotStored", "PermissionDenied"],
    call: ({ profiles }, { name }) => [profiles.push(name).path],
  }),
  InsertUserProfile: method({
    ...named,
    in: { name: "s", user_hash: "s" },
    out: path,
    doc: "As PushProfile, for `~user/name` only; keeps the hash for UserHash.",
    errors: ["InvalidArguments", "AlreadyExists", "NotFound", "InternalError", "NotStored", "PermissionDenied"],
    call: ({ profiles }, { name, user_hash: hash }) => [profiles.insert(name, hash).path],
  }),
  PopProfile: method({
    ...named,
    out: [],
    doc: "Takes this Profile off the stack; it must be on top.",
    errors: ["InvalidArguments", "NotFound", "WrongState", "PermissionDenied"],
    call: ({ profiles }, { name }) => {
      profiles.pop(name);
      return undefined;
    },
  }),
  PopAnyProfile: method({
    ...unnamed,
    doc: "Takes the topmost Profile off the stack.",
    errors: ["NotFound", "PermissionDenied"],
    call: ({ profiles }) => {
      profiles.popAny();
      return undefined;
    },
  }),
  PopAllUserProfiles: method({
    ...unnamed,
    doc: "Takes users' Profiles off the stack, down to the first of the machine.",
    errors: ["PermissionDenied"],
    call: ({ profiles }) => {
      profiles.popAllUsers();
      return undefined;
    },
  }),
  RemoveProfile: method({
    in: { name: "s" },
    out: [],
    right: "profiles",
    doc:
      "Deletes a Profile that is not on the stack, with all it holds; a user's is for root, who alone could read it all. One " +
      "that does not exist is no error.",
    errors: ["InvalidArguments", "Failure", "PermissionDenied"],
    needs: ({ profiles }, { name }) => {
      const owner = ownerOfNamed(profiles, name);
      return [{ right: typeof owner === "object" && owner.uid === undefined ? "secrets" : "profiles", owner }];
    },
    call: ({ profiles }, { name }) => {
      profiles.remove(name);
      return undefined;
    },
  }),
} satisfies Readonly<Record<string, MethodEntry<Manager>>>;
