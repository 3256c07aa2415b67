import type { Cancel, Clock, PendingTimer } from "../base/clock.ts";
import { type NativeAddon, type NativeTimer, nativeAddon } from "../native/native.ts";

interface Timer {
  readonly name: string;
  readonly dueAt: number;
  /** Breaks ties: equal deadlines fire in the order they were started. */
  readonly serial: number;
  readonly fire: () => void;
  /** Place in the heap; -1 once it fired or was cancelled. */
  at: number;
}

/**
 * The daemon's clock: CLOCK_BOOTTIME, and one timerfd for the earliest of all deadlines. With nothing due the process
 * is never woken. An error of a timer takes the way of every uncaught exception; the timers behind it still fire.
 */
export class BootClock implements Clock {
  readonly #native: NativeAddon;
  readonly #timer: NativeTimer;
  readonly #heap: Timer[] = [];
  #serial = 0;
  #armedFor = Number.POSITIVE_INFINITY;
  #isRearmPending = false;
  #isClosed = false;

  constructor(native: NativeAddon = nativeAddon()) {
    this.#native = native;
    this.#timer = native.openTimer(() => this.#onDue());
  }
  now(): number {
    return this.#native.bootTimeMs();
  }
  wallTime(): number {
    return Date.now();
  }
  startTimer(name: string, ms: number, fire: () => void): Cancel {
    if (!(ms >= 0)) throw new RangeError(`timer ${name}: ${ms} ms is not a time to wait`);
    if (this.#isClosed) return () => {};
    const timer: Timer = { name, dueAt: this.now() + ms, serial: this.#serial++, fire, at: this.#heap.length };
    this.#heap.push(timer);
    this.#rise(timer);
    this.#rearmSoon();
    return () => this.#cancel(timer);
  }
  pendingTimers(): readonly PendingTimer[] {
    const now = this.now();
    const inOrder = [...this.#heap].sort((a, b) => (isBefore(a, b) ? -1 : 1));
    return inOrder.map(({ name, dueAt }) => ({ name, dueInMs: Math.max(0, dueAt - now) }));
  }
  /** Whether pending timers keep the process alive. True at first. */
  setKeepAlive(keep: boolean): void {
    this.#timer.setKeepAlive(keep);
  }
  /** Forgets all timers and starts none any more. Twice is harmless. */
  close(): void {
    this.#isClosed = true;
    for (const timer of this.#heap) timer.at = -1;
    this.#heap.length = 0;
    this.#timer.close();
  }

  #onDue(): void {
    this.#armedFor = Number.POSITIVE_INFINITY;
    // Timers started by those that fire now wait for the next turn, so that a timer of 0 ms cannot starve the rest.
    const lastSerial = this.#serial;
    const now = this.now();
    try {
      for (let first = this.#heap[0]; first && first.dueAt <= now && first.serial < lastSerial; first = this.#heap[0]) {
        this.#remove(first);
        first.fire();
      }
    } finally {
      this.#rearm();
    }
  }
  #cancel(timer: Timer): void {
    if (timer.at === -1) return;
    this.#remove(timer);
    this.#rearmSoon();
  }
  /** Once for all that is started and cancelled in a turn: the quiet window moves with every event of a burst. */
  #rearmSoon(): void {
    if (this.#isRearmPending) return;
    this.#isRearmPending = true;
    queueMicrotask(() => this.#rearm());
  }
  /** A system call only when the earliest deadline changed. */
  #rearm(): void {
    this.#isRearmPending = false;
    if (this.#isClosed) return;
    const earliest = this.#heap[0]?.dueAt ?? Number.POSITIVE_INFINITY;
    if (earliest === this.#armedFor) return;
    this.#armedFor = earliest;
    if (earliest === Number.POSITIVE_INFINITY) this.#timer.disarm();
    else this.#timer.arm(earliest);
  }

  #remove(timer: Timer): void {
    const last = this.#heap.pop();
    if (last && last !== timer) {
      last.at = timer.at;
      this.#heap[timer.at] = last;
      this.#rise(last);
      this.#sink(last);
    }
    timer.at = -1;
  }
  #rise(timer: Timer): void {
    while (timer.at > 0) {
      const above = this.#heap[(timer.at - 1) >> 1];
      if (!above || isBefore(above, timer)) return;
      this.#swap(above, timer);
    }
  }
  #sink(timer: Timer): void {
    for (;;) {
      const left = this.#heap[timer.at * 2 + 1];
      const right = this.#heap[timer.at * 2 + 2];
      const earlier = right && left && isBefore(right, left) ? right : left;
      if (!earlier || isBefore(timer, earlier)) return;
      this.#swap(timer, earlier);
    }
  }
  #swap(upper: Timer, lower: Timer): void {
    const at = upper.at;
    upper.at = lower.at;
    lower.at = at;
    this.#heap[upper.at] = upper;
    this.#heap[lower.at] = lower;
  }
}

const isBefore = (a: Timer, b: Timer): boolean => a.dueAt < b.dueAt || (a.dueAt === b.dueAt && a.serial < b.serial);
