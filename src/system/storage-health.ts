import type { Cancel, Clock } from "../base/clock.ts";
import { describeError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";

export interface StorageHealthPorts {
  readonly log: Log;
  /** Absent: nothing is tried again by itself. */
  readonly clock?: Clock;
}

interface Trouble {
  readonly reason: string;
  readonly retry: () => void;
}

/** A disk that was full for a moment costs two seconds; one that is gone for good costs a try a minute. */
const firstRetryMs = 2_000;
const longestRetryMs = 60_000;

/**
 * Keeps the places that cannot be stored now, and the timer that tries again. Each trouble is logged when it begins and
 * when it ends, never in between: a disk that stays full must not fill the log.
 */
export class StorageHealth {
  readonly #troubles = new Map<string, Trouble>();
  #cancelRetry: Cancel | undefined;
  #retryMs = firstRetryMs;
  #isClosed = false;
  readonly #listeners = new Set<() => void>();

  constructor(private readonly ports: StorageHealthPorts) {}

  /** One sentence for each place, without a full stop; empty: everything is stored. */
  get problems(): readonly string[] {
    return [...this.#troubles.values()].map(({ reason }) => reason).sort();
  }
  /** `listener` is called after each change of {@link problems}. Returns "remove". */
  onChange(listener: () => void): Cancel {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
  has(place: string): boolean {
    return this.#troubles.has(place);
  }
  /** `retry` throws as long as it is of no use; when it returns, the place works. */
  failed(place: string, reason: string, retry: () => void): void {
    const known = this.#troubles.get(place);
    this.#troubles.set(place, { reason, retry });
    if (!known) {
      this.ports.log.warn(reason);
      this.#restart();
    }
    if (known?.reason !== reason) this.#tell();
  }
  works(place: string): void {
    if (!this.#troubles.delete(place)) return;
    this.ports.log.info(`${place}: is stored again`);
    if (this.#troubles.size === 0) this.#cancelRetry?.();
    this.#tell();
  }
  /** The place is of no interest any more. */
  forget(place: string): void {
    if (this.#troubles.delete(place)) this.#tell();
  }
  /** Nothing is tried again from now on. */
  close(): void {
    this.#isClosed = true;
    this.#cancelRetry?.();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
  #restart(): void {
    this.#retryMs = firstRetryMs;
    this.#schedule();
  }
  #schedule(): void {
    this.#cancelRetry?.();
    if (this.#isClosed || this.#troubles.size === 0) return;
    this.#cancelRetry = this.ports.clock?.startTimer("storage-retry", this.#retryMs, () => this.#retryAll());
  }
  #retryAll(): void {
    this.#retryMs = Math.min(this.#retryMs * 2, longestRetryMs);
    for (const [place, trouble] of [...this.#troubles]) {
      try {
        trouble.retry();
        this.works(place);
      } catch (error) {
        this.ports.log.debug(() => `${place}: still not stored: ${describeError(error)}`);
      }
    }
    this.#schedule();
  }
}
