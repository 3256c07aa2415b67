import type { Cancel, Clock } from "./clock.ts";

/** A burst of news about one cable or one router has shorter pauses. */
const quietMs = 100;
/** A flapping link must not postpone the checks for ever. */
const ceilingMs = 2000;

/**
 * The one queue of events of the daemon. Events are facts in the past tense; handlers update their own state and
 * return. Decisions that need the whole picture wait for the quiet window: {@link quietMs} without events, at most
 * {@link ceilingMs} after the check was first asked for.
 */
export class EventQueue<E extends { readonly kind: string }> {
  readonly #handlers = new Map<string, Set<(event: E) => void>>();
  readonly #checks = new Map<string, () => void>();
  #waiting: E[] = [];
  #isDraining = false;
  #isClosed = false;
  #cancelQuiet: Cancel = () => {};
  #latestCheckAt = Number.POSITIVE_INFINITY;

  constructor(
    private readonly clock: Clock,
    private readonly onHandlerError: (where: string, error: unknown) => void,
  ) {}

  /** Returns "remove". A handler that throws is reported and does not keep the others from running. */
  on<K extends E["kind"]>(kind: K, handler: (event: Extract<E, { kind: K }>) => void): Cancel {
    const handlers = this.#handlers.get(kind) ?? new Set();
    const entry = handler as (event: E) => void;
    this.#handlers.set(kind, handlers.add(entry));
    return () => handlers.delete(entry);
  }

  /**
   * Events are handled one at a time, in the order posted, never inside the poster, in the same turn of the event loop.
   */
  post(event: E): void {
    if (this.#isClosed) return;
    this.#waiting.push(event);
    if (this.#checks.size > 0) this.#restartQuietWindow();
    if (this.#isDraining) return;
    this.#isDraining = true;
    queueMicrotask(() => this.#drain());
  }

  /**
   * Asks for a decision once the burst is over; asking twice under one name costs one check, the later function runs.
   */
  whenQuiet(name: string, check: () => void): void {
    if (this.#isClosed) return;
    if (this.#checks.size === 0) this.#latestCheckAt = this.clock.now() + ceilingMs;
    this.#checks.set(name, check);
    this.#restartQuietWindow();
  }

  /** Drops waiting events and takes no more. */
  close(): void {
    this.#isClosed = true;
    this.#waiting = [];
    this.#checks.clear();
    this.#cancelQuiet();
  }

  /** For the debug dump. */
  get pending(): { readonly events: readonly string[]; readonly checks: readonly string[] } {
    return { events: this.#waiting.map((event) => event.kind), checks: [...this.#checks.keys()] };
  }

  #drain(): void {
    // The list is walked by index and swapped, so that a burst of thousands costs no shifting.
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      for (const event of batch) this.#deliver(event);
    }
    this.#isDraining = false;
  }

  #deliver(event: E): void {
    for (const handler of [...(this.#handlers.get(event.kind) ?? [])]) {
      try {
        handler(event);
      } catch (error) {
        this.onHandlerError(event.kind, error);
      }
    }
  }

  #restartQuietWindow(): void {
    this.#cancelQuiet();
    const wait = Math.max(0, Math.min(quietMs, this.#latestCheckAt - this.clock.now()));
    this.#cancelQuiet = this.clock.startTimer("quiet-window", wait, () => this.#runChecks());
  }

  #runChecks(): void {
    const due = [...this.#checks];
    this.#checks.clear();
    for (const [name, check] of due) {
      try {
        check();
      } catch (error) {
        this.onHandlerError(name, error);
      }
    }
  }
}

/** One line of the history: time, kind, object and reason. */
export interface HistoryEntry {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly kind: string;
  /** D-Bus path, or empty. */
  readonly object: string;
  readonly because: string;
}

/** More than a person reads in one go; the debug dump has them all. */
const mostEntries = 100;

/** The newest entries, oldest first. */
export class EventHistory {
  #entries: HistoryEntry[] = [];
  note(entry: HistoryEntry): void {
    this.#entries.push(entry);
    // Cut in blocks: shifting one off the front at each event would move the whole list each time.
    if (this.#entries.length >= mostEntries * 2) this.#entries = this.#entries.slice(-mostEntries);
  }
  /** At most `count` newest ones. */
  newest(count = mostEntries): readonly HistoryEntry[] {
    return this.#entries.slice(-Math.min(Math.max(count, 1), mostEntries));
  }
}
