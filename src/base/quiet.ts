import type { Cancel, Clock } from "./clock.ts";
import { describeError } from "./errors.ts";
import type { Log } from "./log.ts";

/** Time limit: other work does not wait for a network that answers later. */
const longestMs = 50;

/**
 * The moment between a link's carrier and its address. Work that the address does not depend on (signals to clients,
 * the resolver's files) is put off until it is over, in the order in which it came.
 */
export class Quiet {
  readonly #waiting: (() => void)[] = [];
  #isOn = false;
  #cancelLimit: Cancel = () => {};

  constructor(
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  get isOn(): boolean {
    return this.#isOn;
  }
  /** Ends with {@link end}, or 50 ms later. While it is on: nothing happens. */
  begin(): void {
    if (this.#isOn) return;
    this.#isOn = true;
    this.#cancelLimit = this.clock.startTimer("quiet until the address", longestMs, () => this.end());
  }
  /**
   * Does the deferred work now, and the work that it defers in its turn; a failure is logged and keeps nothing back.
   * Twice is fine.
   */
  end(): void {
    if (!this.#isOn) return;
    this.#cancelLimit();
    for (let act = this.#waiting.shift(); act; act = this.#waiting.shift()) this.#do(act);
    this.#isOn = false;
  }
  /** At once, unless it is quiet. */
  afterwards(act: () => void): void {
    if (this.#isOn) this.#waiting.push(act);
    else act();
  }

  #do(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.log.error(() => `what was put off failed: ${describeError(error)}`, { error });
    }
  }
}
