/** Rights of callers: the one place. docs/decisions/who-may-do-what.md gives the reasons. */
import { DaemonError } from "../base/errors.ts";
import type { Caller, Credentials } from "../bus/bus.ts";
import type { Authority, Verdict } from "../polkit/authority.ts";
import { isSameOwner, type Owner } from "../profiles/profile.ts";

/**
 * Right that a method asks of its caller, with a sentence for the reference page. Every method of every interface has
 * one.
 */
export const rights = {
  read: "Every local user may call it.",
  control: "Connecting and switching: for the user at the machine, members of netdev, and root.",
  settings: "For the user whose Profile it changes; the machine's settings are for administrators.",
  profiles: "For the user whose Profile it is; those of the machine are for administrators.",
  secrets: "Only for the user whose Profile holds the secret; those of the machine are for root.",
  debug: "For administrators.",
} as const satisfies Readonly<Record<string, string>>;
export type Right = keyof typeof rights;

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

/** A right on an owner's object: one question. */
export type Need = Pick<AccessRequest, "right" | "owner">;

/**
 * Asks all that is needed, each once, and looks again afterwards: a person may have been asked for minutes. Resolves to
 * the same look, for a caller that waits on before it acts; it throws PermissionDenied.
 */
export async function requireRights(
  access: AccessPolicy,
  caller: Caller,
  what: string,
  needs: () => readonly Need[],
): Promise<() => void> {
  const asked = distinct(needs());
  for (const { right, owner } of asked) await access.require(caller, { right, what, owner });
  const lookAgain = () => {
    if (needs().every((need) => asked.some((one) => isSameNeed(one, need)))) return;
    throw new DaemonError("PermissionDenied", `${what}: it changed hands meanwhile`);
  };
  lookAgain();
  return lookAgain;
}
/** As {@link requireRights}, for parts that are left out where the caller lacks the right. */
export async function hasRight(access: AccessPolicy, caller: Caller, request: AccessRequest): Promise<boolean> {
  try {
    await access.require(caller, request);
    return true;
  } catch (error) {
    if (error instanceof DaemonError && error.code === "PermissionDenied") return false;
    throw error;
  }
}
const isSameNeed = (a: Need, b: Need): boolean => a.right === b.right && isSameOwner(a.owner, b.owner);
const distinct = (needs: readonly Need[]): readonly Need[] =>
  needs.filter((need, at) => needs.findIndex((one) => isSameNeed(one, need)) === at);

/** Those of docs/install/org.fairlead.policy. */
export type PolkitAction =
  | "org.fairlead.control"
  | "org.fairlead.settings"
  | "org.fairlead.profiles"
  | "org.fairlead.debug";

/** Answer without polkit: yes, no, or the action to ask it for. */
export type Judgement =
  | { readonly verdict: "yes" }
  | { readonly verdict: "no"; readonly because: string }
  | { readonly verdict: "ask"; readonly action: PolkitAction };

const yes: Judgement = { verdict: "yes" };
const no = (because: string): Judgement => ({ verdict: "no", because });
const ask = (action: PolkitAction): Judgement => ({ verdict: "ask", action });

/** `uid`: the caller; `ownUid`: the daemon's own user, which could do everything by other means anyway. */
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
  /** Without polkit: whether the caller has the right that polkit would have been asked for. */
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
