import { type Clock, TimerSet } from "../../../base/clock.ts";
import type { IpSettings } from "../../ip-settings.ts";
import { type DhcpLease, type LeasePhase, nextPhaseInMs, phaseOfLease, settingsOfLease } from "./lease.ts";

/** One lease and its clock: one timer, always for the next phase. */
export class LeaseLife {
  #lease: DhcpLease | undefined;
  readonly #timers: TimerSet<"dhcp4-lease">;
  #startedAt = 0;

  constructor(
    private readonly clock: Clock,
    linkName: string,
    private readonly onPhase: () => void,
  ) {
    this.#timers = new TimerSet(clock, linkName);
  }

  get lease(): DhcpLease | undefined {
    return this.#lease;
  }
  get address(): string | undefined {
    return this.#lease?.settings.ipv4.address;
  }
  get ageMs(): number {
    return this.clock.now() - this.#startedAt;
  }
  /** `startedAt`: boot-time milliseconds. */
  begin(lease: DhcpLease, startedAt: number): void {
    this.#lease = lease;
    this.#startedAt = startedAt;
    this.arm();
  }
  end(): void {
    this.#lease = undefined;
    this.#timers.cancel("dhcp4-lease");
  }
  arm(): void {
    const wait = this.nextPhaseInMs;
    if (wait === undefined) this.#timers.cancel("dhcp4-lease");
    // At least 1 ms: fractions must not make the timer come a hair too early for ever.
    else this.#timers.start("dhcp4-lease", Math.max(1, wait), () => this.onPhase());
  }
  get phase(): LeasePhase {
    return this.#lease ? phaseOfLease(this.#lease, this.ageMs) : "valid";
  }
  get nextPhaseInMs(): number | undefined {
    return this.#lease && nextPhaseInMs(this.#lease, this.ageMs);
  }
  /** As of now; undefined without a lease. */
  get settings(): IpSettings | undefined {
    return this.#lease && settingsOfLease(this.#lease, this.ageMs);
  }
}
