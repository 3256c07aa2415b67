import type { Cancel, Clock } from "../base/clock.ts";
import type { BusLimits } from "./limits.ts";

/**
 * dbus-daemon reads 2 KiB of each client and answers what they hold before it comes round to the first again. So many round
 * trips of another connection are time for 512 KiB of ours, more than twice what the kernel holds for us.
 */
const enoughRoundTrips = 256;

/** Another connection to the same bus. */
export interface Probe {
  roundTrip(): Promise<void>;
  close(): void;
}

export interface StallHost {
  /** Another number whenever the bus was seen to take or to read something of ours. */
  progress(): number;
  openProbe(): Promise<Probe>;
  /** The connection is of no use any more. */
  giveUp(why: string): void;
}

/**
 * Tells a slow bus from one that has ceased to read us. A bus that others flood may take seconds to come round to us, and a new
 * connection would wait as long; dbus-daemon reads no more of a client of which too much waits for somebody deaf,
 * and then a new connection is the only way. So it is asked: a second connection is compared with ours.
 */
export class StallWatch {
  #cancelTimer: Cancel | undefined;
  #isProbing = false;
  #isWatching = false;
  /** Since when there was no progress. */
  #since = 0;
  #lastProgress = 0;

  constructor(
    private readonly host: StallHost,
    private readonly clock: Pick<Clock, "now" | "startTimer">,
    private readonly limits: Pick<BusLimits, "stallMs" | "deadMs">,
  ) {}

  /** Something waits for the bus. Harmless when that is known. */
  start(): void {
    if (this.#isWatching) return;
    this.#isWatching = true;
    this.#noteProgress();
    this.#again();
  }
  /** Nothing waits any more, or the connection is closed. */
  stop(): void {
    this.#isWatching = false;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #noteProgress(): void {
    this.#lastProgress = this.host.progress();
    this.#since = this.clock.now();
  }
  #again(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.clock.startTimer("bus-stall", this.limits.stallMs, () => this.#look());
  }
  #look(): void {
    this.#again();
    if (this.#hasProgress) this.#noteProgress();
    else if (this.clock.now() - this.#since >= this.limits.deadMs) this.#giveUp("read nothing");
    else void this.#compare();
  }
  get #hasProgress(): boolean {
    return this.host.progress() !== this.#lastProgress;
  }
  #giveUp(what: string): void {
    this.stop();
    this.host.giveUp(`the bus has ${what} for ${Math.round(this.clock.now() - this.#since)} ms`);
  }

  /** One at a time. A bus on which the other connection fares no better says nothing. */
  async #compare(): Promise<void> {
    if (this.#isProbing) return;
    this.#isProbing = true;
    try {
      if (await this.#isBlocked()) this.#giveUp("read others, and nothing of ours");
    } catch {
      // It is slow, or lets nobody in: nothing is known.
    } finally {
      this.#isProbing = false;
    }
  }
  async #isBlocked(): Promise<boolean> {
    const isSettled = () => !this.#isWatching || this.#hasProgress;
    const probe = await this.host.openProbe();
    try {
      for (let trips = 0; trips < enoughRoundTrips && !isSettled(); trips++) await probe.roundTrip();
    } finally {
      probe.close();
    }
    return !isSettled();
  }
}
