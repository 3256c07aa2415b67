import type { Cancel, Clock, PendingTimer } from "./clock.ts";

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
