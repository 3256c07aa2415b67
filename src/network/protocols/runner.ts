import type { Clock } from "../../base/clock.ts";
import { describeError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { IpSettings } from "../ip-settings.ts";
import type { ProtocolHandler, ProtocolLink, ProtocolSession, ProtocolStep, TeardownOptions } from "./handler.ts";

/** Calls to the owner of a runner. Never made from inside a call to the runner. */
export interface RunnerOwner {
  up(settings: IpSettings): void;
  /** Settings that `up` is about to tell: inside the call that brought them, and only during a setup. */
  granted?(settings: IpSettings): void;
  /** Other settings while up. */
  changed(settings: IpSettings): void;
  /** Setup did not succeed; the runner is down and may be set up again. */
  failed(error: unknown): void;
  /** Another host has the address; `lost` follows if it was in use. */
  conflict?(address: string, otherMac: string): void;
  step?(step: ProtocolStep): void;
  /** The settings no longer hold. The session is still attached; set up again, or tear down. */
  lost(reason: string): void;
  /** Teardown has ended. Told once for each teardown of a session that was not down. */
  down(): void;
}

/** `lost`: as down, but the session may still hold settings that a teardown gives back. */
export type RunnerState = "down" | "setup" | "up" | "lost" | "teardown";

export interface RunnerPorts {
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Keeps for one session of a protocol handler the promises that no handler has to keep itself: one setup at a time, a
 * setup is aborted before teardown, an "up" that arrives too late is dropped, a forced teardown overtakes one that is
 * stuck, "down" is told once, and after "failed" the same session may be set up again.
 */
export class ProtocolRunner<Config> {
  #state: RunnerState = "down";
  readonly #session: ProtocolSession;
  /** Each setup and each teardown has its own number: a result under an old one is dropped. */
  #run = 0;
  #abort: AbortController | undefined;
  #isSetupWanted = false;
  /** The session's news between the end of its setup and the turn that handles it. */
  #early: { settings?: IpSettings; lost?: string } = {};

  constructor(
    private readonly handler: ProtocolHandler<Config>,
    link: ProtocolLink,
    config: Config,
    private readonly owner: RunnerOwner,
    private readonly ports: RunnerPorts,
  ) {
    this.#session = handler.attach(link, config, {
      clock: ports.clock,
      log: ports.log,
      granted: (settings) => {
        if (this.#state === "setup") this.owner.granted?.(settings);
      },
      settingsChanged: (settings) => this.#onChanged(settings),
      conflict: (address, otherMac) => this.#later(() => this.owner.conflict?.(address, otherMac)),
      step: (step) => this.#later(() => this.owner.step?.(step)),
      lost: (reason) => this.#onLost(reason),
    });
  }

  get state(): RunnerState {
    return this.#state;
  }
  /** For the debug dump. */
  inspect(): Readonly<Record<string, unknown>> | undefined {
    return this.#session.inspect?.();
  }

  /** Begins a setup. Under way or up: nothing happens. During a teardown: begins when that has ended. */
  setup(): void {
    if (this.#state === "teardown") this.#isSetupWanted = true;
    if (this.#state !== "down" && this.#state !== "lost") return;
    this.#state = "setup";
    this.#early = {};
    const run = ++this.#run;
    const abort = new AbortController();
    this.#abort = abort;
    called(() => this.#session.setup(abort.signal)).then(
      (settings) => this.#onUp(run, settings),
      (error: unknown) => this.#onFailed(run, error),
    );
  }

  /**
   * Ends the session's work; the owner hears `down` later. Down already: nothing happens. Force overtakes a polite one.
   */
  teardown(how: TeardownOptions): void {
    this.#isSetupWanted = false;
    if (this.#state === "down" || (this.#state === "teardown" && !how.force)) return;
    this.#state = "teardown";
    const run = ++this.#run;
    this.#abort?.abort();
    this.#abort = undefined;
    called(() => this.#session.teardown(how)).then(
      () => this.#onDown(run),
      (error: unknown) => {
        this.ports.log.warn(() => `${this.handler.name}: teardown went wrong: ${describeError(error)}`);
        this.#onDown(run);
      },
    );
  }

  /** Whether the session is up and can renew; results arrive as `changed` or `lost`. */
  renew(): boolean {
    if (this.#state !== "up" || !this.#session.renew) return false;
    this.#session.renew();
    return true;
  }

  #onUp(run: number, settings: IpSettings): void {
    if (run !== this.#run) {
      this.ports.log.debug(() => `${this.handler.name}: came up too late`);
      return;
    }
    this.#state = "up";
    this.#abort = undefined;
    const early = this.#early;
    this.owner.up(early.settings ?? settings);
    // The owner may have torn down meanwhile.
    if (early.lost !== undefined && run === this.#run) this.#loseNow(early.lost);
  }

  #onFailed(run: number, error: unknown): void {
    if (run !== this.#run) return;
    this.#state = "down";
    this.#abort = undefined;
    this.owner.failed(error);
  }

  #onDown(run: number): void {
    if (run !== this.#run) return;
    this.#state = "down";
    this.owner.down();
    if (!this.#isSetupWanted) return;
    this.#isSetupWanted = false;
    this.setup();
  }

  /** The session may be in the middle of a call: the owner hears of the news afterwards, in the same turn. */
  #onChanged(settings: IpSettings): void {
    this.#later(() => {
      if (this.#state === "setup") this.#early.settings = settings;
      if (this.#state === "up") this.owner.changed(settings);
    });
  }

  #onLost(reason: string): void {
    this.#later(() => {
      if (this.#state === "setup") this.#early.lost = reason;
      if (this.#state === "up") this.#loseNow(reason);
    });
  }

  #loseNow(reason: string): void {
    this.#state = "lost";
    this.owner.lost(reason);
  }

  #later(tell: () => void): void {
    const run = this.#run;
    queueMicrotask(() => {
      if (run === this.#run) tell();
    });
  }
}

/** A handler that throws instead of rejecting is treated alike. */
function called<R>(call: () => Promise<R>): Promise<R> {
  try {
    return call();
  } catch (error) {
    return Promise.reject(error);
  }
}
