import { DaemonError } from "../base/errors.ts";
import { isLinkName } from "../base/names.ts";

/** Refuses a name that the kernel would refuse for a link. */
export function checkLinkName(name: string): void {
  if (name === "") throw new DaemonError("InvalidArguments", "The link name is empty.");
  if (!isLinkName(name)) {
    throw new DaemonError("InvalidArguments", `${JSON.stringify(name.slice(0, 40))} is not a link name.`);
  }
}

/**
 * The links that are ours to look at: the command line's block and allow lists (an allow list excludes all others),
 * without the links that clients have claimed for themselves.
 */
export class LinkSelection {
  readonly #blocked: ReadonlySet<string>;
  readonly #allowed: ReadonlySet<string> | undefined;
  readonly #claimed = new Set<string>();

  /** `allow` undefined: all that are not blocked. */
  constructor(lists: { readonly block: readonly string[]; readonly allow: readonly string[] | undefined }) {
    this.#blocked = new Set(lists.block);
    this.#allowed = lists.allow && new Set(lists.allow);
  }
  get claimed(): readonly string[] {
    return [...this.#claimed];
  }
  /** Why the link is not looked at; undefined: it is. */
  exclusion(name: string): string | undefined {
    if (this.#claimed.has(name)) return "claimed by a client";
    if (this.#blocked.has(name)) return "in the block list";
    if (this.#allowed && !this.#allowed.has(name)) return "not in the allow list";
    return undefined;
  }
  /** The administrator named this very link: it is to be used, of any kind. */
  isAllowed(name: string): boolean {
    return this.#allowed?.has(name) ?? false;
  }
  /** Throws InvalidArguments for bad names and for a second claim. The claim outlives the client. */
  claim(name: string): void {
    checkLinkName(name);
    if (this.#claimed.has(name)) throw new DaemonError("InvalidArguments", `${name} is already claimed.`);
    if (this.#claimed.size >= mostClaims) throw new DaemonError("InvalidArguments", "Too many links are claimed.");
    this.#claimed.add(name);
  }
  /** Throws InvalidArguments for names that are not claimed. */
  release(name: string): void {
    if (!this.#claimed.delete(name)) throw new DaemonError("InvalidArguments", `${name} is not claimed.`);
  }
}

/** More links than any machine has ports; keeps a client from growing the list for ever. */
const mostClaims = 4096;
