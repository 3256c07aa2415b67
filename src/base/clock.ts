/** Cancels a timer; calling it twice, or after the timer fired, does nothing. */
export type Cancel = () => void;

/**
 * Time as the daemon sees it. Deadlines are kept on CLOCK_BOOTTIME, which goes on while the machine sleeps: a lease
 * that ran out during suspend is found to have run out at the moment of resume.
 */
export interface Clock {
  /** Milliseconds since boot, suspend included. Fractions are kept. */
  now(): number;
  /** Milliseconds since 1970-01-01 UTC; may jump. Only for what is stored or shown, never for deadlines. */
  wallTime(): number;
  /**
   * Calls `fire` once after `ms` milliseconds (0 or more). Timers have names so that the debug dump can list what is
   * pending. Equal deadlines fire in the order they were started.
   */
  startTimer(name: string, ms: number, fire: () => void): Cancel;
  /** What is pending, soonest first, for the debug dump and for tests that look for leaks. */
  pendingTimers(): readonly PendingTimer[];
}

export interface PendingTimer {
  readonly name: string;
  readonly dueInMs: number;
}
