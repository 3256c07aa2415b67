import type { Cancel, Clock } from "../../base/clock.ts";
import { describeError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { Address, Delta, KernelError, KernelRequest, Route, Rtnl, Rule } from "../../rtnl/rtnl.ts";
import { addressesOf, type IpFamilySettings } from "../ip-settings.ts";
import { addressPut, difference, type Scope } from "./apply.ts";
import {
  type LinkSysctlPort,
  LinkSysctls,
  managedLinkSettings,
  type OriginalSettings,
  type SettingsHolder,
} from "./link-sysctls.ts";
import { Losses } from "./losses.ts";
import { isMadeOfPrefix, isOwnRoute, isOwnRule, linkOfRoute, linkOfRule } from "./marks.ts";
import { KernelNotes } from "./notes.ts";
import { NetworkRanks } from "./ranks.ts";
import { isHarmlessRefusal, linkOfRequest } from "./requests.ts";
import { type AddressLifetime, kernelWish, type NetworkWish, type WishedNetwork } from "./wish.ts";

export interface Refusal {
  readonly request: KernelRequest;
  readonly error: KernelError;
}

/** Result of applying a wish. `refused` is empty when the kernel has all of it. */
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
  readonly originalSettings?: OriginalSettings;
}

/** Our addresses and routes on a link that an earlier run has left. */
export interface Inheritance {
  readonly addresses: readonly Address[];
  readonly routes: readonly Route[];
  readonly rules: readonly Rule[];
}

type OnApplied = (result: ApplyResult) => void;

interface Entry {
  readonly wish: NetworkWish;
  readonly onApplied: OnApplied | undefined;
  /** The carrier is lost; addresses and routes stay for now, behind all other networks. */
  readonly isHeld: boolean;
}

/**
 * The one place that changes addresses, routes and rules. It keeps the wish of every connected network and makes the
 * kernel follow: in one batch, sent in the turn in which the wish arrived; put back when another program removes it.
 */
export class Applier {
  readonly #entries = new Map<number, Entry>();
  readonly #ranks: NetworkRanks;
  readonly #notes = new KernelNotes();
  readonly #losses: Losses;
  readonly #sysctls: LinkSysctls;
  #lastRanks: ReadonlyMap<number, number> = new Map();
  #hadExclusions = false;
  /** Links to look at in the next pass. */
  #due = new Set<number>();
  /** The batch under way; later requests wait for its answer. */
  #sending: Promise<void> | undefined;
  #isPassDue = false;
  #isRepairPosted = false;
  /** From then on, own objects that serve no single link and are not wished go too. */
  #isStartUpOver = false;
  #isClosed = false;
  readonly #stopListening: Cancel;

  constructor(private readonly ports: ApplierPorts) {
    this.#ranks = new NetworkRanks(() => ports.rtnl.snapshot);
    this.#losses = new Losses(ports.log);
    this.#sysctls = new LinkSysctls(ports.sysctls, ports.log, managedLinkSettings, ports.originalSettings);
    this.#stopListening = ports.rtnl.onDelta((delta) => this.#onDelta(delta));
  }

  /**
   * The link is ours for as long as its Device is enabled: makes its settings. Also one without a network needs them,
   * or it answers for the addresses of another one in the same subnet. Twice is fine.
   */
  manage(link: number): void {
    this.#holdSettings("device", link);
  }
  /** The link is not ours any more: its settings are given back as soon as no network is on it. */
  unmanage(link: number): void {
    this.#notes.reclaim(link);
    this.#sysctls.release("device", link, this.#nameIfThere(link));
  }

  /**
   * A network is about to come: does the part that {@link manage} has not done, until {@link release}. Twice is fine.
   */
  prepare(link: number): void {
    this.#notes.reclaim(link);
    this.#holdSettings("network", link);
  }

  /**
   * Replaces the wish of the network on this link. The requests leave before this returns, unless a batch is under way;
   * `onApplied` is called when the kernel has answered, in the same turn with a kernel that answers at once but never
   * inside this call, and again after each later pass over this link. `undefined` is {@link release}.
   */
  setNetwork(link: number, wish: NetworkWish | undefined, onApplied?: OnApplied): void {
    if (!wish) {
      this.release(link);
      return;
    }
    // Other links may have shifted their metrics for routes left by the previous run.
    const isTakenOver = !this.#entries.has(link) && this.#ranks.inherited.includes(link);
    this.#entries.set(link, { wish, onApplied, isHeld: false });
    this.#notes.onWish(link);
    this.#notes.reclaim(link);
    this.#apply(isTakenOver ? this.#entries.keys() : [link]);
    // Last, for a link that is not prepared: it takes longer than all the rest.
    this.#holdSettings("network", link);
  }

