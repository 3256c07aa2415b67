import type { Cancel } from "../base/clock.ts";
import { describeError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { ManagerObserver } from "./manager-ports.ts";

/** The APIs that show the Manager's objects, in the order they came. */
export class ManagerObservers {
  readonly #all = new Set<ManagerObserver>();
  constructor(private readonly log: Log) {}

  /** Returns "remove". Objects that are there already are told to no one: to be added before the start. */
  add(observer: ManagerObserver): Cancel {
    this.#all.add(observer);
    return () => this.#all.delete(observer);
  }
  /** The change has happened already; one API that fails must not keep the others from following it. */
  tell(call: (observer: ManagerObserver) => void): void {
    for (const observer of this.#all) {
      try {
        call(observer);
      } catch (error) {
        this.log.error(`an observer of the Manager failed: ${describeError(error)}`, { error });
      }
    }
  }
}
