import { type IgnoredBecause, isAnswerToUs } from "./reply-check.ts";

const words: Readonly<Record<IgnoredBecause, string>> = {
  malformed: "damaged",
  "not-a-reply": "no answer",
  "other-transaction": "to another question",
  "other-client": "for another host",
  "unexpected-type": "not of the type that was asked for",
  "other-server": "of another server than the one that was asked",
  "no-server": "of a server without name or address",
  unusable: "unusable",
};

/** Packets that may be for other hosts as well; without a usable answer they are worth a look. */
const mayBeForUs: ReadonlySet<IgnoredBecause> = new Set(["malformed", "unexpected-type"]);

/** Packets that a client has passed over, by reason. */
export class IgnoredPackets {
  readonly #byReason = new Map<IgnoredBecause, { readonly count: number; readonly last: string }>();

  /** `what`: bounded text of ours about the packet. Whether it is the first of its kind. */
  add(because: IgnoredBecause, what: string): boolean {
    const count = (this.#byReason.get(because)?.count ?? 0) + 1;
    this.#byReason.set(because, { count, last: what });
    return count === 1;
  }
  get counts(): { readonly [because: string]: number } {
    return Object.fromEntries([...this.#byReason].map(([because, { count }]) => [because, count]));
  }
  /**
   * "3 unusable (address 0.0.0.0 is not one of a host), 1 damaged (only 8 bytes)"; undefined: no answer to us was
   * ignored.
   */
  get sentence(): string | undefined {
    const ours = [...this.#byReason].filter(([because]) => isAnswerToUs.has(because) || mayBeForUs.has(because));
    const parts = ours.map(([because, { count, last }]) => `${count} ${words[because]} (${last})`);
    return parts.length === 0 ? undefined : parts.join(", ");
  }
}
