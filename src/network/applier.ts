import type { Cancel, Clock } from "../base/clock.ts";
import { describeError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Address, Delta, KernelError, KernelRequest, Route, Rtnl, Rule } from "../rtnl/rtnl.ts";
import { difference, isSameRoute, type KernelMemory, type Scope } from "./apply.ts";
import {
  addressKey,
  isOwnAddress,
  isOwnRoute,
  isOwnRule,
  linkOfRule,
  linkOfTable,
  mainTable,
  routeKey,
  ruleKey,
} from "./kernel-marks.ts";
import { type LinkSysctlPort, LinkSysctls } from "./link-sysctls.ts";
import { RepairBudget } from "./repair-budget.ts";
import { kernelWish, type NetworkWish, type WishedNetwork } from "./wish.ts";

export interface Refusal {
  readonly request: KernelRequest;
  readonly error: KernelError;
}

/** What became of a wish. `refused` is empty when the kernel has all of it. */
export interface ApplyResult {
  readonly link: number;
  readonly wish: NetworkWish;
  readonly refused: readonly Refusal[];
}

export interface ApplierPorts {
  readonly rtnl: Rtnl;
  readonly clock: Clock;
  readonly log: Log;
  readonly sysctls: LinkSysctlPort;
}

/** What of ours is on a link: after a restart, what the run before has left. */
export interface Inheritance {
  readonly addresses: readonly Address[];
  readonly routes: readonly Route[];
  readonly rules: readonly Rule[];
}

type OnApplied = (result: ApplyResult) => void;

interface Entry {
  readonly wish: NetworkWish;
  readonly onApplied: OnApplied | undefined;
}

/**
 * The one place that changes addresses, routes and rules. It keeps the wish of every connected network and makes the
 * kernel follow: in one batch, sent in the turn in which the wish was told; put back when somebody removes it.
 */
export class Applier {
  readonly #entries = new Map<number, Entry>();
  /** Best first; networks that it does not name come after, in the order in which they appeared. */
  #order: readonly number[] | undefined;
  /**
   * Links that an earlier run has left configured, best first, without those that were released since. Until told
   * otherwise they keep their ranks, so that a restart moves no route.
   */
  #inherited: readonly number[] | undefined;
  #lastRanks: ReadonlyMap<number, number> = new Map();
  readonly #putAddresses = new Map<string, { readonly untilMs: number | undefined }>();
  readonly #originalMtus = new Map<number, number>();
  readonly #distrusted = new Set<number>();
  readonly #sysctls: LinkSysctls;
  readonly #repairs = new RepairBudget();
  /** Keys of own objects that vanished and were not yet looked after. */
  readonly #lost = new Set<string>();
  /** By key, what the batch under way removes or replaces, and by what: news of that are no loss. */
  #expectedLosses: ReadonlyMap<string, Route | undefined> = new Map();
  /** Links to look at in the next pass. */
  #due = new Set<number>();
  /** The batch under way; what comes meanwhile waits for its answer. */
  #sending: Promise<void> | undefined;
  #isPassDue = false;
  #isClosed = false;
  #isRepairPosted = false;
  /** From then on, own objects that serve no single link and are not wished go too. */
  #isStartUpOver = false;
  readonly #stopListening: Cancel;

  constructor(private readonly ports: ApplierPorts) {
    this.#sysctls = new LinkSysctls(ports.sysctls, ports.log);
    this.#stopListening = ports.rtnl.onDelta((delta) => this.#onDelta(delta));
  }

  /** Prepares a link for addressing, so that nothing of it remains for the moment when a lease arrives. Twice is fine. */
  manage(link: number): void {
    const name = this.ports.rtnl.snapshot.links.get(link)?.name;
    if (name !== undefined) this.#sysctls.manage(link, name);
  }

  /**
   * What the network on this link wants from now on. The requests leave before this returns, unless a batch is under
   * way; `onApplied` is called when the kernel has answered, in the same turn with a kernel that answers at once but
   * never inside this call, and again after each later pass over this link. `undefined` is {@link release}.
   */
  setNetwork(link: number, wish: NetworkWish | undefined, onApplied?: OnApplied): void {
    if (!wish) {
      this.release(link);
      return;
    }
    this.manage(link);
    // Others may have stepped aside for what was inherited here.
    const isTakenOver = !this.#entries.has(link) && this.#inheritedLinks().includes(link);
    this.#entries.set(link, { wish, onApplied });
    this.#apply(isTakenOver ? this.#entries.keys() : [link]);
  }

