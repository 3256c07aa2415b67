import { DaemonError, describeError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Service } from "../services/service.ts";

/** Auto-connect failures are only logged: no client is waiting. */
export function attempt(who: string, connect: () => void, log: Log): void {
  try {
    connect();
  } catch (error) {
    if (!(error instanceof DaemonError)) throw error;
    log.warn(`${who}: auto-connect failed: ${describeError(error)}`);
  }
}

/**
 * Connects what may be connected without being asked, best first, after every sort. Refusals are logged when they
 * change, not each time.
 */
export class AutoConnector {
  readonly #lastRefusals = new WeakMap<Service, string>();
  constructor(private readonly log: Log) {}

  /** `services` in sort order. */
  run(services: readonly Service[]): void {
    for (const service of services) {
      const refusal = service.autoConnectRefusal;
      if (refusal === undefined) this.#connect(service);
      else this.#note(service, refusal);
    }
  }
  #connect(service: Service): void {
    this.#lastRefusals.delete(service);
    attempt(service.logName, () => service.autoConnectNow(), this.log);
  }
  #note(service: Service, refusal: string): void {
    if (this.#lastRefusals.get(service) === refusal) return;
    this.#lastRefusals.set(service, refusal);
    this.log.debug(() => `${service.logName}: not connected by itself: ${refusal}`);
  }
}
