import type { Clock } from "../../../base/clock.ts";
import { declinedDelayMs, refusedDelayMs } from "./timing.ts";

/** After this long without trouble an earlier conflict says nothing about the next address. */
const forgetDeclinesAfterMs = 600_000;

/**
 * Keeps NAK and DECLINE loops slow. One per link, outliving sessions: an owner that sets up again at once does not get
 * round it.
 */
export class Backoff {
  #notBefore = 0;
  #refusals = 0;
  #declines = 0;
  #declinedAt = 0;

  constructor(private readonly clock: Clock) {}

  get waitMs(): number {
    return Math.max(0, this.#notBefore - this.clock.now());
  }
  refused(): void {
    this.#refusals++;
    this.#wait(refusedDelayMs(this.#refusals));
  }
  declined(): void {
    const now = this.clock.now();
    if (now - this.#declinedAt > forgetDeclinesAfterMs) this.#declines = 0;
    this.#declinedAt = now;
    this.#declines++;
    this.#wait(declinedDelayMs(this.#declines));
  }
  /** A server granted a lease. */
  granted(): void {
    this.#refusals = 0;
  }
  /** No other host has the address. */
  verified(): void {
    this.#declines = 0;
  }
  #wait(ms: number): void {
    this.#notBefore = Math.max(this.#notBefore, this.clock.now() + ms);
  }
}
