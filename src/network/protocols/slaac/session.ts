import { TimerSet } from "../../../base/clock.ts";
import { DaemonError } from "../../../base/errors.ts";
import type { RouterSolicitor } from "../../../packet/router-solicitor.ts";
import { isDuplicate } from "../../../rtnl/address-flags.ts";
import type { Route, Rtnl } from "../../../rtnl/rtnl.ts";
import type { IpSettings } from "../../ip-settings.ts";
import { isMadeOfPrefix, mainTable } from "../../kernel/marks.ts";
import type { ProtocolHost, ProtocolLink, ProtocolSession, TeardownOptions } from "../handler.ts";
import type { RouterOptions } from "./router-options.ts";
import { isNothing, routerRoutes, slaacSettings } from "./settings.ts";

/** RTR_SOLICITATION_INTERVAL and MAX_RTR_SOLICITATIONS (RFC 4861, 10). */
const solicitationMs = 4_000;
const mostSolicitations = 3;
/** A route that is over stays in the kernel for up to half a minute, and may be prolonged without a word. */
const overdueMs = 5_000;

/** Parts of the link that sessions need. */
export interface SlaacLink {
  readonly options: RouterOptions;
  /** Routers are heard from now on, or no more. */
  hear(isHeard: boolean): void;
  /** The session is over. */
  leave(): void;
}

export interface SessionPorts {
  readonly rtnl: Rtnl;
  readonly solicitor: Pick<RouterSolicitor, "solicit">;
  readonly at: SlaacLink;
}

interface Pending {
  readonly resolve: (settings: IpSettings) => void;
  readonly reject: (error: unknown) => void;
}

/** One connection of one link: from the first question to a router until nothing is told any more. */
export class SlaacSession implements ProtocolSession {
  readonly #timers: TimerSet<"router-solicitation" | "router-lifetime" | "router-expiry">;
  #pending: Pending | undefined;
  #isRunning = false;
  #told: IpSettings | undefined;
  #isReviewPosted = false;
  /** When the time of a route is over, as far as known; by {@link keyOf}. */
  readonly #routeEnds = new Map<string, number>();

  constructor(
    private readonly link: ProtocolLink,
    private readonly host: ProtocolHost,
    private readonly ports: SessionPorts,
  ) {
    this.#timers = new TimerSet(host.clock, link.name);
  }

  setup(abort: AbortSignal): Promise<IpSettings> {
    if (this.#pending) return Promise.reject(new DaemonError("InProgress"));
    this.#told = undefined;
    const { at } = this.ports;
    if (!this.#hasMadeAddress()) at.options.clear();
    at.hear(true);
    this.#isRunning = true;
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject };
      abort.addEventListener("abort", () => this.#rejectPending(), { once: true });
      this.reviewSoon();
      this.#solicit(mostSolicitations);
    });
  }
  teardown({ leaveConfigured }: TeardownOptions): Promise<void> {
    const { at } = this.ports;
    const wasRunning = this.#isRunning;
    this.#isRunning = false;
    this.#timers.cancelAll();
    this.#routeEnds.clear();
    this.#rejectPending();
    if (!wasRunning || leaveConfigured) return Promise.resolve();
    at.hear(false);
    at.options.clear();
    at.leave();
    return Promise.resolve();
  }
  /** Another router may be at the other end. */
  renew(): void {
    this.#solicit(mostSolicitations);
  }
  inspect(): Readonly<Record<string, unknown>> {
    return { told: this.#told, routers: this.ports.at.options.at(this.host.clock.now()) };
  }

  /** Once for all news of one turn. */
  reviewSoon(): void {
    if (!this.#isRunning || this.#isReviewPosted) return;
    this.#isReviewPosted = true;
    queueMicrotask(() => {
      this.#isReviewPosted = false;
      if (this.#isRunning) this.#review();
    });
  }

  #review(): void {
    this.#noteRouteEnds();
    this.#tellDuplicates();
    const nowMs = this.host.clock.now();
    const { rtnl, at } = this.ports;
    const news = at.options.at(nowMs);
    const isOver = (route: Route) => (this.#routeEnds.get(keyOf(route)) ?? Number.POSITIVE_INFINITY) <= nowMs;
    this.#armEnd("router-lifetime", at.options.nextEndMs(nowMs), () => this.#review());
    this.#tell(slaacSettings({ link: this.link, snapshot: rtnl.snapshot, news, isOver }));
  }

  #tell(settings: IpSettings): void {
    if (isNothing(settings)) {
      if (this.#told === undefined) return;
      this.#told = undefined;
      this.host.lost("no router is heard any more");
      return;
    }
    this.#timers.cancel("router-solicitation");
    // A router repeats itself every few minutes, or seconds.
    if (JSON.stringify(settings) === JSON.stringify(this.#told)) return;
    this.#told = settings;
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending) pending.resolve(settings);
    else this.host.settingsChanged(settings);
  }

  #solicit(left: number): void {
    this.ports.solicitor.solicit(this.link.index);
    if (left > 1) this.#timers.start("router-solicitation", solicitationMs, () => this.#solicit(left - 1));
  }

  // The kernel does not report that a router prolonged a route, and removes one that is over when it likes.

  #noteRouteEnds(): void {
    const nowMs = this.host.clock.now();
    const routes = routerRoutes(this.ports.rtnl.snapshot, this.link.index);
    const keys = new Set(routes.map(keyOf));
    for (const key of this.#routeEnds.keys()) if (!keys.has(key)) this.#routeEnds.delete(key);
    for (const route of routes) {
      if (route.expirySeconds !== undefined && !this.#routeEnds.has(keyOf(route)))
        this.#routeEnds.set(keyOf(route), nowMs + route.expirySeconds * 1000);
    }
    this.#armExpiry();
  }
  #armExpiry(): void {
    const nowMs = this.host.clock.now();
    const ends = [...this.#routeEnds.values()].map((endMs) => (endMs > nowMs ? endMs : nowMs + overdueMs));
    this.#armEnd("router-expiry", ends.length === 0 ? undefined : Math.min(...ends), () => void this.#askForEnds());
  }
  async #askForEnds(): Promise<void> {
    const fresh = await this.ports.rtnl.freshRoutes(6, mainTable).catch(() => []);
    if (!this.#isRunning) return;
    const nowMs = this.host.clock.now();
    for (const route of fresh) {
      const isKnown = route.link === this.link.index && this.#routeEnds.has(keyOf(route));
      if (isKnown) this.#routeEnds.set(keyOf(route), nowMs + (route.expirySeconds ?? 0) * 1000);
    }
    this.#review();
  }
  #armEnd(name: "router-lifetime" | "router-expiry", endMs: number | undefined, fire: () => void): void {
    if (endMs === undefined) this.#timers.cancel(name);
    else this.#timers.start(name, Math.min(endMs - this.host.clock.now(), longestTimerMs), fire);
  }

  #tellDuplicates(): void {
    for (const { address } of this.#addresses().filter(isDuplicate))
      this.host.step?.({ kind: "note", text: `${address} is also used by another host; the kernel does not use it` });
  }
  #hasMadeAddress(): boolean {
    return this.#addresses().some(isMadeOfPrefix);
  }
  #addresses() {
    return this.ports.rtnl.snapshot.addresses(this.link.index).filter(({ family }) => family === 6);
  }
  #rejectPending(): void {
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.reject(new DaemonError("OperationAborted"));
  }
}

/** Lifetimes are up to 136 years; a timer counts in 31 bits. */
const longestTimerMs = 86_400_000;

const keyOf = ({ destination, gateway, metric }: Route): string => `${destination} ${gateway ?? ""} ${metric}`;
