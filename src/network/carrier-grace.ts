import { type Clock, TimerSet } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { ProtocolLink } from "./protocols/handler.ts";

/** The part of an Applier that it needs. */
export interface HoldSink {
  hold(link: number): boolean;
  release(link: number): void;
  releaseAfterLoss(link: number): void;
}

export interface GracePorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly applier: HoldSink;
  /** How long the kernel's addresses and routes outlive the carrier; absent or 0: not at all. */
  readonly carrierGraceMs?: number;
}

/**
 * Addresses and routes that a Network left in the kernel when the carrier was lost. They stay for a while; the next
 * session on the link takes them over and ends them by its own wish, or by its failure. See
 * docs/decisions/short-loss-of-carrier.md.
 */
export class CarrierGrace {
  #held: { readonly link: ProtocolLink; readonly untilMs: number } | undefined;
  #timers: TimerSet<"carrier-grace"> | undefined;

  constructor(private readonly ports: GracePorts) {}

  get isHeld(): boolean {
    return this.#held !== undefined;
  }

  /** The carrier is lost. A second loss begins anew. */
  begin(link: ProtocolLink): void {
    const { clock, log, applier, carrierGraceMs = 0 } = this.ports;
    this.forget();
    if (carrierGraceMs === 0 || !applier.hold(link.index)) {
      applier.releaseAfterLoss(link.index);
      return;
    }
    this.#held = { link, untilMs: clock.now() + carrierGraceMs };
    this.#timers = new TimerSet(clock, link.name);
    this.#timers.start("carrier-grace", carrierGraceMs, () => this.#expire(link));
    log.debug(() => `${link.name}: no carrier; addresses and routes stay for ${carrierGraceMs / 1000} s`);
  }
  /** A session begins on the link. After a sleep the time may be over although no timer could say so. */
  takeOver(): void {
    this.#timers?.cancelAll();
    if (this.#held && this.ports.clock.now() >= this.#held.untilMs) this.end();
  }
  /** The session has a wish of its own, or nothing is looked after any more. */
  forget(): void {
    this.#timers?.cancelAll();
    this.#held = undefined;
  }
  /** Removes the held addresses and routes at once. */
  end(): void {
    const link = this.#held?.link.index;
    this.forget();
    if (link !== undefined) this.ports.applier.release(link);
  }

  #expire({ index, name }: ProtocolLink): void {
    this.forget();
    this.ports.log.info(() => `${name}: the carrier does not come back; addresses and routes are taken away`);
    this.ports.applier.releaseAfterLoss(index);
  }
}
