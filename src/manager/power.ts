/** Effects of the machine's sleep on Services and Devices (docs/contract/shill.md, Sleep and traffic). */
import { describeError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Device } from "../devices/device.ts";
import type { Service } from "../services/service.ts";

/** What Power needs of the Manager. */
export interface PowerHost {
  readonly log: Log;
  readonly devices: readonly Device[];
  readonly services: { readonly all: readonly Service[] };
  /** Stores what is only in memory. */
  settle(): void;
  requestSort(because: string, service?: Service): void;
}

export class Power {
  #isSuspending = false;
  constructor(private readonly host: PowerHost) {}

  /** Nothing connects by itself, and what breaks off counts against nobody. */
  get isSuspending(): boolean {
    return this.#isSuspending;
  }

  /** Resolves when Services and Devices are ready to sleep. Never rejects: the machine sleeps in any case. */
  async suspend(): Promise<void> {
    this.#isSuspending = true;
    this.host.settle();
    await this.#askAll(this.host.services.all);
    await this.#askAll(this.host.devices);
  }
  async #askAll(sleepers: readonly { beforeSleep(): Promise<void> }[]): Promise<void> {
    const results = await Promise.allSettled(sleepers.map((sleeper) => sleeper.beforeSleep()));
    for (const result of results) {
      if (result.status === "rejected") this.host.log.warn(`not ready to sleep: ${describeError(result.reason)}`);
    }
  }

  /** The questions to the DHCP servers leave in this turn; what happened before the sleep no longer counts. */
  resume(because: string): void {
    this.#isSuspending = false;
    for (const device of this.host.devices) device.afterSleep();
    for (const service of this.host.services.all) {
      service.forgive();
      service.validation.resumed();
      this.host.requestSort(`resumed: ${because}`, service);
    }
    this.host.requestSort(`resumed: ${because}`);
  }
}
