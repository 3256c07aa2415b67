/** Tells listeners of deltas, one at a time and in order, also when a listener causes more of them. */
import type { Cancel } from "../base/clock.ts";
import { describeError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Change, Delta, DeltaReason } from "./rtnl.ts";

export class DeltaFeed {
  readonly #listeners = new Set<{ readonly hear: (delta: Delta) => void }>();
  readonly #carrierListeners = new Set<{ readonly hear: (link: number) => void }>();
  #waiting: Delta[] = [];
  #isTelling = false;
  #told = 0;

  constructor(private readonly log: Log) {}

  /** How many deltas were told so far. */
  get told(): number {
    return this.#told;
  }
  on(hear: (delta: Delta) => void): Cancel {
    const entry = { hear };
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }
  onCarrier(hear: (link: number) => void): Cancel {
    const entry = { hear };
    this.#carrierListeners.add(entry);
    return () => this.#carrierListeners.delete(entry);
  }
  /** The link has carrier; the snapshot does not show it yet. */
  tellCarrier(link: number): void {
    for (const { hear } of [...this.#carrierListeners]) {
      try {
        hear(link);
      } catch (error) {
        this.log.error(() => `a listener failed on the carrier of link ${link}: ${describeError(error)}`, { error });
      }
    }
  }
  /** For a kernel in memory, which has no messages to look into. */
  tellCarriersOf(changes: readonly Change[]): void {
    for (const change of changes) {
      if (change.kind !== "link-changed" || !change.link.hasCarrier || change.before.hasCarrier) continue;
      this.tellCarrier(change.link.index);
    }
  }
  /** All changes have been made to the snapshot before the first is told. */
  tell(reason: DeltaReason, changes: readonly Change[]): void {
    for (const change of changes) this.#waiting.push({ reason, ...change } as Delta);
    // A listener that makes a request hears of its effect after all others have heard of the cause.
    if (this.#isTelling) return;
    this.#isTelling = true;
    try {
      this.#tellAll();
    } finally {
      this.#isTelling = false;
    }
  }
  close(): void {
    this.#listeners.clear();
    this.#carrierListeners.clear();
    this.#waiting = [];
  }

  #tellAll(): void {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      for (const delta of batch) this.#tellOne(delta);
    }
  }
  #tellOne(delta: Delta): void {
    this.#told++;
    for (const listener of [...this.#listeners]) {
      if (!this.#listeners.has(listener)) continue;
      try {
        listener.hear(delta);
      } catch (error) {
        this.log.error(() => `a listener failed on ${delta.kind}: ${describeError(error)}`, { error });
      }
    }
  }
}
