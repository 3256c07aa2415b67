import type { Clock } from "../base/clock.ts";

export interface DeferredSave {
  /** Work that can wait until clients have heard of the connection; must not throw. */
  saveAfterConnect(): void;
}

/**
 * Writes deferred until after a connection: clients hear of it first, and the disk, which may take its time, is written
 * in the next turn of the event loop.
 */
export class DeferredSaves {
  readonly #waiting = new Set<DeferredSave>();
  constructor(private readonly clock: Clock) {}

  add(save: DeferredSave): void {
    if (this.#waiting.size === 0) this.clock.startTimer("deferred-saves", 0, () => this.flush());
    this.#waiting.add(save);
  }
  /** Does all deferred saves now. */
  flush(): void {
    const due = [...this.#waiting];
    this.#waiting.clear();
    for (const save of due) save.saveAfterConnect();
  }
}
