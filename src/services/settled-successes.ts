import type { Clock } from "../base/clock.ts";

export interface Success {
  /** What can wait until a success has been told; must not throw. */
  settleSuccess(): void;
}

/**
 * Writes what nobody waits for in the next turn of the event loop: that a network worked is told to clients first and
 * to the disk, which may take its time, right after.
 */
export class SettledSuccesses {
  readonly #waiting = new Set<Success>();
  constructor(private readonly clock: Clock) {}

  add(success: Success): void {
    if (this.#waiting.size === 0) this.clock.startTimer("settled-successes", 0, () => this.flush());
    this.#waiting.add(success);
  }
  /** Nothing waits afterwards. */
  flush(): void {
    const due = [...this.#waiting];
    this.#waiting.clear();
    for (const success of due) success.settleSuccess();
  }
}
