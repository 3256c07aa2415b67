import type { Cancel, Clock } from "../base/clock.ts";
import { describeError } from "../base/errors.ts";
import type { BusPort } from "../bus/bus.ts";
import { busName, Daemon, flimflam } from "./daemon.ts";
import { exitCodes, Failure } from "./failure.ts";
import { judgeOnline, type OnlineVerdict, type OnlineWish } from "./words/online-wish.ts";

/** A daemon that hangs sends no news of its recovery. */
const retryMs = 1_000;

/** Properties that may change the verdict. */
const watched: Readonly<Record<string, ReadonlySet<string>>> = {
  Manager: new Set(["Devices", "ServiceCompleteList", "Services"]),
  Service: new Set(["State", "Device"]),
};

/**
 * Follows the daemon by its signals until the wish is fulfilled or its time is over. A daemon that is not there yet,
 * goes or comes back is waited for like a link. Looks at everything anew after news: signals tell single properties.
 */
export class OnlineWait {
  readonly #daemon: Daemon;
  readonly #stop: Cancel[];
  #cancelRetry: Cancel = () => {};
  #finish: (verdict: OnlineVerdict) => void = () => {};
  #last: OnlineVerdict = { isFulfilled: false, because: "the daemon has not answered" };
  #isLooking = false;
  #hasNews = false;

  constructor(
    bus: BusPort,
    private readonly clock: Clock,
    private readonly wish: OnlineWish,
  ) {
    this.#daemon = new Daemon(bus);
    const look = () => void this.#look();
    this.#stop = Object.entries(watched).map(([kind, names]) =>
      this.#daemon.onSignal({ interface: flimflam(kind), member: "PropertyChanged" }, ({ args }) => {
        if (names.has(args[0] as string)) look();
      }),
    );
    this.#stop.push(bus.watchName(busName, look), bus.onConnection(look), () => this.#cancelRetry());
  }

  /** Resolves when the wish is fulfilled or the time is over; never rejects. To be called once. */
  run(): Promise<OnlineVerdict> {
    const { limitMs } = this.wish;
    const verdict = new Promise<OnlineVerdict>((resolve) => {
      this.#finish = resolve;
    });
    if (limitMs !== undefined) {
      this.#stop.push(this.clock.startTimer("wait-online", limitMs, () => this.#finish(this.#last)));
    }
    void this.#look();
    return verdict;
  }
  close(): void {
    for (const stop of this.#stop.splice(0)) stop();
  }

  /** One look at a time; news meanwhile ask for one more. */
  async #look(): Promise<void> {
    this.#hasNews = true;
    if (this.#isLooking) return;
    this.#isLooking = true;
    while (this.#hasNews && !this.#last.isFulfilled) {
      this.#hasNews = false;
      this.#last = await this.#read();
    }
    this.#isLooking = false;
    if (this.#last.isFulfilled) this.#finish(this.#last);
  }
  async #read(): Promise<OnlineVerdict> {
    this.#cancelRetry();
    try {
      return judgeOnline(this.wish, await this.#daemon.snapshot());
    } catch (error) {
      // A daemon that comes is told by the bus.
      const isAbsent = error instanceof Failure && error.exitCode === exitCodes.notRunning;
      if (!isAbsent) this.#cancelRetry = this.clock.startTimer("wait-online-retry", retryMs, () => void this.#look());
      return { isFulfilled: false, because: describeError(error) };
    }
  }
}
