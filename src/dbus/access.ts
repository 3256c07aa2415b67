/** Who may do what: the one place. docs/decisions/who-may-do-what.md says why. */
import { DaemonError } from "../base/errors.ts";
import type { Caller, Credentials } from "../bus/bus.ts";
import type { Authority, Verdict } from "../polkit/authority.ts";
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

export const ownerOfProfile = (profile: Profile): Owner => (profile.isMachine ? "machine" : { uid: profile.ownerUid });
export const ownerOfService = ({ profile }: Service): Owner => (profile ? ownerOfProfile(profile) : "nobody");
/**
 * Whose consent it takes that a Service comes into a Profile of `receiver`, who can read its secrets from then on: what one
 * keeps is not another's to take, nor what somebody typed in that nobody keeps yet.
 */
export function ownerToMove(service: Service, receiver: Owner): Owner {
  if (!service.profile) return service.holdsSecret ? "machine" : receiver;
  return isSameOwner(ownerOfService(service), receiver) ? receiver : "machine";
}
export const isSameOwner = (a: Owner, b: Owner): boolean =>
  typeof a === "object" && typeof b === "object" ? a.uid === b.uid : a === b;

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

/** Asks for a right on a thing, and looks again afterwards: a person may have been asked for minutes. */
export async function requireRight(
  access: AccessPolicy,
  caller: Caller,
  { right, what, whose }: Omit<AccessRequest, "owner"> & { whose(): Owner },
): Promise<void> {
  const owner = whose();
  await access.require(caller, { right, what, owner });
  if (!isSameOwner(owner, whose())) throw new DaemonError("PermissionDenied", `${what}: it changed hands meanwhile`);
}

/** Those of docs/install/org.fairlead.policy. */
export type PolkitAction =
  | "org.fairlead.control"
  | "org.fairlead.settings"
  | "org.fairlead.profiles"
  | "org.fairlead.debug";

/** What is known without asking anybody: yes, no, or whom to ask. */
export type Judgement =
  | { readonly verdict: "yes" }
  | { readonly verdict: "no"; readonly because: string }
  | { readonly verdict: "ask"; readonly action: PolkitAction };

const yes: Judgement = { verdict: "yes" };
const no = (because: string): Judgement => ({ verdict: "no", because });
const ask = (action: PolkitAction): Judgement => ({ verdict: "ask", action });

/** `uid`: the caller; `ownUid`: the daemon's own user, who could do everything by other means anyway. */
export function judge({ right, owner }: Omit<AccessRequest, "what">, uid: number, ownUid: number): Judgement {
  if (uid === 0 || uid === ownUid) return yes;
  const person = typeof owner === "object" ? owner.uid : undefined;
  switch (right) {
    case "control":
      return ask("org.fairlead.control");
    case "debug":
      return ask("org.fairlead.debug");
    case "secrets":
      return person === uid ? yes : no("secrets are only for the owner of their Profile");
    case "settings":
    case "profiles":
      if (person === uid) return yes;
      if (person !== undefined) return no("it belongs to another user");
      if (owner === "nobody") return ask("org.fairlead.control");
      return ask(right === "settings" ? "org.fairlead.settings" : "org.fairlead.profiles");
  }
}

export interface AccessParts {
  readonly ownUid: number;
  readonly authority: Authority;
  /** Without polkit: whether the caller may do what polkit would have been asked for. */
  isAdministrator(credentials: Credentials): boolean;
}

const refusals: Readonly<Record<Exclude<Verdict, "authorized" | "absent">, string>> = {
  refused: "not authorized",
  challenge: "an administrator's password is needed, and nobody could be asked for it",
  unavailable: "nobody could say whether this is authorized",
};

export class AccessControl implements AccessPolicy {
  constructor(private readonly parts: AccessParts) {}

  async require(caller: Caller, request: AccessRequest): Promise<void> {
    const credentials = await caller.credentials();
    const judgement = judge(request, credentials.uid, this.parts.ownUid);
    if (judgement.verdict === "yes") return;
    const because =
      judgement.verdict === "no" ? judgement.because : await this.#ask(caller, credentials, judgement.action);
    if (because !== undefined) throw new DaemonError("PermissionDenied", `${request.what}: ${because}`);
  }

  /** Why not; undefined: granted. */
  async #ask(caller: Caller, credentials: Credentials, action: PolkitAction): Promise<string | undefined> {
    const { sender, allowsInteraction: mayInteract } = caller;
    const verdict = await this.parts.authority.check({ sender, uid: credentials.uid, action, mayInteract });
    if (verdict === "authorized") return undefined;
    if (verdict !== "absent") return `${refusals[verdict]} (${action})`;
    return this.parts.isAdministrator(credentials) ? undefined : "only an administrator may change this";
  }
}
