/**
 * When the machine sleeps, as logind tells it (org.freedesktop.login1(5)). An inhibitor of the kind "delay" is held
 * while awake, so that logind waits until Services and Devices are ready, or our time is over.
 */
import type { Cancel, Clock } from "../base/clock.ts";
import { describeError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { BusPort, Call } from "../bus/bus.ts";

const busName = "org.freedesktop.login1";
const objectPath = "/org/freedesktop/login1";
const interfaceName = "org.freedesktop.login1.Manager";
const inhibit: Call = {
  destination: busName,
  path: objectPath,
  interface: interfaceName,
  member: "Inhibit",
  signature: "ssss",
  args: ["sleep", "Fairlead", "Network connections are told", "delay"],
  // While the machine boots, logind may first have to have polkit started, as we are not root.
  timeoutMs: 30_000,
};
/** For an inhibitor that was not granted, for any reason: no signal tells when it is over. */
export const retryMs = 60_000;

/** shill's time for a suspend delay; logind itself waits no longer than its InhibitDelayMaxSec. */
export const readinessMs = 19_500;

/** The daemon's reaction to sleep. */
export interface Sleeper {
  /** Resolves when ready to sleep. */
  suspend(): Promise<void>;
  resume(because: string): void;
}

export interface LogindPorts {
  readonly bus: Pick<BusPort, "match" | "watchName">;
  readonly clock: Clock;
  readonly log: Log;
  readonly sleeper: Sleeper;
  /** Resolves with a descriptor that is ours then. */
  callForDescriptor(call: Call): Promise<number>;
  closeDescriptor(descriptor: number): void;
}

/** `preparing`: the sleeper is not ready yet; `ready`: it is, or had its time; the machine sleeps any moment. */
type Phase = "awake" | "preparing" | "ready";

export class LogindSleep {
  #phase: Phase = "awake";
  /** Told to be awake before it was ready to sleep: resumed when it is. */
  #resumesBecause: string | undefined;
  #owner: string | undefined;
  #inhibitor: number | undefined;
  #isAsking = false;
  #cancelLimit: Cancel = () => {};
  #cancelRetry: Cancel = () => {};
  #hasComplained = false;
  readonly #cancels: Cancel[] = [];

  constructor(private readonly ports: LogindPorts) {}

  /** Without a logind nothing happens until there is one. */
  start(): void {
    const { bus } = this.ports;
    const rule = { sender: busName, path: objectPath, interface: interfaceName, member: "PrepareForSleep" };
    this.#cancels.push(
      bus.match(rule, ({ args: [isSleeping] }) => this.#onPrepare(isSleeping === true)),
      bus.watchName(busName, (owner) => this.#onOwner(owner)),
    );
  }
  stop(): void {
    for (const cancel of this.#cancels.splice(0)) cancel();
    this.#owner = undefined;
    this.#cancelLimit();
    this.#cancelRetry();
    this.#release();
  }
  /** For the debug dump. */
  get state(): { readonly phase: Phase; readonly hasLogind: boolean; readonly isInhibiting: boolean } {
    const isInhibiting = this.#inhibitor !== undefined;
    return { phase: this.#phase, hasLogind: this.#owner !== undefined, isInhibiting };
  }

  /** No signal would tell us any more that the machine is awake: it is, as we run. */
  #onOwner(owner: string | undefined): void {
    this.#owner = owner;
    this.#cancelRetry();
    this.#release();
    if (this.#phase !== "awake") this.#resume("logind went away");
    if (owner !== undefined) this.#takeInhibitor();
  }
  #onPrepare(isSleeping: boolean): void {
    if (!isSleeping) this.#resume("awake");
    else if (this.#phase === "awake") void this.#suspend();
    // Going to sleep again before the last answer: one readiness serves both.
    else this.#resumesBecause = undefined;
  }

  async #suspend(): Promise<void> {
    const { clock, log, sleeper } = this.ports;
    this.#phase = "preparing";
    log.info("the machine goes to sleep");
    const isInTime = await new Promise<boolean>((resolve) => {
      this.#cancelLimit = clock.startTimer("sleep-readiness", readinessMs, () => resolve(false));
      sleeper.suspend().then(
        () => resolve(true),
        () => resolve(true),
      );
    });
    this.#cancelLimit();
    if (!isInTime) log.warn(`not everything was ready to sleep within ${readinessMs} ms`);
    this.#phase = "ready";
    this.#release();
    const because = this.#resumesBecause;
    if (because !== undefined) this.#resume(because);
  }
  #resume(because: string): void {
    if (this.#phase === "preparing") this.#resumesBecause = because;
    if (this.#phase === "ready") {
      this.#phase = "awake";
      this.#resumesBecause = undefined;
      this.ports.sleeper.resume(because);
      this.ports.log.info(`resumed: ${because}`);
    }
    // Also after a sleep that we were too late for: logind grants none while it is under way.
    if (this.#owner !== undefined) this.#takeInhibitor();
  }

  #takeInhibitor(): void {
    if (this.#isAsking || this.#inhibitor !== undefined || this.#phase !== "awake") return;
    this.#cancelRetry();
    const owner = this.#owner;
    this.#isAsking = true;
    this.ports.callForDescriptor(inhibit).then(
      (descriptor) => this.#onInhibitor(descriptor, owner),
      (error: unknown) => this.#onNoInhibitor(error, owner),
    );
  }
  #onInhibitor(descriptor: number, owner: string | undefined): void {
    this.#isAsking = false;
    this.#hasComplained = false;
    this.#inhibitor = descriptor;
    if (owner === this.#owner && this.#phase !== "ready") return;
    this.#release();
    if (this.#owner !== undefined) this.#takeInhibitor();
  }
  #onNoInhibitor(error: unknown, owner: string | undefined): void {
    this.#isAsking = false;
    // The same again each minute is no news.
    const level = this.#hasComplained ? "debug" : "warn";
    this.#hasComplained = true;
    this.ports.log[level](`logind will not wait for us: ${describeError(error)}`);
    if (this.#owner === undefined) return;
    if (owner !== this.#owner) this.#takeInhibitor();
    else this.#cancelRetry = this.ports.clock.startTimer("sleep-inhibitor", retryMs, () => this.#takeInhibitor());
  }
  #release(): void {
    if (this.#inhibitor === undefined) return;
    this.ports.closeDescriptor(this.#inhibitor);
    this.#inhibitor = undefined;
  }
}
