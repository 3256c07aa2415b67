import type { Cancel, Clock } from "../base/clock.ts";

/** Milliseconds of pause for each entry of a list: a list of a thousand is told every 50 ms, one of twenty at once. */
const pausePerEntryMs = 0.05;
/** A pause shorter than this is none. */
const shortestPauseMs = 2;

/**
 * Tells long lists less often. A list costs as much as it is long, and a thousand links that come one by one would have
 * it told a thousand times.
 */
export class ListPacing {
  #lastToldAt = Number.NEGATIVE_INFINITY;
  #cancel: Cancel | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly name: string,
    private readonly tell: () => void,
  ) {}

  /** Tells now, or once the pause that fits `length` is over. */
  request(length: number): void {
    if (this.#cancel) return;
    const pause = length * pausePerEntryMs;
    const wait = this.#lastToldAt + pause - this.clock.now();
    if (pause < shortestPauseMs || wait <= 0) this.#tellNow();
    else this.#cancel = this.clock.startTimer(this.name, wait, () => this.#tellNow());
  }
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
  #tellNow(): void {
    this.#cancel = undefined;
    this.#lastToldAt = this.clock.now();
    this.tell();
  }
}
