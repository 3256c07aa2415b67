import type { Clock } from "../base/clock.ts";
import type { Technology } from "../base/technology.ts";
import type { Service } from "../services/service.ts";
import { type Comparison, compareServices, type OrderRules, orderOf } from "../services/service-order.ts";

/** Done after each sort, with all Services in their new order. */
export type AfterSort = (services: readonly Service[]) => void;

/** All Services, best first. Their order changes only in the sort task, which runs at most once a turn of the event loop. */
export class ServiceList {
  #services: Service[] = [];
  #isSortPending = false;
  #isStopped = false;
  readonly #reasons = new Set<string>();
  /** Why the last sorts ran, newest last; for the debug dump. */
  readonly recentReasons: string[] = [];

  constructor(
    private readonly technologyOrder: () => readonly Technology[],
    private readonly afterSort: AfterSort,
    readonly clock: Clock,
  ) {}

  /** In the order of the last sort; new ones at the end until then. */
  get all(): readonly Service[] {
    return this.#services;
  }
  add(service: Service): void {
    this.#services.push(service);
    this.requestSort(`${service.logName} is new`);
  }
  remove(service: Service): void {
    this.#services = this.#services.filter((other) => other !== service);
    this.requestSort(`${service.logName} is gone`);
  }

  /** Posts one task in this turn of the event loop; more requests before it runs cost nothing. */
  requestSort(because: string): void {
    if (this.#reasons.size < 8) this.#reasons.add(because);
    if (this.#isSortPending || this.#isStopped) return;
    this.#isSortPending = true;
    queueMicrotask(() => this.#sort());
  }
  stop(): void {
    this.#isStopped = true;
  }

  /** Why `service` stands before the one after it; undefined for the last. */
  reasonOf(service: Service): Comparison["because"] | undefined {
    const next = this.#services[this.#services.indexOf(service) + 1];
    return next && compareServices(service, next, this.#rules).because;
  }

  get #rules(): OrderRules {
    return { technologyOrder: this.technologyOrder() };
  }
  #sort(): void {
    this.#isSortPending = false;
    if (this.#isStopped) return;
    this.recentReasons.push([...this.#reasons].join("; "));
    this.recentReasons.splice(0, this.recentReasons.length - 20);
    this.#reasons.clear();
    const rules = this.#rules;
    this.#services.sort((a, b) => orderOf(a, b, rules));
    this.afterSort(this.#services);
  }
}
