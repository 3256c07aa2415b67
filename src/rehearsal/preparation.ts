import type { Cancel, Clock } from "../base/clock.ts";
import { describeError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Rtnl } from "../rtnl/rtnl.ts";
import { makeRoom } from "../system/memory.ts";
import { rehearseCable } from "./cable.ts";
import { rehearseLease } from "./lease.ts";

/** Where the rehearsal of a lease takes longer, that of a cable would keep the first clients waiting for seconds. */
const slowRehearsalMs = 60;
/** By then clients have heard of a real cable that goes in or out, and the Location has followed it. */
const settledMs = 300;

export interface PreparationPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly rtnl: Pick<Rtnl, "onDelta">;
  readonly carrierGraceMs: number;
}

/**
 * Makes the process ready for the next cable, in moments when no real one is on its way: code is run before it is
 * needed, and the heap has room. Nothing of it changes what the daemon does, only how fast.
 */
export class Preparation {
  #movedAt = Number.NEGATIVE_INFINITY;
  #waits: readonly Cancel[] = [];

  constructor(private readonly ports: PreparationPorts) {}

  /** Never rejects. Takes some ten milliseconds in pieces of a few; for after the start. */
  async start(): Promise<void> {
    const { clock, log, rtnl } = this.ports;
    rtnl.onDelta((delta) => {
      if (delta.kind === "link-changed" && delta.before.hasCarrier !== delta.link.hasCarrier)
        this.#moved(delta.link.hasCarrier);
    });
    try {
      const startedAt = clock.now();
      rehearseLease();
      if (clock.now() - startedAt > slowRehearsalMs) return;
      // No collection of garbage after it: the first lease would take two milliseconds more, and no page less would be
      // in use.
      await rehearseCable(clock, () => this.#whenSettled());
      makeRoom();
    } catch (error) {
      log.warn(`the rehearsal failed: ${describeError(error)}`, { error });
    }
  }

  /** The next cable finds the heap ready: soon after a loss, and when the grace of the carrier is over. */
  #moved(hasCarrier: boolean): void {
    const { clock, carrierGraceMs } = this.ports;
    this.#movedAt = clock.now();
    for (const cancel of this.#waits) cancel();
    const waits = hasCarrier ? [] : [settledMs, carrierGraceMs + settledMs];
    this.#waits = waits.map((ms) => clock.startTimer("room", ms, makeRoom));
  }

  /** A real cable comes first: the rehearsal waits until clients have heard of it. */
  async #whenSettled(): Promise<void> {
    const { clock } = this.ports;
    await new Promise<void>((resolve) => setImmediate(resolve));
    for (let left = this.#leftMs(); left > 0; left = this.#leftMs())
      await new Promise<void>((resolve) => void clock.startTimer("rehearsal goes on", left, resolve));
  }
  #leftMs(): number {
    return this.#movedAt + settledMs - this.ports.clock.now();
  }
}
