import { DaemonError, describeError } from "../base/errors.ts";
import { TimerSet } from "../base/timer-set.ts";
import type { IpSettings } from "./ip-settings.ts";
import type { ProtocolHandler, ProtocolLink, ProtocolStep } from "./protocols/handler.ts";
import { ProtocolRunner, type RunnerPorts, type RunnerState } from "./protocols/runner.ts";

/** Never called from inside a call to the Acquisition, and not after its end. */
export interface AcquisitionOwner {
  /** A first lease, or a changed one. */
  leased(settings: IpSettings): void;
  /** Another host has the address that was leased, which is declined. */
  conflict(address: string, otherMac: string): void;
  /** What it does just now. */
  stepped(step: ProtocolStep): void;
  /** What was leased must not be used any more; a new lease is being asked for already. */
  lost(reason: string): void;
  /** No lease within the time limit, or the server side refused. Nothing goes on until {@link Acquisition.begin}. */
  failed(detail: string): void;
  /** The network wants to be used without IPv4 (RFC 8925); asked again when its time is over. */
  yielded(): void;
}

/** shill-behaviour 9.3. */
const limitMs = 30_000;
/** A network with a fixed address works without a server; one that appears later may still supply the rest. */
const firstRetryMs = 60_000;
const longestRetryMs = 3_600_000;
/** MIN_V6ONLY_WAIT (RFC 8925, 3.4). */
const shortestIpv6OnlyWaitMs = 300_000;

/** One DHCP client's work for one Network: its time limit, its retries and its farewell. */
export class Acquisition<Config> {
  readonly #runner: ProtocolRunner<Config>;
  readonly #timers: TimerSet<"dhcp-acquisition" | "dhcp-retry">;
  #retryMs = firstRetryMs;
  #isEnded = false;
  readonly #ended: Promise<void>;
  #tellEnd = () => {};

  constructor(
    handler: ProtocolHandler<Config>,
    link: ProtocolLink,
    config: Config,
    private readonly owner: AcquisitionOwner,
    ports: RunnerPorts,
  ) {
    this.#timers = new TimerSet(ports.clock, link.name);
    this.#ended = new Promise((resolve) => {
      this.#tellEnd = resolve;
    });
    const events = {
      up: (settings: IpSettings) => this.#onLease(settings),
      changed: (settings: IpSettings) => this.#onLease(settings),
      failed: (error: unknown) => this.#onFailed(error),
      conflict: (address: string, otherMac: string) => this.#isEnded || this.owner.conflict(address, otherMac),
      step: (step: ProtocolStep) => this.#isEnded || this.owner.stepped(step),
      lost: (reason: string) => this.#onLost(reason),
      down: () => this.#isEnded && this.#tellEnd(),
    };
    this.#runner = new ProtocolRunner(handler, link, config, events, ports);
  }

  get state(): RunnerState {
    return this.#runner.state;
  }
  /** For the debug dump. */
  inspect(): Readonly<Record<string, unknown>> | undefined {
    return this.#runner.inspect();
  }

  /** Asks for a lease; while one is being asked for only the time limit begins anew. */
  begin(): void {
    this.#timers.cancel("dhcp-retry");
    this.#runner.setup();
    this.#timers.start("dhcp-acquisition", limitMs, () => {
      this.#runner.teardown({ force: true });
      this.#onFailed(new DaemonError("OperationTimeout", `no lease within ${limitMs / 1000} s`));
    });
  }

  /** Asks the server to confirm the lease; without one nothing happens. Whether there is one. */
  renew(): boolean {
    return this.#runner.renew();
  }

  /** Returns the lease to the server; without one nothing happens, and asking for one goes on. */
  giveBack(): void {
    if (this.#runner.state === "up") this.#runner.teardown({ force: false });
  }

  /** After {@link AcquisitionOwner.failed}: tries again, less and less often. */
  beginLater(): void {
    this.#timers.start("dhcp-retry", this.#retryMs, () => this.begin());
    this.#retryMs = Math.min(this.#retryMs * 2, longestRetryMs);
  }

  /** For good. `force`: without a word to the server. Resolves when the session has ended. */
  end(how: { readonly force: boolean }): Promise<void> {
    this.#isEnded = true;
    this.#timers.cancelAll();
    this.#runner.teardown(how);
    if (this.#runner.state === "down") this.#tellEnd();
    return this.#ended;
  }

  #onLease(settings: IpSettings): void {
    if (this.#isEnded) return;
    this.#timers.cancelAll();
    this.#retryMs = firstRetryMs;
    this.owner.leased(settings);
  }

  #onLost(reason: string): void {
    if (this.#isEnded) return;
    this.begin();
    this.owner.lost(reason);
  }

  #onFailed(error: unknown): void {
    if (this.#isEnded) return;
    this.#timers.cancel("dhcp-acquisition");
    const waitMs = ipv6OnlyWaitMs(error);
    if (waitMs === undefined) {
      this.owner.failed(describeError(error));
      return;
    }
    this.#timers.start("dhcp-retry", waitMs, () => this.begin());
    this.owner.yielded();
  }
}

/** How long the network asked to be left without IPv4, as the DHCPv4 handler tells it; undefined: it did not. */
function ipv6OnlyWaitMs(error: unknown): number | undefined {
  if (!(error instanceof DaemonError) || error.context.reason !== "ipv6-only-preferred") return undefined;
  const { retryAfterMs } = error.context;
  return typeof retryAfterMs === "number" && retryAfterMs >= 0 ? retryAfterMs : shortestIpv6OnlyWaitMs;
}
