/** One line of the history: when, what, about which object, why. */
export interface HistoryEntry {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly kind: string;
  /** D-Bus path, or empty. */
  readonly object: string;
  readonly because: string;
}

/** The newest entries, oldest first. */
export class EventHistory {
  #entries: HistoryEntry[] = [];
  constructor(private readonly limit = 100) {}

  note(entry: HistoryEntry): void {
    this.#entries.push(entry);
    // Cut in blocks: shifting one off the front at each event would move the whole list each time.
    if (this.#entries.length >= this.limit * 2) this.#entries = this.#entries.slice(-this.limit);
  }
  /** At most `count` newest ones. */
  newest(count = this.limit): readonly HistoryEntry[] {
    return this.#entries.slice(-Math.min(Math.max(count, 1), this.limit));
  }
}