  /**
   * Puts one address ahead of the wish that is about to say the same: the request leaves before this returns. While a
   * batch is under way, or a network is in force, the wish alone says it.
   */
  putAddress(link: number, own: IpFamilySettings, lifetime: AddressLifetime | undefined): void {
    if (this.#isClosed || this.#sending || this.#entries.get(link)?.isHeld === false) return;
    const { family, address, prefixLength, broadcast } = own;
    const wished = { link, family, address, prefixLength, ...(broadcast !== undefined && { broadcast }), ...lifetime };
    const request = addressPut(wished, this.ports.rtnl.snapshot, this.#notes.memory(this.ports.clock.now()));
    if (request) this.#sending = this.#send([request], new Map(), lifetime ? { [address]: lifetime } : {});
  }

  /**
   * Removes all that is ours from the link and gives its MTU back. Nothing to remove: nothing happens. The requests
   * leave at the end of this turn: that a cable is out is told before the kernel, which takes its time, cleans up after
   * it.
   */
  release(link: number): void {
    this.#notes.onReleased(link, false);
    this.#remove(link);
  }

  /**
   * The carrier is lost, perhaps for a moment: all that is on the link stays, but every other network comes before it,
   * at the end of this turn. Ends with {@link setNetwork} or a release. False: there is nothing to hold.
   */
  hold(link: number): boolean {
    const entry = this.#entries.get(link);
    if (!entry) return false;
    this.#notes.onCarrierLost(link, this.ports.clock.now());
    this.#entries.set(link, { wish: entry.wish, onApplied: undefined, isHeld: true });
    this.#due.add(link);
    this.#passSoon();
    return true;
  }
  /** As {@link release}, after the carrier was lost; an MTU that costs the carrier again and again stays. */
  releaseAfterLoss(link: number): void {
    if (!this.#entries.get(link)?.isHeld) this.#notes.onCarrierLost(link, this.ports.clock.now());
    this.#notes.onReleased(link, true);
    this.#remove(link);
  }

  #remove(link: number): void {
    const { ipv6 } = this.#entries.get(link)?.wish.settings ?? {};
    if (addressesOf(ipv6).some(({ isKernels }) => isKernels)) this.#notes.abandon(link);
    this.#entries.delete(link);
    this.#ranks.dropInherited((other) => other === link);
    this.#sysctls.release("network", link, this.#nameIfThere(link));
    this.#due.add(link);
    this.#passSoon();
  }

  /** Links in order, the best first. Metrics follow at once; without another rank nothing is compared. */
  setRanks(order: readonly number[]): void {
    this.#ranks.setOrder(order);
    const ranked = this.#ranks.ranked(this.#entries);
    if (!isSameRanks(this.#lastRanks, ranked)) this.#apply([]);
  }

  /** Ours on this link as the kernel has it now. */
  inherited(link: number): Inheritance {
    const { snapshot } = this.ports.rtnl;
    return {
      addresses: snapshot.addresses(link).filter((address) => this.#notes.isOwn(address)),
      routes: snapshot.routes({ link }).filter(isOwnRoute),
      rules: snapshot.rules().filter((rule) => isOwnRule(rule) && linkOfRule(rule) === link),
    };
  }

  /** Addresses that an earlier run has left on the link; none once a network of this run has taken over. */
  inheritedAddresses(link: number): readonly Address[] {
    return this.#entries.has(link) ? [] : this.inherited(link).addresses;
  }

  /**
   * Ends the start-up: removes an earlier run's leftovers from links that have no network now, and of links that are
   * gone. `undecided`: links whose fate comes later, by {@link setNetwork} or {@link release}.
   */
  releaseUnclaimed(undecided: Iterable<number> = []): void {
    const kept = new Set([...undecided, ...this.#entries.keys()]);
    this.#ranks.dropInherited((link) => !kept.has(link));
    this.#isStartUpOver = true;
    this.#sysctls.releaseUnheld((link) => this.#nameIfThere(link));
    this.#apply([...this.#linksWithOurs()].filter((link) => !kept.has(link)));
  }

  /** Resolves when everything told so far has been answered by the kernel. */
  async settled(): Promise<void> {
    while (this.#sending || this.#isRepairPosted) await this.#sending;
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
    const ranked = this.#ranks.ranked(this.#entries);
    return {
      ranks: ranked.map(({ link }) => this.#nameOf(link)),
      wishes: Object.fromEntries(ranked.map(({ link, settings }) => [this.#nameOf(link), settings])),
      held: ranked.flatMap(({ link, isHeld }) => (isHeld ? [this.#nameOf(link)] : [])),
      isSending: this.#sending !== undefined,
    };
  }

  // --- passes ---

  #apply(links: Iterable<number>): void {
    if (this.#isClosed) return;
    for (const link of links) this.#due.add(link);
    if (this.#sending) this.#isPassDue = true;
    else this.#pass();
  }

  #pass(): void {
    this.#isPassDue = false;
    const ranked = this.#ranks.ranked(this.#entries);
    this.#addRankChanges(ranked);
    const due = this.#due;
    this.#due = new Set();
    const nowMs = this.ports.clock.now();
    const requests = this.#losses.withinBudget(this.#difference(ranked, due, nowMs), nowMs);
    this.#notes.trustAgain();
    const told = new Map([...this.#entries].filter(([link]) => due.has(link)));
    if (requests.length > 0) this.#sending = this.#send(requests, told);
    else if (told.size > 0) queueMicrotask(() => this.#tell(told, []));
  }

  #difference(ranked: readonly WishedNetwork[], links: ReadonlySet<number>, nowMs: number): KernelRequest[] {
    const scope: Scope = {
      links,
      wishedLinks: new Set(this.#entries.keys()),
      isSharedIncluded: this.#isStartUpOver || this.#ranks.inherited.length === 0,
    };
    return difference(kernelWish(ranked, links), this.ports.rtnl.snapshot, this.#notes.memory(nowMs), scope);
  }

  /** Metrics follow the ranks; exclusions of one network change the routes of the others. */
  #addRankChanges(ranked: readonly WishedNetwork[]): void {
    const hasExclusions = ranked.some(({ settings }) => settings.excludedRoutes.length > 0);
    const areOthersConcerned = hasExclusions || this.#hadExclusions;
    this.#hadExclusions = hasExclusions;
    const ranks = new Map(ranked.map(({ link, rank }) => [link, rank]));
    for (const [link, rank] of ranks) if (areOthersConcerned || this.#lastRanks.get(link) !== rank) this.#due.add(link);
    this.#lastRanks = ranks;
  }

  async #send(
    requests: readonly KernelRequest[],
    told: ReadonlyMap<number, Entry>,
    lifetimes?: NetworkWish["lifetimes"],
  ): Promise<void> {
    for (const request of requests) {
      const wish = lifetimes ? { lifetimes } : this.#entries.get(linkOfRequest(request) ?? 0)?.wish;
      this.#notes.onRequest(request, wish, this.ports.rtnl.snapshot, this.ports.clock.now());
    }
    this.#losses.expect(requests);
    const refused = await this.#refusals(requests);
    this.#losses.expect([]);
    this.#sending = undefined;
    for (const { request } of refused ?? []) this.#notes.onRefused(request);
    if (this.#isPassDue) this.#pass();
    if (refused) this.#tell(told, refused);
  }

  /** Undefined: the kernel could not be asked. */
  async #refusals(requests: readonly KernelRequest[]): Promise<readonly Refusal[] | undefined> {
    try {
      const answers = await this.ports.rtnl.batch(requests);
      return requests.flatMap((request, at) => {
        const error = answers[at];
        return error && !isHarmlessRefusal(request, error) ? [{ request, error }] : [];
      });
    } catch (error) {
      this.ports.log.error(() => `the kernel could not be asked: ${describeError(error)}`);
      return undefined;
    }
  }

  #tell(told: ReadonlyMap<number, Entry>, refused: readonly Refusal[]): void {
    for (const { request, error } of refused) {
      if (!this.#isLinkGone(request)) this.ports.log.warn(() => `refused by the kernel: ${error.message}`);
    }
    for (const [link, entry] of told) {
      // A newer wish has its own pass, and is told then.
      if (this.#entries.get(link) !== entry) continue;
      const own = refused.filter(({ request }) => linkOfRequest(request) === link);
      try {
        entry.onApplied?.({ link, wish: entry.wish, refused: own });
      } catch (error) {
        this.ports.log.error(() => `${this.#nameOf(link)}: after applying: ${describeError(error)}`);
      }
    }
  }

  // --- news from the kernel ---

  #onDelta(delta: Delta): void {
    switch (delta.kind) {
      case "link-removed":
        this.#onLinkRemoved(delta.link.index);
        break;
      case "link-changed":
        if (delta.link.isUp && !delta.before.isUp) this.#onLinkUp(delta.link.index);
        break;
      case "address-added":
        // The kernel tells of an address when it has probed it: perhaps after the network is gone.
        if (this.#notes.isAbandoned(delta.address.link) && isMadeOfPrefix(delta.address))
          this.#reviewSoon(delta.address.link);
        break;
      case "address-removed":
        this.#onAddressRemoved(delta.address);
        break;
      case "route-removed":
        if (isOwnRoute(delta.route) && this.#losses.onRouteRemoved(delta.route))
          this.#repairSoon(linkOfRoute(delta.route));
        break;
      case "rule-removed":
        if (isOwnRule(delta.rule) && this.#losses.onRuleRemoved(delta.rule)) this.#repairSoon(linkOfRule(delta.rule));
        break;
    }
  }

  /** Rules and routes without a link outlive it. */
  #onLinkRemoved(link: number): void {
    const wasOurs = this.#entries.delete(link);
    this.#ranks.dropInherited((other) => other === link);
    this.#notes.onLinkRemoved(link);
    this.#sysctls.release("device", link, undefined);
    if (!wasOurs) return;
    this.#due.add(link);
    this.#passSoon();
  }

  /** Taking a link down drops its routes, of IPv4 without a word. */
  #onLinkUp(link: number): void {
    if (!this.#entries.has(link)) return;
    this.#notes.distrust(link);
    this.#repairSoon(link);
  }

  #onAddressRemoved(address: Address): void {
    if (!this.#notes.isOwn(address) || !this.#losses.onAddressRemoved(address)) return;
    this.#notes.onAddressRemoved(address);
    // Expired, or removed by another program: no connection uses a held address.
    if (this.#entries.get(address.link)?.isHeld) {
      this.releaseAfterLoss(address.link);
      return;
    }
    // With the address go the routes that name it as their source; older kernels do not say so.
    if (this.#entries.has(address.link)) this.#notes.distrust(address.link);
    this.#repairSoon(address.link);
  }

  #reviewSoon(link: number): void {
    this.#due.add(link);
    this.#passSoon();
  }
  /** `undefined`: an object that serves no single link. */
  #repairSoon(link: number | undefined): void {
    if (this.#entries.size === 0 || (link !== undefined && !this.#entries.has(link))) return;
    if (link !== undefined) this.#due.add(link);
    this.#passSoon();
  }

  /** One pass for all news of a turn, after listeners that must hear first (a lease that ran out). */
  #passSoon(): void {
    if (this.#isRepairPosted) return;
    this.#isRepairPosted = true;
    queueMicrotask(() => {
      this.#isRepairPosted = false;
      this.#apply([]);
    });
  }

  /** Also links that are gone, known by their table; 0 stands for objects that serve no single link. */
  #linksWithOurs(): ReadonlySet<number> {
    const { snapshot } = this.ports.rtnl;
    const addresses = snapshot.addresses().filter((address) => this.#notes.isOwn(address));
    const routes = snapshot.routes().filter(isOwnRoute);
    const rules = snapshot.rules().filter(isOwnRule);
    return new Set([
      ...addresses.map(({ link }) => link),
      ...routes.map((route) => linkOfRoute(route) ?? 0),
      ...rules.map((rule) => linkOfRule(rule) ?? 0),
    ]);
  }

  #isLinkGone(request: KernelRequest): boolean {
    const link = linkOfRequest(request);
    return link !== undefined && !this.ports.rtnl.snapshot.links.has(link);
  }
  #holdSettings(holder: SettingsHolder, link: number): void {
    const name = this.#nameIfThere(link);
    if (name !== undefined) this.#sysctls.hold(holder, link, name);
  }
  #nameIfThere(link: number): string | undefined {
    return this.ports.rtnl.snapshot.links.get(link)?.name;
  }
  #nameOf(link: number): string {
    return this.#nameIfThere(link) ?? `if${link}`;
  }
}

const isSameRanks = (before: ReadonlyMap<number, number>, now: readonly WishedNetwork[]): boolean =>
  before.size === now.length && now.every(({ link, rank }) => before.get(link) === rank);
