import { DaemonError } from "../base/errors.ts";
import type { Caller } from "../bus/bus.ts";
import type { Profile } from "../profiles/profile.ts";
import type { Service } from "../services/service.ts";

/** What a method asks of its caller, and a sentence for the reference page. Every method of every interface has one. */
export const rights = {
  read: "Every local user may call it.",
  control: "Connecting and switching: for whoever sits at the machine, members of netdev, and root.",
  settings: "For the user whose Profile it changes; what belongs to the machine is for administrators.",
  profiles: "For the user whose Profile it is; those of the machine are for administrators.",
  secrets: "Only for the user whose Profile holds the secret; those of the machine are for root.",
  debug: "For administrators.",
} as const satisfies Readonly<Record<string, string>>;
export type Right = keyof typeof rights;

/**
 * Whose a thing is: the machine's, nobody's yet (known from the air or the cable, and stored nowhere), or a user's; of a
 * user who is not known only administrators are let near.
 */
export type Owner = "machine" | "nobody" | { readonly uid: number | undefined };

export const ownerOfProfile = (profile: Profile): Owner => (profile.isMachine ? "machine" : { uid: undefined });
export const ownerOfService = ({ profile }: Service): Owner => (profile ? ownerOfProfile(profile) : "nobody");

export interface AccessRequest {
  readonly right: Exclude<Right, "read">;
  /** For the error's text: interface and member. */
  readonly what: string;
  readonly owner: Owner;
}

export interface AccessPolicy {
  /** Rejects with PermissionDenied. */
  require(caller: Caller, request: AccessRequest): Promise<void>;
}

export function ownerAndRootMayChange(ownUid: number): AccessPolicy {
  return {
    async require(caller, { what }) {
      const uid = await caller.uid();
      if (uid === 0 || uid === ownUid) return;
      throw new DaemonError("PermissionDenied", `${what}: only an administrator may change this`);
    },
  };
}
