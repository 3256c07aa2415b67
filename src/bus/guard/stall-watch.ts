import type { Cancel, Clock } from "../../base/clock.ts";
import type { BusLimits } from "../wire/limits.ts";

/**
 * dbus-daemon reads 2 KiB of each client and answers them before it comes round to the first again. So many round trips
 * of another connection are time for 512 KiB of ours, more than twice the kernel's buffer for us.
 */
const enoughRoundTrips = 256;

/** Another connection to the same bus. */
export interface Probe {
  roundTrip(): Promise<void>;
  close(): void;
}

export interface StallHost {
  /** A higher number whenever the bus was seen to take or to read bytes of ours. */
  progress(): number;
  openProbe(): Promise<Probe>;
  /** The connection is of no use any more. */
  giveUp(why: string): void;
}

/**
 * Tells a slow bus from one that has ceased to read us. A bus under a flood may take seconds to come round to us, and a
 * new connection would wait as long; dbus-daemon reads no more of a client that has sent too much to a deaf one, and
 * then a new connection is the only way. So it is asked: a second connection is compared with ours.
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

  /** Bytes wait for the bus. A repetition changes nothing. */
  start(): void {
    if (this.#isWatching) return;
    this.#isWatching = true;
    this.#noteProgress();
    if (!this.#cancelTimer) this.#lookAfter(this.limits.stallMs);
  }
  /** No bytes wait any more. The timer runs on for the next ones: start and stop are called around each message. */
  stop(): void {
    this.#isWatching = false;
  }
  /** The connection is closed. */
  end(): void {
    this.stop();
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #noteProgress(): void {
    this.#lastProgress = this.host.progress();
    this.#since = this.clock.now();
  }
  #lookAfter(ms: number): void {
    this.#cancelTimer = this.clock.startTimer("bus-stall", ms, () => {
      this.#cancelTimer = undefined;
      if (this.#isWatching) this.#look();
    });
  }
  #look(): void {
    if (this.#hasProgress) this.#noteProgress();
    const { stallMs, deadMs } = this.limits;
    const waited = this.clock.now() - this.#since;
    this.#lookAfter(waited < stallMs ? stallMs - waited : stallMs);
    if (waited >= deadMs) this.#giveUp("read nothing");
    else if (waited >= stallMs) void this.#compare();
  }
  get #hasProgress(): boolean {
    return this.host.progress() > this.#lastProgress;
  }
  #giveUp(what: string): void {
    this.end();
    this.host.giveUp(`the bus has ${what} for ${Math.round(this.clock.now() - this.#since)} ms`);
  }

  /** One at a time. A bus on which the other connection fares no better says nothing. */
  async #compare(): Promise<void> {
    if (this.#isProbing) return;
    this.#isProbing = true;
    try {
      if (await this.#isBlocked()) this.#giveUp("read others, and nothing of ours");
    } catch {
      // It is slow, or accepts no connection: nothing is known.
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
