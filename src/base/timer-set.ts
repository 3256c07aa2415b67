import type { Cancel, Clock } from "./clock.ts";

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
