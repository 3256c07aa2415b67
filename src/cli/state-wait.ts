import type { Clock } from "../base/clock.ts";
import { busName, type Daemon, flimflam, notRunning } from "./daemon.ts";
import { exitCodes, Failure } from "./failure.ts";
import { BusObject } from "./view/snapshot.ts";

/** Meaning of a state to the waiting caller: over and well, over and not, or not over. A Failure: over, and why. */
export type Verdict = "done" | "wait" | Failure;
export type Judge = (service: BusObject) => Verdict | Promise<Verdict>;

/** The failure when the time is over. */
export type TooLate = (service: BusObject, limitMs: number) => Failure | Promise<Failure>;

/** The properties that a judge may look at. */
const watched: ReadonlySet<string> = new Set(["State", "Error", "ErrorDetails", "PreviousErrorSerialNumber"]);

/**
 * Follows one Service until the judge is satisfied or `limitMs` are over. To be made before the awaited call, so that
 * no signal of it is missed; `until` begins to look.
 */
export class StateWait {
  readonly #stop: (() => void)[];
  #look: (() => void) | undefined;
  #isGone = false;
  #isDaemonGone = false;

  constructor(
    private readonly daemon: Daemon,
    private readonly clock: Clock,
    readonly path: string,
  ) {
    const changed = { path, interface: flimflam("Service"), member: "PropertyChanged" };
    const removed = { path: "/", interface: "org.freedesktop.DBus.ObjectManager", member: "InterfacesRemoved" };
    this.#stop = [
      daemon.onSignal(changed, ({ args }) => {
        if (watched.has(args[0] as string)) this.#look?.();
      }),
      daemon.onSignal(removed, ({ args }) => this.#onRemoved(args[0])),
      daemon.bus.watchName(busName, (owner) => this.#onOwner(owner)),
    ];
  }

  /** Resolves with the Service as it was when the judge said "done"; rejects with its Failure, or one for the time. */
  async until(judge: Judge, limitMs: number, tooLate: TooLate = stillThere): Promise<BusObject> {
    const late = new Promise<"late">((resolve) => {
      this.#stop.push(this.clock.startTimer("wait", limitMs, () => resolve("late")));
    });
    for (;;) {
      const news = new Promise<"news">((resolve) => {
        this.#look = () => resolve("news");
      });
      const service = await this.#read();
      const verdict = await judge(service);
      if (verdict === "done") return service;
      if (verdict !== "wait") throw verdict;
      if ((await Promise.race([news, late])) === "late") throw await tooLate(service, limitMs);
    }
  }
  close(): void {
    for (const stop of this.#stop.splice(0)) stop();
  }

  /** Asked anew at each news: signals tell single properties, and the judge needs those that belong together. */
  async #read(): Promise<BusObject> {
    if (this.#isDaemonGone) throw notRunning("the daemon went away");
    if (this.#isGone) throw new Failure(exitCodes.refused, "the Service is gone");
    return new BusObject("service", this.path, await this.daemon.properties(this.path, "Service"));
  }
  #onRemoved(path: unknown): void {
    if (path !== this.path) return;
    this.#isGone = true;
    this.#look?.();
  }
  #onOwner(owner: string | undefined): void {
    if (owner !== undefined) return;
    this.#isDaemonGone = true;
    this.#look?.();
  }
}

const stillThere = (service: BusObject, limitMs: number): Failure =>
  new Failure(exitCodes.refused, `still in state ${service.text("State")} after ${limitMs / 1000} s`, "timeout");
