import { familyOfServer } from "../base/ip-address.ts";
import type { Family } from "../rtnl/rtnl.ts";
import { Acquisition, type ProtocolRequest } from "./acquisition.ts";
import type { FoundConflict } from "./address-conflicts.ts";
import { AddressConflicts } from "./address-conflicts.ts";
import { CarrierGrace } from "./carrier-grace.ts";
import { describeIpConfig, type IpConfig, type IpConfigIdentity, newIpConfigIdentity } from "./ip-config.ts";
import type { IpSettings } from "./ip-settings.ts";
import type { ApplyResult } from "./kernel/applier.ts";
import { hasDefaultRoute } from "./kernel/routes.ts";
import type { NetworkWish } from "./kernel/wish.ts";
import type { DynamicSource, EffectiveSettings } from "./merge.ts";
import { NetworkNews, type ShownFacts } from "./network-news.ts";
import type {
  NetworkFailure,
  NetworkObserver,
  NetworkOptions,
  NetworkPorts,
  NetworkState,
  StopOptions,
  WishSink,
} from "./network-ports.ts";
import { NetworkSources } from "./network-sources.ts";
import type { ProtocolLink, ProtocolStep } from "./protocols/handler.ts";
import { emptyStaticIp, isSameStaticIp, type StaticIp } from "./static-ip.ts";

/** Takes the place of the Applier where another program configures the link: all that is wished is there. */
const keptSink: WishSink = {
  prepare() {},
  setNetwork(link, wish, onApplied) {
    queueMicrotask(() => onApplied({ link, wish, refused: [] }));
  },
  putAddress() {},
  hold: () => false,
  release() {},
  releaseAfterLoss() {},
};

/** Option 43 of a tethering phone. */
const tetheringHint = Buffer.from("ANDROID_METERED").toString("hex");

let lastSessionId = 0;

/**
 * Layer 3 of one link: merges the settings of the static configuration, DHCP and other sources, and has the result
 * applied. Owned by a Device for as long as it is connected to a Service; may be started again after a stop or a
 * failure.
 */
export class Network {
  #state: NetworkState = "idle";
  #sessionId = 0;
  #options: NetworkOptions | undefined;
  /** The link that carries the addressing, once it is known to be another one than that of the options. */
  #layer3Link: ProtocolLink["index"] | undefined;
  #static: StaticIp = emptyStaticIp;
  /** A static address that was taken away while a lease is asked for: better than none until that is there. */
  #held: StaticIp | undefined;
  readonly #acquisitions = new Map<DynamicSource, Acquisition<unknown>>();
  #progress = "";
  readonly #sources = new NetworkSources();
  #effective: EffectiveSettings | undefined;
  #wish: NetworkWish | undefined;
  #ipConfigs: { 4?: IpConfigIdentity; 6?: IpConfigIdentity } = {};
  readonly #news = new NetworkNews();
  #problems: readonly string[] = [];
  /** Of the protocols that found nothing; the later ones add nothing that a person could use. */
  #firstFailure: string | undefined;
  /** Why the newest settings that were lost are lost. */
  #lostBecause: string | undefined;
  readonly #grace: CarrierGrace;
  readonly #conflicts: AddressConflicts;

  constructor(
    private readonly ports: NetworkPorts,
    private readonly observer: NetworkObserver,
  ) {
    this.#grace = new CarrierGrace(ports);
    this.#conflicts = new AddressConflicts(ports, observer);
  }

