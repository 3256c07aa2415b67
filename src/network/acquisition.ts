import { TimerSet } from "../base/clock.ts";
import { DaemonError, describeError } from "../base/errors.ts";
import type { IpSettings } from "./ip-settings.ts";
import type { DynamicSource } from "./merge.ts";
import type { ProtocolHandler, ProtocolLink, ProtocolStep, TeardownOptions } from "./protocols/handler.ts";
import { ProtocolRunner, type RunnerPorts, type RunnerState } from "./protocols/runner.ts";

/** One protocol that a Network runs, and how. */
export interface ProtocolRequest {
  /** Source under which its settings are merged. */
  readonly source: DynamicSource;
  /** Its name in the registry. Default: that of the source. */
  readonly handler?: string;
  readonly config: unknown;
}

/** Never called from inside a call to the Acquisition, and not after its end. */
export interface AcquisitionOwner {
  /** Settings that {@link settled} reports next: only for urgent work. */
  granted(settings: IpSettings): void;
  /** First settings, or changed ones. */
  settled(settings: IpSettings): void;
  /** Another host has the address, which is declined. */
  conflict(address: string, otherMac: string): void;
  /** The protocol has reached another step. */
  stepped(step: ProtocolStep): void;
  /** The settings reported before are void; the protocol is already asking for others. */
  lost(reason: string): void;
  /**
   * No settings within the time limit, or a refusal. Only a passive protocol goes on before {@link Acquisition.begin}.
   */
  failed(detail: string, isAuthenticationRefused: boolean): void;
  /** The network wants to be used without IPv4 (RFC 8925); asked again when its time is over. */
  yielded(): void;
}

/** For every protocol: as long as shill waits for a lease, and a person for a network. */
const limitMs = 30_000;
/** A network with a fixed address works without a server; one that appears later may still supply the rest. */
const firstRetryMs = 60_000;
const longestRetryMs = 3_600_000;
/** MIN_V6ONLY_WAIT (RFC 8925, 3.4). */
const shortestIpv6OnlyWaitMs = 300_000;

/** One protocol's work for one Network: its time limit, its retries and its farewell. */
export class Acquisition<Config> {
  readonly #runner: ProtocolRunner<Config>;
  readonly #timers: TimerSet<"acquisition" | "acquisition-retry">;
  #retryMs = firstRetryMs;
  #isEnded = false;
  readonly #ended: Promise<void>;
  #tellEnd = () => {};

  constructor(
    private readonly handler: ProtocolHandler<Config>,
    link: ProtocolLink,
    config: Config,
    private readonly owner: AcquisitionOwner,
    ports: RunnerPorts,
  ) {
    this.#timers = new TimerSet(ports.clock, `${link.name} ${handler.name}`);
    this.#ended = new Promise((resolve) => {
      this.#tellEnd = resolve;
    });
    const events = {
      granted: (settings: IpSettings) => this.#isEnded || this.owner.granted(settings),
      up: (settings: IpSettings) => this.#onSettings(settings),
      changed: (settings: IpSettings) => this.#onSettings(settings),
      failed: (error: unknown) => this.#onFailed(error),
      conflict: (address: string, otherMac: string) => this.#isEnded || this.owner.conflict(address, otherMac),
      step: (step: ProtocolStep) => this.#isEnded || this.owner.stepped(step),
      lost: (reason: string) => this.#onLost(reason),
      down: () => this.#isEnded && this.#tellEnd(),
    };
    this.#runner = new ProtocolRunner(handler, link, config, events, ports);
  }

  /** The time limit is running: settings may still come. */
  get isWithinLimit(): boolean {
    return this.#timers.isPending("acquisition");
  }
  get state(): RunnerState {
    return this.#runner.state;
  }
  /** For the debug dump. */
  inspect(): Readonly<Record<string, unknown>> | undefined {
    return this.#runner.inspect();
  }

  /** Asks for settings; while that is under way only the time limit begins anew. */
  begin(): void {
    this.#timers.cancel("acquisition-retry");
    this.#runner.setup();
    this.#timers.start("acquisition", limitMs, () => {
      if (!this.handler.isPassive) this.#runner.teardown({ force: true });
      const { awaits = "settings" } = this.handler;
      this.#onFailed(new DaemonError("OperationTimeout", `no ${awaits} within ${limitMs / 1000} s`));
    });
  }

  /** Asks the other side to confirm the settings. False: there are none. */
  renew(): boolean {
    return this.#runner.renew();
  }

  /** Gives the settings back; asking goes on. Without settings it does nothing. */
  giveBack(): void {
    if (this.#runner.state === "up") this.#runner.teardown({ force: false });
  }

  /** After {@link AcquisitionOwner.failed}: tries again, less and less often. */
  beginLater(): void {
    if (this.handler.isPassive && this.#runner.state === "setup") return;
    this.#timers.start("acquisition-retry", this.#retryMs, () => this.begin());
    this.#retryMs = Math.min(this.#retryMs * 2, longestRetryMs);
  }

  /** For good. `force`: without a word to the other side. Resolves when the session has ended. */
  end(how: TeardownOptions): Promise<void> {
    this.#isEnded = true;
    this.#timers.cancelAll();
    this.#runner.teardown(how);
    if (this.#runner.state === "down") this.#tellEnd();
    return this.#ended;
  }

  #onSettings(settings: IpSettings): void {
    if (this.#isEnded) return;
    this.#timers.cancelAll();
    this.#retryMs = firstRetryMs;
    this.owner.settled(settings);
  }

  #onLost(reason: string): void {
    if (this.#isEnded) return;
    this.begin();
    this.owner.lost(reason);
  }

  #onFailed(error: unknown): void {
    if (this.#isEnded) return;
    this.#timers.cancel("acquisition");
    const waitMs = ipv6OnlyWaitMs(error);
    if (waitMs === undefined) {
      this.owner.failed(describeError(error), reasonOf(error) === authenticationRefused);
      return;
    }
    this.#timers.start("acquisition-retry", waitMs, () => this.begin());
    this.owner.yielded();
  }
}

/**
 * The `reason` in the context of a handler's DaemonError: the other end does not take the user name or the password.
 */
const authenticationRefused = "authentication-refused";
const reasonOf = (error: unknown): unknown => (error instanceof DaemonError ? error.context.reason : undefined);

/** How long the network asked to be left without IPv4, as the DHCPv4 handler tells it; undefined: it did not. */
function ipv6OnlyWaitMs(error: unknown): number | undefined {
  if (!(error instanceof DaemonError) || reasonOf(error) !== "ipv6-only-preferred") return undefined;
  const { retryAfterMs } = error.context;
  return typeof retryAfterMs === "number" && retryAfterMs >= 0 ? retryAfterMs : shortestIpv6OnlyWaitMs;
}
