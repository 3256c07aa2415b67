import type { Log } from "../../base/log.ts";
import type { Address, KernelRequest, Route, Rule } from "../../rtnl/rtnl.ts";
import { isSameRoute } from "./apply.ts";
import { addressKey, routeKey, ruleKey } from "./marks.ts";
import { linkOfRequest, putKey } from "./requests.ts";

/** Tells objects that another program removed from those that we removed, and bounds how often they are put back. */
export class Losses {
  /** Keys of own objects that vanished and were not yet looked after. */
  readonly #lost = new Set<string>();
  /**
   * By key, objects that the batch under way removes (undefined) or replaces, with the new one: their news are no loss.
   */
  #expected: ReadonlyMap<string, Route | undefined> = new Map();
  readonly #budget = new RepairBudget();

  constructor(private readonly log: Log) {}

  /** From now on until the next call these requests are under way. */
  expect(requests: readonly KernelRequest[]): void {
    this.#expected = new Map(requests.flatMap(expectedLosses));
  }

  /** Each returns whether it is a loss, and then remembers it. */
  onAddressRemoved(address: Address): boolean {
    return this.#keepUnlessExpected(addressKey(address));
  }
  onRuleRemoved(rule: Rule): boolean {
    return this.#keepUnlessExpected(ruleKey(rule));
  }
  /**
   * A route that was put a moment ago may be lost in the same batch: with an address go all routes of the main table
   * that have it as their source, also those of another link that has the same address.
   */
  onRouteRemoved(route: Route): boolean {
    const replacement = this.#expected.get(routeKey(route));
    if (!replacement || !isSameRoute(replacement, route)) return this.#keepUnlessExpected(routeKey(route));
    this.#lost.add(routeKey(route));
    return true;
  }

  /**
   * Leaves out objects that another program keeps removing. An address takes the routes with its source along: one
   * loss.
   */
  withinBudget(requests: readonly KernelRequest[], nowMs: number): readonly KernelRequest[] {
    if (this.#lost.size === 0) return requests;
    const lost = requests.filter((request) => this.#lost.has(putKey(request) ?? ""));
    this.#lost.clear();
    const may = (request: KernelRequest) => this.#mayRepair(putKey(request) ?? "", nowMs);
    const addresses = lost.filter((request) => request.op === "put-address");
    const byLink = new Map(addresses.map((request) => [linkOfRequest(request), may(request)]));
    const dropped = new Set(lost.filter((request) => !(byLink.get(linkOfRequest(request)) ?? may(request))));
    return requests.filter((request) => !dropped.has(request));
  }

  #keepUnlessExpected(key: string): boolean {
    if (this.#expected.has(key)) return false;
    this.#lost.add(key);
    return true;
  }

  #mayRepair(key: string, nowMs: number): boolean {
    const answer = this.#budget.ask(key, nowMs);
    if (answer === "repair") this.log.info(() => `another program removed ${key}; put back`);
    if (answer === "spent") this.log.warn(() => `another program keeps removing ${key}; left alone for a while`);
    return answer === "repair";
  }
}

/** News of removal that this request will bring. A put of an address brings none: if one comes, it was lost. */
function expectedLosses(request: KernelRequest): readonly (readonly [key: string, replacement: Route | undefined])[] {
  switch (request.op) {
    case "delete-address":
      return [[addressKey(request.address), undefined]];
    case "delete-rule":
      return [[ruleKey(request.rule), undefined]];
    case "delete-route":
      return [[routeKey(request.route), undefined]];
    case "put-route":
      return [[routeKey(request.route), request.route]];
    default:
      return [];
  }
}

/** A program that cleans up once, at its start, stays below it; two that fight reach it within milliseconds. */
const mostRepairsPerWindow = 5;
const repairWindowMs = 60_000;

/**
 * Limits how often an object is put back that another program keeps removing. Without a limit the two programs would
 * fight for ever, at the full speed of the machine.
 */
class RepairBudget {
  readonly #spent = new Map<string, { windowEndsAt: number; count: number }>();

  /** `left`: this one is to be left alone for the rest of the window; told as `spent` the first time. */
  ask(key: string, nowMs: number): "repair" | "spent" | "left" {
    const entry = this.#spent.get(key);
    if (!entry || entry.windowEndsAt <= nowMs) {
      this.#forgetOld(nowMs);
      this.#spent.set(key, { windowEndsAt: nowMs + repairWindowMs, count: 1 });
      return "repair";
    }
    entry.count++;
    if (entry.count <= mostRepairsPerWindow) return "repair";
    return entry.count === mostRepairsPerWindow + 1 ? "spent" : "left";
  }

  #forgetOld(nowMs: number): void {
    for (const [key, { windowEndsAt }] of this.#spent) if (windowEndsAt <= nowMs) this.#spent.delete(key);
  }
}