  get state(): NetworkState {
    return this.#state;
  }
  /** Different for each start; 0 before the first. */
  get sessionId(): number {
    return this.#sessionId;
  }
  get link(): ProtocolLink | undefined {
    return this.#options?.link;
  }
  /** Index of the link that carries the addressing; 0 while idle. */
  get layer3Link(): number {
    return this.#layer3Link ?? this.#options?.link.index ?? 0;
  }
  /** Undefined while no family has addressing. */
  get effective(): EffectiveSettings | undefined {
    return this.#effective;
  }
  /** Settings of DHCP, or else of the link or its handler, before the static configuration. */
  get saved(): IpSettings | undefined {
    return this.#sources.get("dhcp4") ?? this.#sources.get("link") ?? this.#sources.get("handler");
  }
  /**
   * IPv4 wins; IPv6 is the connection only where there is no IPv4. Addresses of a router alone count with name servers
   * only (docs/contract/shill.md, Addressing); an address that a person or the link's own configuration names, as it
   * is.
   */
  get primaryFamily(): Family | undefined {
    if (this.#effective?.ipv4) return 4;
    return this.#effective && this.#hasIpv6Service(this.#effective) ? 6 : undefined;
  }
  #hasIpv6Service({ ipv6, nameServers }: EffectiveSettings): boolean {
    if (ipv6 === undefined) return false;
    return this.#isIpv6Configured || nameServers.some((server) => familyOfServer(server) === 6);
  }
  get #isIpv6Configured(): boolean {
    if (this.#fixedIpv6.length > 0) return true;
    return configuringSources.some((source) => this.#sources.get(source)?.ipv6 !== undefined);
  }
  get #fixedIpv6(): readonly string[] {
    return this.#static.ipv6?.addresses.map(({ address }) => address) ?? [];
  }
  /** A default route of any source, of either family. */
  get hasDefaultRoute(): boolean {
    return this.#effective !== undefined && hasDefaultRoute(this.#effective);
  }
  /** IPv4 first. */
  get ipConfigs(): readonly IpConfig[] {
    return this.ipConfigIdentities.map((identity) => describeIpConfig(identity, this.#effective, this.#isFromDhcp));
  }
  /** The same without their values: enough for their paths. */
  get ipConfigIdentities(): readonly IpConfigIdentity[] {
    return [this.#ipConfigs[4], this.#ipConfigs[6]].filter((identity) => identity !== undefined);
  }
  get #isFromDhcp(): boolean {
    return this.#dhcp !== undefined && (this.#sources.has("dhcp4") || !this.#hasStaticAddress);
  }
  /** The network says of itself that it is a phone's, paid by volume. */
  get isTethered(): boolean {
    return this.#effective?.vendorEncapsulatedOptions === tetheringHint;
  }
  /** The carrier is lost, and the configuration stays for a moment. */
  get isHeld(): boolean {
    return this.#grace.isHeld;
  }
  /** The newest step towards addressing; empty: there is none to tell. */
  get progress(): string {
    return this.#progress;
  }
  /** Why the settings of a protocol were lost, until others come; undefined: none were. */
  get lostBecause(): string | undefined {
    return this.#lostBecause;
  }
  /**
   * The other host that has the fixed address, or had the declined one until the next lease; undefined: none is known.
   */
  get conflict(): FoundConflict | undefined {
    return this.#conflicts.current;
  }
  /** Parts of the wish that the kernel refused, in its words. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  /** A running one is stopped first, keeping its lease, and its observer hears nothing of that. */
  start(options: NetworkOptions): void {
    if (this.#state !== "idle") void this.stop({ release: false });
    this.#grace.takeOver();
    this.#options = options;
    this.#static = options.static ?? emptyStaticIp;
    this.#sessionId = ++lastSessionId;
    this.#state = "configuring";
    const [first, ...others] = options.protocols ?? [];
    // The first question goes out before anything else: its answer takes longest.
    if (first) this.#startProtocol(options.link, first);
    this.#sink.prepare(options.link.index);
    for (const request of others) this.#startProtocol(options.link, request);
    this.#take(options.given ?? {});
    if (this.#hasStaticAddress || this.#fixedIpv6.length > 0 || options.given) this.#refresh();
    else if (!first) this.#failLater("neither a static address nor DHCP");
  }

  /**
   * The observer is told nothing. Resolves when the session with the server has ended. Idle: only the addresses and
   * routes that are held after the loss of the carrier go.
   */
  stop(how: StopOptions): Promise<void> {
    const { link } = this.#options ?? {};
    if (this.#state === "idle" || !link) {
      if (how.leaveConfigured) this.#grace.forget();
      else if (!how.isCarrierLost) this.#grace.end();
      return Promise.resolve();
    }
    // The farewell must leave while the address is still there.
    const leaveConfigured = how.leaveConfigured === true || how.isCarrierLost === true;
    const ended = [...this.#acquisitions.values()].map((each) => each.end({ force: !how.release, leaveConfigured }));
    this.#leave({ ...link, index: this.layer3Link }, how);
    this.#state = "idle";
    this.#acquisitions.clear();
    this.#layer3Link = undefined;
    this.#conflicts.stop();
    this.#options = undefined;
    this.#held = undefined;
    this.#sources.clear();
    this.#effective = undefined;
    this.#wish = undefined;
    this.#ipConfigs = {};
    this.#news.clear();
    this.#problems = [];
    this.#progress = "";
    this.#firstFailure = undefined;
    this.#lostBecause = undefined;
    return Promise.all(ended).then(() => {});
  }

  #leave(link: ProtocolLink, { leaveConfigured, isCarrierLost }: StopOptions): void {
    if (isCarrierLost && !leaveConfigured && !this.#options?.isKept) {
      this.#grace.begin(link);
      return;
    }
    this.#grace.forget();
    if (!leaveConfigured) this.#sink.release(link.index);
  }

  /** Replaces the static configuration, at once also on a live connection. The same again: nothing happens. */
  setStatic(next: StaticIp): void {
    const before = this.#static;
    if (isSameStaticIp(before, next) || this.#options?.isKept) return;
    this.#static = next;
    if (this.#state === "idle") return;
    if (next.address !== undefined) this.#dhcp?.giveBack();
    else if (before.address !== undefined) this.#onStaticAddressGone(before);
    else if (before.ipv6 && !this.#dhcp) this.#failIfNothingIsLeft();
    this.#refresh();
  }

  /**
   * Asks the other side of each protocol to confirm its settings (DHCP: the lease), and the network whether a fixed
   * address is free: after resume, or on another access point of the same network.
   */
  renew(): void {
    for (const acquisition of this.#acquisitions.values()) acquisition.renew();
    this.#conflicts.checkAgain();
  }

  /** Settings of a source that no protocol of this Network reports; undefined: none any more. */
  setSource(name: DynamicSource, settings: IpSettings | undefined): void {
    if (this.#state === "idle") return;
    this.#take({ [name]: settings });
    this.#refresh();
  }

  /** For the debug dump. */
  dump(): unknown {
    return {
      state: this.#state,
      link: this.link?.name,
      session: this.#sessionId,
      isHeld: this.#grace.isHeld,
      dhcp: this.#dhcp?.state,
      dhcpSession: this.#dhcp?.inspect(),
      protocols: Object.fromEntries(
        this.#othersThan("dhcp4").map(([name, each]) => [name, { state: each.state, session: each.inspect() }]),
      ),
      effective: this.#effective,
      conflict: this.conflict,
      progress: this.#progress,
      problems: this.#problems,
    };
  }

  get #sink(): WishSink {
    return this.#options?.isKept ? keptSink : this.ports.applier;
  }
  get #hasStaticAddress(): boolean {
    return this.#static.address !== undefined;
  }

  get #dhcp(): Acquisition<unknown> | undefined {
    return this.#acquisitions.get("dhcp4");
  }
  #othersThan(name: DynamicSource): readonly (readonly [DynamicSource, Acquisition<unknown>])[] {
    return [...this.#acquisitions].filter(([other]) => other !== name);
  }

  #startProtocol(link: ProtocolLink, { source, handler = source, config }: ProtocolRequest): void {
    if (source === "dhcp4") this.#ipConfigs[4] = newIpConfigIdentity("dhcp", 4);
    const owner = {
      granted: (settings: IpSettings) => this.#onGranted(source, settings),
      settled: (settings: IpSettings) => this.#onSettings(source, settings),
      conflict: (address: string, mac: string) => this.#conflicts.declined(link, address, mac),
      lost: (reason: string) => this.#onSettingsLost(source, reason),
      failed: (detail: string, isRefused: boolean) => this.#onProtocolFailed(source, detail, isRefused),
      yielded: () => this.#drop(source),
      stepped: (step: ProtocolStep) => this.#onStep(step),
    };
    const acquisition = new Acquisition(this.ports.protocols.get(handler), link, config, owner, this.ports);
    this.#acquisitions.set(source, acquisition);
    acquisition.begin();
  }

  #onStaticAddressGone(before: StaticIp): void {
    if (!this.#dhcp) {
      this.#failIfNothingIsLeft();
      return;
    }
    this.#held = before;
    if (!this.#dhcp.renew()) this.#dhcp.begin();
  }
  #failIfNothingIsLeft(): void {
    if (!this.#sources.has("link", "handler", "slaac", "dhcp6"))
      this.#failLater("the static address was removed and there is no DHCP");
  }

  /** The address goes first, where nothing else has a say in it; the rest follows with {@link #onSettings}. */
  #onGranted(source: DynamicSource, settings: IpSettings): void {
    const { ipv4 } = settings;
    if (!ipv4 || this.#hasStaticAddress || this.#held || settings.layer3Link !== undefined) return;
    this.#take({ [source]: settings });
    this.#sink.putAddress(this.layer3Link, ipv4, this.#sources.lifetimeOf(source, ipv4));
  }

  #onSettings(source: DynamicSource, settings: IpSettings): void {
    if (source === "dhcp4") {
      this.#held = undefined;
      this.#conflicts.leased();
    }
    this.#firstFailure = undefined;
    this.#lostBecause = undefined;
    this.#take({ [source]: settings });
    // With a fixed address only the rest of the lease is of use (9.2).
    if (source === "dhcp4" && this.#hasStaticAddress) this.#dhcp?.giveBack();
    this.#refresh();
  }

  #onStep({ kind, text }: ProtocolStep): void {
    // The server's refusal outranks the addresses held after a short loss of carrier.
    if (kind === "refused" && this.#grace.isHeld) this.#grace.end();
    if (text === this.#progress) return;
    this.#progress = text;
    this.observer.stepped?.(text);
  }

  #onSettingsLost(source: DynamicSource, reason: string): void {
    const what = source === "dhcp4" ? "lease" : `settings of ${source}`;
    this.ports.log.info(() => `${this.link?.name}: ${what} lost: ${reason}`);
    this.#lostBecause = reason;
    this.#drop(source);
  }

  #drop(source: DynamicSource): void {
    if (source === "dhcp4") this.#held = undefined;
    const hadNone = !this.#sources.has(source);
    this.#take({ [source]: undefined });
    if (source === "dhcp4" || !hadNone) this.#refresh();
  }

  #onProtocolFailed(source: DynamicSource, detail: string, isAuthenticationRefused: boolean): void {
    this.#firstFailure ??= detail;
    this.#drop(source);
    const isHopeless = this.#othersThan(source).every(([, other]) => !other.isWithinLimit);
    if (!this.primaryFamily && isHopeless) {
      const failed = this.#dhcp ? "dhcp-failed" : "protocol-failed";
      this.#fail(isAuthenticationRefused ? "authentication-refused" : failed, this.#firstFailure);
      return;
    }
    const name = source === "dhcp4" ? "DHCP" : source;
    this.ports.log.info(() => `${this.link?.name}: no ${name} (${detail}); goes on without`);
    this.#acquisitions.get(source)?.beginLater();
  }

  #take(told: { readonly [S in DynamicSource]?: IpSettings | undefined }): void {
    const nowMs = this.ports.clock.now();
    for (const [name, settings] of Object.entries(told)) this.#sources.set(name as DynamicSource, settings, nowMs);
  }

  /** Merges anew and has it applied, both in this turn; the observer hears of it when the kernel has answered. */
  #refresh(): void {
    const { link } = this.#options ?? {};
    if (!link) return;
    const merged = this.#sources.merge(this.#fixed);
    this.#effective = merged.ipv4 || merged.ipv6 ? merged : undefined;
    this.#updateIpConfigs(merged);
    // A server's answer that only confirms, as after the gateway's, is no news: the lease lives longer, and that is all.
    this.#news.note(this.#shownFacts);
    const isMtuPending = this.#dhcp?.state === "setup";
    this.#wish = { settings: merged, lifetimes: this.#sources.lifetimes(merged), isMtuPending };
    this.#grace.forget();
    this.#followLayer3Link(merged.layer3Link ?? link.index);
    this.#sink.setNetwork(this.layer3Link, this.#wish, (result) => this.#onApplied(result));
  }

  get #shownFacts(): ShownFacts {
    return {
      effective: this.#effective,
      saved: this.saved,
      ipConfigs: this.ipConfigIdentities.map(({ id }) => id).join(),
      isFromDhcp: this.#isFromDhcp,
      primaryFamily: this.primaryFamily,
      conflict: this.conflict,
      lostBecause: this.#lostBecause,
    };
  }

