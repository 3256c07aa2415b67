import type { Cancel, Clock } from "../../base/clock.ts";
import type { Call } from "../bus.ts";
import type { Settle } from "../session/pending-calls.ts";
import { longestTimeoutMs } from "../wire/limits.ts";
import { busDaemon, busDaemonPath } from "../wire/names.ts";

/** Answered by the bus itself once it has read all that came before. */
export const readSign: Call = {
  destination: busDaemon,
  path: busDaemonPath,
  interface: busDaemon,
  member: "GetId",
  timeoutMs: longestTimeoutMs,
};
/** After so many milliseconds it is asked again, and then less and less often. */
const firstAgainMs = 1_000;

export interface SignsHost {
  request(call: Call, settle: Settle): void;
  /** Bytes that the kernel has not taken yet. */
  queuedBytes(): number;
}

/**
 * Asks the bus for signs that it has read our messages. dbus-daemon throws its own answers away while more waits for us
 * than it may keep, so one may be lost, and another is asked for.
 */
export class ReadSigns {
  #isAsked = false;
  #seen = 0;
  #repeated = 0;

  constructor(
    private readonly host: SignsHost,
    private readonly clock: Pick<Clock, "startTimer">,
  ) {}

  get isAsked(): boolean {
    return this.#isAsked;
  }
  get seen(): number {
    return this.#seen;
  }
  /** Messages sent that say nothing new: that the kernel takes them is no progress of the bus. */
  get repeated(): number {
    return this.#repeated;
  }

  /** One at a time. Calls back once, unless the connection ends before. */
  ask(isRead: () => void): void {
    this.#isAsked = true;
    let isSeen = false;
    let cancelTimer: Cancel = () => {};
    const settle: Settle = (error) => {
      cancelTimer();
      if (error || isSeen) return;
      isSeen = true;
      this.#isAsked = false;
      this.#seen++;
      isRead();
    };
    const askAgainAfter = (ms: number) => {
      cancelTimer = this.clock.startTimer("bus-sign", ms, () => {
        this.#repeat(settle);
        askAgainAfter(2 * ms);
      });
    };
    this.host.request(readSign, settle);
    askAgainAfter(firstAgainMs);
  }
  /** A sign that has not even reached the kernel cannot have been lost by the bus. */
  #repeat(settle: Settle): void {
    if (this.host.queuedBytes() > 0) return;
    this.#repeated++;
    this.host.request(readSign, settle);
  }
}