  /** Removes all that is ours from the link and gives its MTU and settings back. Nothing to remove: nothing happens. */
  release(link: number): void {
    this.#entries.delete(link);
    this.#inherited = this.#inheritedLinks().filter((other) => other !== link);
    this.#sysctls.release(link, this.ports.rtnl.snapshot.links.get(link)?.name);
    this.#apply([link]);
  }

  /** Links in order, the best first. Metrics follow at once. */
  setRanks(order: readonly number[]): void {
    this.#order = [...order];
    this.#apply([]);
  }

  /** Ours on this link as the kernel has it now. */
  inherited(link: number): Inheritance {
    const { snapshot } = this.ports.rtnl;
    return {
      addresses: snapshot.addresses(link).filter((address) => this.#isOwnAddress(address)),
      routes: snapshot.routes({ link }).filter(isOwnRoute),
      rules: snapshot.rules().filter((rule) => isOwnRule(rule) && linkOfRule(rule) === link),
    };
  }

  /**
   * Ends the start-up: removes what an earlier run left on links that have no network now, and on links that are gone.
   * `undecided`: links whose fate comes later, by {@link setNetwork} or {@link release}.
   */
  releaseUnclaimed(undecided: Iterable<number> = []): void {
    const { snapshot } = this.ports.rtnl;
    const links = new Set<number>();
    for (const address of snapshot.addresses()) if (this.#isOwnAddress(address)) links.add(address.link);
    for (const route of snapshot.routes())
      if (isOwnRoute(route)) links.add(route.link ?? linkOfTable(route.table) ?? 0);
    for (const rule of snapshot.rules()) if (isOwnRule(rule)) links.add(linkOfRule(rule) ?? 0);
    const kept = new Set([...undecided, ...this.#entries.keys()]);
    for (const link of kept) links.delete(link);
    this.#inherited = this.#inheritedLinks().filter((link) => kept.has(link));
    this.#isStartUpOver = true;
    this.#apply(links);
  }

  /** Resolves when everything told so far has been answered by the kernel. */
  async settled(): Promise<void> {
    while (this.#sending) await this.#sending;
  }

  /** Stops looking after the kernel and leaves it as it is, so that a restart drops no connection. */
  close(): void {
    this.#isClosed = true;
    this.#isPassDue = false;
    this.#stopListening();
    this.#entries.clear();
  }

  /** For the debug dump. */
  dump(): unknown {
    return {
      ranks: this.#ranked().map(({ link }) => this.#nameOf(link)),
      wishes: Object.fromEntries(this.#ranked().map(({ link, settings }) => [this.#nameOf(link), settings])),
      isSending: this.#sending !== undefined,
    };
  }

  #apply(links: Iterable<number>): void {
    if (this.#isClosed) return;
    for (const link of links) this.#due.add(link);
    if (this.#sending) this.#isPassDue = true;
    else this.#pass();
  }

  #pass(): void {
    this.#isPassDue = false;
    const ranked = this.#ranked();
    this.#addRankChanges(ranked);
    const due = this.#due;
    this.#due = new Set();
    const requests = this.#withinBudget(this.#difference(ranked, due));
    this.#distrusted.clear();
    const told = [...due].flatMap((link) => this.#entries.get(link) ?? []);
    if (requests.length === 0) {
      if (told.length > 0) queueMicrotask(() => this.#tell(due, told, []));
      return;
    }
    this.#sending = this.#send(requests, due, told);
  }

  #difference(ranked: readonly WishedNetwork[], due: ReadonlySet<number>): KernelRequest[] {
    const memory: KernelMemory = {
      nowMs: this.ports.clock.now(),
      putAddresses: this.#putAddresses,
      originalMtus: this.#originalMtus,
      distrustedLinks: this.#distrusted,
    };
    const scope: Scope = {
      links: due,
      wishedLinks: new Set(this.#entries.keys()),
      isSharedIncluded: this.#isStartUpOver || this.#inheritedLinks().length === 0,
    };
    return difference(kernelWish(ranked, due), this.ports.rtnl.snapshot, memory, scope);
  }

  #ranked(): readonly WishedNetwork[] {
    const inherited = this.#inheritedLinks();
    const isPlaced = (link: number) => this.#entries.has(link) || inherited.includes(link);
    const known = (this.#order ?? inherited).filter(isPlaced);
    const links = [...new Set([...known, ...inherited, ...this.#entries.keys()])];
    return links.flatMap((link, rank) => {
      const wish = this.#entries.get(link)?.wish;
      return wish ? [{ link, rank, ...wish }] : [];
    });
  }

  /** By the metrics that they were given. */
  #inheritedLinks(): readonly number[] {
    if (this.#inherited) return this.#inherited;
    const metrics = new Map<number, number>();
    for (const { link, metric } of this.ports.rtnl.snapshot.routes({ table: mainTable }).filter(isOwnRoute)) {
      if (link !== undefined) metrics.set(link, Math.min(metric, metrics.get(link) ?? metric));
    }
    this.#inherited = [...metrics].sort(([, a], [, b]) => a - b).map(([link]) => link);
    return this.#inherited;
  }

  /** Metrics follow the ranks; what is excluded from one network concerns the routes of the others. */
  #addRankChanges(ranked: readonly WishedNetwork[]): void {
    const hasExclusions = ranked.some(({ settings }) => settings.excludedRoutes.length > 0);
    const ranks = new Map(ranked.map(({ link, rank }) => [link, rank]));
    for (const [link, rank] of ranks) if (hasExclusions || this.#lastRanks.get(link) !== rank) this.#due.add(link);
    this.#lastRanks = ranks;
  }

  async #send(requests: readonly KernelRequest[], due: ReadonlySet<number>, told: readonly Entry[]): Promise<void> {
    for (const request of requests) this.#remember(request);
    this.#expectedLosses = new Map(requests.flatMap(expectedLosses));
    try {
      const answers = await this.ports.rtnl.batch(requests);
      const refused = requests.flatMap((request, at) => {
        const error = answers[at];
        return error && !isHarmless(request, error) ? [{ request, error }] : [];
      });
      for (const { request } of refused) this.#forget(request);
      this.#continue();
      this.#tell(due, told, refused);
    } catch (error) {
      this.ports.log.error(() => `the kernel could not be asked: ${describeError(error)}`);
      this.#continue();
    }
  }

  #continue(): void {
    this.#sending = undefined;
    this.#expectedLosses = new Map();
    if (this.#isPassDue) this.#pass();
  }

  #tell(due: ReadonlySet<number>, told: readonly Entry[], refused: readonly Refusal[]): void {
    for (const { request, error } of refused) {
      if (!this.#isGone(request)) this.ports.log.warn(() => `refused by the kernel: ${error.message}`);
    }
    for (const link of due) {
      const entry = this.#entries.get(link);
      // A newer wish has its own pass, and is told then.
      if (!entry || !told.includes(entry)) continue;
      const own = refused.filter(({ request }) => linkOfRequest(request) === link);
      entry.onApplied?.({ link, wish: entry.wish, refused: own });
    }
  }

  /** Written down before it is sent: the news of it comes before the answer. */
  #remember(request: KernelRequest): void {
    if (request.op === "put-address") {
      const { link, address } = request.address;
      const wish = this.#entries.get(link)?.wish;
      const untilMs = wish?.settings.ipv4?.address === address ? wish.validUntilMs?.[4] : wish?.validUntilMs?.[6];
      this.#putAddresses.set(addressKey(request.address), { untilMs });
    } else if (request.op === "delete-address") {
      this.#putAddresses.delete(addressKey(request.address));
    } else if (request.op === "set-link") {
      this.#rememberMtu(request.link);
    }
  }

  #rememberMtu(link: number): void {
    const mtu = this.ports.rtnl.snapshot.links.get(link)?.mtu;
    const wished = this.#entries.get(link)?.wish.settings.mtu;
    if (wished === undefined) this.#originalMtus.delete(link);
    else if (mtu !== undefined && !this.#originalMtus.has(link)) this.#originalMtus.set(link, mtu);
  }

  #forget(request: KernelRequest): void {
    if (request.op === "put-address") this.#putAddresses.delete(addressKey(request.address));
  }

  #onDelta(delta: Delta): void {
    switch (delta.kind) {
      case "link-removed":
        this.#onLinkRemoved(delta.link.index);
        break;
      case "link-changed":
        if (delta.link.isUp && !delta.before.isUp) this.#onLinkUp(delta.link.index);
        break;
      case "address-removed":
        this.#onAddressRemoved(delta.address);
        break;
      case "route-removed":
        if (isOwnRoute(delta.route)) this.#onRouteRemoved(delta.route);
        break;
      case "rule-removed":
        if (isOwnRule(delta.rule)) this.#onLost(ruleKey(delta.rule), linkOfRule(delta.rule));
        break;
    }
  }

  /** Rules and routes without a link outlive it. */
  #onLinkRemoved(link: number): void {
    const wasOurs = this.#entries.delete(link);
    this.#originalMtus.delete(link);
    this.#sysctls.release(link, undefined);
    if (wasOurs) this.#repairSoon(link);
  }

  /** Taking a link down drops its routes, of IPv4 without a word. */
  #onLinkUp(link: number): void {
    if (!this.#entries.has(link)) return;
    this.#distrusted.add(link);
    this.#repairSoon(link);
  }

  #onAddressRemoved(address: Address): void {
    const key = addressKey(address);
    if (!this.#isOwnAddress(address) || this.#expectedLosses.has(key)) return;
    this.#putAddresses.delete(key);
    // With the address go the routes that name it as their source; older kernels do not say so.
    if (this.#entries.has(address.link)) this.#distrusted.add(address.link);
    this.#onLost(key, address.link);
  }

  /**
   * What was put a moment ago may be lost in the same batch: with an address go all routes of the main table that have
   * it as their source, also those of another link that has the same address.
   */
  #onRouteRemoved(route: Route): void {
    const key = routeKey(route);
    const replacement = this.#expectedLosses.get(key);
    if (replacement && isSameRoute(replacement, route)) this.#markLost(key, route.link);
    else this.#onLost(key, route.link);
  }

  #onLost(key: string, link: number | undefined): void {
    if (!this.#expectedLosses.has(key)) this.#markLost(key, link);
  }

  #markLost(key: string, link: number | undefined): void {
    if (this.#entries.size === 0 || (link !== undefined && !this.#entries.has(link))) return;
    this.#lost.add(key);
    this.#repairSoon(link);
  }

  /** Once for all that is told in one go, and after those who must first hear of it (a lease that ran out). */
  #repairSoon(link: number | undefined): void {
    if (link !== undefined) this.#due.add(link);
    if (this.#isRepairPosted) return;
    this.#isRepairPosted = true;
    queueMicrotask(() => {
      this.#isRepairPosted = false;
      this.#apply([]);
    });
  }

  /** Leaves out what somebody keeps removing. With an address goes whatever names it as its source: one loss, not five. */
  #withinBudget(requests: readonly KernelRequest[]): readonly KernelRequest[] {
    if (this.#lost.size === 0) return requests;
    const lost = requests.filter((request) => this.#lost.has(putKey(request) ?? ""));
    this.#lost.clear();
    const addresses = lost.filter((request) => request.op === "put-address");
    const byLink = new Map(
      addresses.map((request) => [linkOfRequest(request), this.#mayRepair(putKey(request) ?? "")]),
    );
    const isDropped = (request: KernelRequest) =>
      !(byLink.get(linkOfRequest(request)) ?? this.#mayRepair(putKey(request) ?? ""));
    const dropped = new Set(lost.filter(isDropped));
    return requests.filter((request) => !dropped.has(request));
  }

  #mayRepair(key: string): boolean {
    const answer = this.#repairs.ask(key, this.ports.clock.now());
    if (answer === "repair") this.ports.log.info(() => `somebody removed ${key}; put back`);
    if (answer === "spent") this.ports.log.warn(() => `somebody keeps removing ${key}; left alone for a while`);
    return answer === "repair";
  }

  #isOwnAddress(address: Address): boolean {
    return isOwnAddress(address, this.#putAddresses.has(addressKey(address)));
  }
  #isGone(request: KernelRequest): boolean {
    const link = linkOfRequest(request);
    return link !== undefined && !this.ports.rtnl.snapshot.links.has(link);
  }
  #nameOf(link: number): string {
    return this.ports.rtnl.snapshot.links.get(link)?.name ?? `if${link}`;
  }
}

function linkOfRequest(request: KernelRequest): number | undefined {
  switch (request.op) {
    case "set-link":
    case "delete-link":
      return request.link;
    case "put-address":
    case "delete-address":
      return request.address.link;
    case "put-route":
    case "delete-route":
      return request.route.link ?? linkOfTable(request.route.table);
    case "add-rule":
    case "delete-rule":
      return linkOfRule(request.rule);
    case "add-link":
      return undefined;
  }
}

function putKey(request: KernelRequest): string | undefined {
  switch (request.op) {
    case "put-address":
      return addressKey(request.address);
    case "put-route":
      return routeKey(request.route);
    case "add-rule":
      return ruleKey(request.rule);
    default:
      return undefined;
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

/** What should go is gone already, or what should be there is there already: the kernel was faster than the news. */
function isHarmless(request: KernelRequest, { code }: KernelError): boolean {
  if (request.op.startsWith("delete-")) return ["ESRCH", "ENOENT", "EADDRNOTAVAIL", "ENODEV"].includes(code);
  return request.op === "add-rule" && code === "EEXIST";
}
