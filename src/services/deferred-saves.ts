import type { Clock } from "../base/clock.ts";

/** What can be written, and says itself if it cannot. */
export interface Savable {
  saveIfPossible(): void;
}

/**
 * Writes what nobody waits for in the next turn of the event loop: that a network worked is told to clients first and
 * to the disk, which may take its time, right after.
 */
export class DeferredSaves {
  readonly #waiting = new Set<Savable>();
  constructor(private readonly clock: Clock) {}

  add(savable: Savable): void {
    if (this.#waiting.size === 0) this.clock.startTimer("deferred-saves", 0, () => this.flush());
    this.#waiting.add(savable);
  }
  /** Nothing waits afterwards. */
  flush(): void {
    const due = [...this.#waiting];
    this.#waiting.clear();
    for (const savable of due) savable.saveIfPossible();
  }
}
