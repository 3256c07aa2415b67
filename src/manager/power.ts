/** Effects of the machine's sleep on Services and Devices (docs/contract/shill.md, Sleep and traffic). */
import { describeError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Device } from "../devices/device.ts";
import type { ServiceList } from "./service-list.ts";

/** The Devices and Services that sleep with the machine. */
export interface PowerHost {
  readonly log: Log;
  readonly deviceRegistry: { readonly all: readonly Device[] };
  readonly serviceRegistry: {
    readonly list: Pick<ServiceList, "all" | "requestSort">;
    readonly deferredSaves: { flush(): void };
  };
}

export class Power {
  #isSuspending = false;
  constructor(private readonly host: PowerHost) {}

  /** Until the resume nothing connects by itself, and a lost connection does not count as a failure. */
  get isSuspending(): boolean {
    return this.#isSuspending;
  }

  /** Resolves when Services and Devices are ready to sleep. Never rejects: the machine sleeps in any case. */
  async suspend(): Promise<void> {
    this.#isSuspending = true;
    const { deviceRegistry, serviceRegistry } = this.host;
    serviceRegistry.deferredSaves.flush();
    await this.#askAll(serviceRegistry.list.all);
    await this.#askAll(deviceRegistry.all);
  }
  async #askAll(sleepers: readonly { beforeSleep(): Promise<void> }[]): Promise<void> {
    const results = await Promise.allSettled(sleepers.map((sleeper) => sleeper.beforeSleep()));
    for (const result of results) {
      if (result.status === "rejected") this.host.log.warn(`not ready to sleep: ${describeError(result.reason)}`);
    }
  }

  /** The questions to the DHCP servers leave in this turn; attempts before the sleep no longer count. */
  resume(because: string): void {
    this.#isSuspending = false;
    const { deviceRegistry, serviceRegistry } = this.host;
    for (const device of deviceRegistry.all) device.afterSleep();
    for (const service of serviceRegistry.list.all) {
      service.forgive();
      service.validation.resumed();
      serviceRegistry.list.requestSort(`resumed: ${because}`, service);
    }
    serviceRegistry.list.requestSort(`resumed: ${because}`);
  }
}
