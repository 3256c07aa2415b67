/** Cancels a timer; calling it twice, or after the timer fired, does nothing. */
export type Cancel = () => void;

/**
 * Time as the daemon sees it. Deadlines are kept on CLOCK_BOOTTIME, which goes on while the machine sleeps: a lease
 * that ran out during suspend is found to have run out at the moment of resume.
 */
export interface Clock {
  /** Milliseconds since boot, suspend included. Fractions are kept. */
  now(): number;
  /** Milliseconds since 1970-01-01 UTC; may jump. Only for stored or shown times, never for deadlines. */
  wallTime(): number;
  /**
   * Calls `fire` once after `ms` milliseconds (0 or more). Timers have names so that the debug dump can list what is
   * pending. Equal deadlines fire in the order they were started.
   */
  startTimer(name: string, ms: number, fire: () => void): Cancel;
  /** Pending timers, soonest first, for the debug dump and for tests that look for leaks. */
  pendingTimers(): readonly PendingTimer[];
}

export interface PendingTimer {
  readonly name: string;
  readonly dueInMs: number;
}

/** The timers of one object: at most one of each name, all cancelled together, none fires after that. */
export class TimerSet<Name extends string> {
  readonly #pending = new Map<Name, Cancel>();

  /** `owner` is shown after the name in the debug dump, e.g. the link's name. */
  constructor(
    private readonly clock: Clock,
    private readonly owner: string,
  ) {}

  /** Replaces a timer of the same name. */
  start(name: Name, ms: number, fire: () => void): void {
    this.cancel(name);
    const cancel = this.clock.startTimer(`${name} ${this.owner}`, Math.max(0, ms), () => {
      this.#pending.delete(name);
      fire();
    });
    this.#pending.set(name, cancel);
  }
  cancel(name: Name): void {
    this.#pending.get(name)?.();
    this.#pending.delete(name);
  }
  cancelAll(): void {
    for (const cancel of this.#pending.values()) cancel();
    this.#pending.clear();
  }
  isPending(name: Name): boolean {
    return this.#pending.has(name);
  }
}

/**
 * Time for programs that do not outlive a suspend, such as command line and lab: the timers of Node, which stand still
 * while the machine sleeps. The daemon has its own clock.
 */
export class ProcessClock implements Clock {
  readonly #pending = new Map<symbol, { readonly name: string; readonly dueAt: number }>();

  now(): number {
    return performance.now();
  }
  wallTime(): number {
    return Date.now();
  }
  startTimer(name: string, ms: number, fire: () => void): Cancel {
    const key = Symbol(name);
    this.#pending.set(key, { name, dueAt: this.now() + ms });
    const timer = setTimeout(() => {
      this.#pending.delete(key);
      fire();
    }, ms);
    return () => {
      clearTimeout(timer);
      this.#pending.delete(key);
    };
  }
  pendingTimers(): readonly PendingTimer[] {
    const now = this.now();
    const pending = [...this.#pending.values()].map(({ name, dueAt }) => ({ name, dueInMs: dueAt - now }));
    return pending.sort((a, b) => a.dueInMs - b.dueInMs);
  }
}
