import { DaemonError } from "../base/errors.ts";
import { parseTechnologyList, type Technology } from "../base/technology.ts";
import { isConnected } from "../services/connect-states.ts";
import type { Service } from "../services/service.ts";
import { type Comparison, compareServices, type OrderRules, orderOf } from "../services/service-order.ts";

/** Subject and result of a sort. */
export interface Sorted {
  /** All Services in their new order. */
  readonly services: readonly Service[];
  /** Services to be looked at again, in their new order. */
  readonly changed: readonly Service[];
}

/** Up to this many Services all are looked at after each sort: it costs nothing, and nothing can be overlooked. */
const fewServices = 64;

/** Reasons kept of one sort, and sorts kept for the debug dump: enough to see the cause of many sorts. */
const mostReasons = 8;
const mostRemembered = 20;

/**
 * All Services, best first. Their order changes only in the sort task, which runs at most once a turn of the event loop
 * and moves only those that asked for it: with a thousand Services one that changes costs as much as with ten.
 */
export class ServiceList {
  readonly #services: Service[] = [];
  readonly #changed = new Set<Service>();
  readonly #reasons = new Set<string>();
  #isAllChanged = false;
  #isSortPending = false;
  #isStopped = false;
  /** Why the last sorts ran, newest last; for the debug dump. */
  readonly recentReasons: string[] = [];
  #technologyOrder: readonly Technology[];

  constructor(
    technologyOrder: readonly Technology[],
    private readonly afterSort: (sorted: Sorted) => void,
  ) {
    this.#technologyOrder = technologyOrder;
  }

  /** In the order of the last sort; new ones at the end until then. */
  get all(): readonly Service[] {
    return this.#services;
  }
  /** The first Service if it is connected. */
  get defaultService(): Service | undefined {
    const first = this.#services[0];
    return first && isConnected(first.state) ? first : undefined;
  }
  get technologyOrder(): readonly Technology[] {
    return this.#technologyOrder;
  }
  /** A comma list; an empty one makes all technologies equal. Throws InvalidArguments. */
  setTechnologyOrder(list: string): void {
    const order = parseTechnologyList(list);
    if (!order) throw new DaemonError("InvalidArguments", `"${list.slice(0, 100)}" is not a list of technologies`);
    this.#technologyOrder = order;
    this.requestSort("the order of technologies was set");
  }
  add(service: Service): void {
    this.#services.push(service);
    this.requestSort("a Service is new", service);
  }
  remove(service: Service): void {
    this.#take(service);
    this.#changed.delete(service);
    this.#post("a Service is gone");
  }

  /**
   * Posts one task in this turn of the event loop; more requests before it runs cost nothing. `service`: the one with
   * changed facts; undefined: a fact that holds for all has changed.
   */
  requestSort(because: string, service?: Service): void {
    if (service) this.#changed.add(service);
    else this.#isAllChanged = true;
    this.#post(because);
  }
  stop(): void {
    this.#isStopped = true;
  }

  /** Why `service` stands before the one after it; undefined for the last. */
  reasonOf(service: Service): Comparison["because"] | undefined {
    const at = this.#services.indexOf(service);
    const next = at < 0 ? undefined : this.#services[at + 1];
    return next && compareServices(service, next, this.#rules).because;
  }

  get #rules(): OrderRules {
    return { technologyOrder: this.#technologyOrder };
  }
  #post(because: string): void {
    if (this.#reasons.size < mostReasons) this.#reasons.add(because);
    if (this.#isSortPending || this.#isStopped) return;
    this.#isSortPending = true;
    queueMicrotask(() => this.#sort());
  }
  #sort(): void {
    this.#isSortPending = false;
    if (this.#isStopped) return;
    this.#remember();
    const isSmall = this.#services.length <= fewServices || this.#changed.size > this.#services.length / 8;
    // A timer of a Service that is gone may have asked.
    const changed = this.#isAllChanged || isSmall ? undefined : [...this.#changed].filter((one) => this.#take(one));
    this.#isAllChanged = false;
    this.#changed.clear();
    const rules = this.#rules;
    if (changed) this.#putBack(changed, rules);
    else this.#services.sort((a, b) => orderOf(a, b, rules));
    changed?.sort((a, b) => orderOf(a, b, rules));
    this.afterSort({ services: this.#services, changed: changed ?? [...this.#services] });
  }
  /** False: it is none of the list's. */
  #take(service: Service): boolean {
    const at = this.#services.indexOf(service);
    if (at >= 0) this.#services.splice(at, 1);
    return at >= 0;
  }
  /** The unchanged Services are in order: each changed one goes to its place between them. */
  #putBack(changed: readonly Service[], rules: OrderRules): void {
    for (const service of changed) this.#services.splice(this.#placeOf(service, rules), 0, service);
  }
  #placeOf(service: Service, rules: OrderRules): number {
    let [low, high] = [0, this.#services.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#services[middle] as Service;
      if (orderOf(other, service, rules) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
  #remember(): void {
    this.recentReasons.push([...this.#reasons].join("; "));
    this.recentReasons.splice(0, this.recentReasons.length - mostRemembered);
    this.#reasons.clear();
  }
}
