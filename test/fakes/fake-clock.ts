import type { Cancel, Clock, PendingTimer } from "../../src/base/clock.ts";

interface FakeTimer {
  readonly name: string;
  readonly dueAt: number;
  readonly fire: () => void;
}

/** Enough for chains of some dozen promises; bounded, so that a test with an endless chain fails instead of hanging. */
const settleTurns = 20;
/** A timer that starts itself anew with 0 ms would keep `advance` for ever. */
const mostTimersPerAdvance = 1_000_000;

/** A clock that moves only when told to. Starts at `now` milliseconds since boot. */
export class FakeClock implements Clock {
  #now: number;
  #wallOffset: number;
  #timers: FakeTimer[] = [];

  constructor(now = 1_000_000) {
    this.#now = now;
    this.#wallOffset = Date.UTC(2026, 0, 1) - now;
  }
  now(): number {
    return this.#now;
  }
  /** Goes along with {@link now}. */
  wallTime(): number {
    return this.#now + this.#wallOffset;
  }
  /** Makes the wall clock jump; deadlines do not care. */
  setWallTime(wallTime: number): void {
    this.#wallOffset = wallTime - this.#now;
  }
  startTimer(name: string, ms: number, fire: () => void): Cancel {
    if (!(ms >= 0)) throw new RangeError(`timer ${name}: ${ms} ms is not a time to wait`);
    const timer: FakeTimer = { name, dueAt: this.#now + ms, fire };
    const at = this.#timers.findIndex((other) => other.dueAt > timer.dueAt);
    this.#timers.splice(at === -1 ? this.#timers.length : at, 0, timer);
    return () => {
      const index = this.#timers.indexOf(timer);
      if (index !== -1) this.#timers.splice(index, 1);
    };
  }
  pendingTimers(): readonly PendingTimer[] {
    return this.#timers.map(({ name, dueAt }) => ({ name, dueInMs: dueAt - this.#now }));
  }
  /**
   * The machine sleeps: time goes on, nothing fires. Timers that became due meanwhile fire at the next advance, in
   * order.
   */
  sleep(ms: number): void {
    this.#now += ms;
  }
  /**
   * Fires the timers due within `ms` in order, each seeing its own due time, also timers started meanwhile. Does not
   * let promises run in between: see {@link advanceSettled}. Throws the error of a timer.
   */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (let count = 0; this.#fireNextUntil(end); count++) {
      if (count >= mostTimersPerAdvance) throw new Error(`timers without end: ${this.#timers[0]?.name}`);
    }
    this.#now = end;
  }
  /** As {@link advance}, but promises settle before each timer and at the end. */
  async advanceSettled(ms: number): Promise<void> {
    const end = this.#now + ms;
    await this.settle();
    while (this.#fireNextUntil(end)) await this.settle();
    this.#now = end;
    await this.settle();
  }
  /** Lets promises, microtasks and immediates run, a bounded number of turns. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < settleTurns; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
  #fireNextUntil(end: number): boolean {
    const next = this.#timers[0];
    if (!next || next.dueAt > end) return false;
    this.#timers.shift();
    this.#now = Math.max(this.#now, next.dueAt);
    next.fire();
    return true;
  }
}
