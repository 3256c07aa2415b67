/** Connections that no client asked for by name (docs/contract/shill.md, Connecting). */
import { DaemonError, describeError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { countsAs, isPrimary, type Technology } from "../base/technology.ts";
import type { AutoConnectRefusal } from "../services/auto-connect.ts";
import { isConnected } from "../services/connect-states.ts";
import type { Service } from "../services/service.ts";
import { type OrderRules, orderOf } from "../services/service-order.ts";
import type { ServiceList } from "./service-list.ts";

export interface BestRules extends OrderRules {
  isTechnologyAutoConnectable(technology: Technology): boolean;
}

/**
 * The best Service of each technology, in order of merit: neither a present connection nor earlier attempts count.
 * Services that a user disconnected, or that may not connect by themselves, are passed over.
 */
export function bestServices(services: readonly Service[], rules: BestRules): readonly Service[] {
  const byMerit = [...services].sort((a, b) => orderOf(a, b, { ...rules, ignoreConnectivity: true }));
  // A tunnel stands on a network itself.
  const hasUnderlay = services.some(({ technology, state }) => isPrimary(countsAs(technology)) && isConnected(state));
  const best = new Map<Technology, Service>();
  for (const service of byMerit) {
    const { technology } = service;
    // The later ones are not connectable either: the order puts connectable ones first.
    if (!service.isConnectable) break;
    if (best.has(technology) || !service.autoConnect || !service.isVisible) continue;
    if (service.connection.isExplicitlyDisconnected || !rules.isTechnologyAutoConnectable(technology)) continue;
    if (isPrimary(countsAs(technology)) || hasUnderlay) best.set(technology, service);
  }
  return [...best.values()];
}

export interface AutoConnectorHost {
  readonly log: Log;
  readonly serviceRegistry: {
    readonly list: Pick<ServiceList, "all" | "technologyOrder">;
    isTechnologyAutoConnectable(technology: Technology): boolean;
  };
  isRunning(): boolean;
}

/**
 * Connects the Services that may connect without a request, best first, after every sort. Refusals are logged when they
 * change, not each time.
 */
export class AutoConnector {
  readonly #lastRefusals = new WeakMap<Service, string>();
  constructor(private readonly host: AutoConnectorHost) {}

  /** `services` in sort order. */
  run(services: readonly Service[]): void {
    for (const service of services) {
      const refusal = service.autoConnectRefusal;
      if (refusal === undefined) this.#connect(service);
      else this.#refuse(service, refusal);
    }
  }
  /** In a later turn: the best Service of each technology is connected, regardless of earlier attempts. */
  connectBest(): void {
    queueMicrotask(() => {
      if (!this.host.isRunning()) return;
      const { serviceRegistry } = this.host;
      const { all, technologyOrder } = serviceRegistry.list;
      const rules: BestRules = {
        technologyOrder,
        isTechnologyAutoConnectable: (technology) => serviceRegistry.isTechnologyAutoConnectable(technology),
      };
      for (const service of bestServices(all, rules)) this.#attempt(service, () => service.connection.connectAsBest());
    });
  }

  #connect(service: Service): void {
    this.#lastRefusals.delete(service);
    this.#attempt(service, () => service.connection.autoConnectNow());
  }
  /** Failures are only logged: no client is waiting. */
  #attempt({ logLabel }: Service, connect: () => void): void {
    try {
      connect();
    } catch (error) {
      if (!(error instanceof DaemonError)) throw error;
      this.host.log.warn(`${logLabel}: auto-connect failed: ${describeError(error)}`);
    }
  }
  #refuse(service: Service, refusal: AutoConnectRefusal): void {
    service.awaitMedium(refusal === "connection medium unavailable");
    if (this.#lastRefusals.get(service) === refusal) return;
    this.#lastRefusals.set(service, refusal);
    this.host.log.debug(() => `${service.logLabel}: not connected by itself: ${refusal}`);
  }
}