  #followLayer3Link(index: number): void {
    if (index === this.layer3Link) return;
    this.#sink.release(this.layer3Link);
    this.#layer3Link = index;
  }

  /** The static configuration with the address that is still held. */
  get #fixed(): StaticIp {
    const { address, prefixLength, gateway } = this.#held ?? {};
    if (address === undefined || prefixLength === undefined) return this.#static;
    return { ...this.#static, address, prefixLength, ...(gateway === undefined ? {} : { gateway }) };
  }

  #updateIpConfigs(merged: EffectiveSettings): void {
    const { ipv4 } = merged;
    if (ipv4 && !this.#ipConfigs[4]) this.#ipConfigs[4] = newIpConfigIdentity("ip", 4);
    if (!ipv4 && !this.#dhcp) delete this.#ipConfigs[4];
    if (!this.#hasIpv6Service(merged)) delete this.#ipConfigs[6];
    else this.#ipConfigs[6] ??= newIpConfigIdentity("ip", 6);
  }

  #onApplied({ wish, refused }: ApplyResult): void {
    if (wish !== this.#wish) return;
    this.#problems = refused.map(({ error }) => error.message);
    const refusal = refused.find(({ request }) => request.op === "put-address");
    if (refusal) {
      this.#fail("address-refused", refusal.error.message);
      return;
    }
    this.ports.quiet?.end();
    if (!this.#news.take()) return;
    this.observer.changed();
    // The observer may have stopped us.
    if (wish === this.#wish) this.#followPrimary();
    if (wish === this.#wish) this.#watchFixedAddresses();
  }

  /** Address of the static configuration, while it is the one in use. */
  get #fixedAddress(): string | undefined {
    const fixed = this.#held?.address ?? this.#static.address;
    return fixed !== undefined && fixed === this.#effective?.ipv4?.address ? fixed : undefined;
  }
  #watchFixedAddresses(): void {
    const { link } = this.#options ?? {};
    if (link) this.#conflicts.watchFixed(link, this.#fixedAddress, this.#fixedIpv6);
  }
  #followPrimary(): void {
    const family = this.primaryFamily;
    const own = family === undefined ? undefined : this.#effective?.[`ipv${family}`];
    const primary =
      own && `${own.address}/${own.prefixLength} via ${own.gateway ?? (own.isAllOnLink ? "the link" : "none")}`;
    this.#state = primary === undefined ? "configuring" : "connected";
    const news = this.#news.followPrimary(primary);
    if (!news) return;
    this.#progress = "";
    this.observer.connected(news === "first");
  }

  #failLater(detail: string): void {
    const session = this.#sessionId;
    queueMicrotask(() => {
      if (this.#sessionId === session && !this.primaryFamily) this.#fail("no-ip-configuration", detail);
    });
  }

  #fail(reason: NetworkFailure, detail: string): void {
    if (this.#state === "idle") return;
    this.ports.log.warn(() => `${this.link?.name}: ${reason}: ${detail}`);
    void this.stop({ release: true });
    this.observer.failed(reason, detail);
  }
}

/** The link's own protocol or file, and a handler: they say all that there is. */
const configuringSources = ["link", "handler"] as const;
