import type { Profile } from "./profile.ts";

/**
 * Whose a thing is: the machine's, nobody's yet (known from the air or the cable, and stored nowhere), or a user's; of a
 * user who is not known only administrators are let near.
 */
export type Owner = "machine" | "nobody" | { readonly uid: number | undefined };

export const ownerOfProfile = (profile: Profile): Owner => (profile.isMachine ? "machine" : { uid: profile.ownerUid });
export const isSameOwner = (a: Owner, b: Owner): boolean =>
  typeof a === "object" && typeof b === "object" ? a.uid === b.uid : a === b;
