import type { Clock } from "../base/clock.ts";
import { familyOf } from "../base/ip-address.ts";
import type { Log } from "../base/log.ts";
import type { Family } from "../rtnl/rtnl.ts";
import { Acquisition } from "./acquisition.ts";
import { CarrierGrace, type GracePorts, type HoldSink } from "./carrier-grace.ts";
import { describeConflict, type FoundConflict } from "./found-conflict.ts";
import { describeIpConfig, type IpConfig, type IpConfigIdentity, newIpConfigIdentity } from "./ip-config.ts";
import type { IpFamilySettings, IpSettings } from "./ip-settings.ts";
import type { ApplyResult } from "./kernel/applier.ts";
import { hasDefaultRoute } from "./kernel/routes.ts";
import type { NetworkWish } from "./kernel/wish.ts";
import { type EffectiveSettings, mergeSettings } from "./merge.ts";
import type { ConflictObserver } from "./protocols/address-conflict.ts";
import type { Dhcp4Config } from "./protocols/dhcp4/config.ts";
import type { FixedAddressGuard } from "./protocols/fixed-address-guards.ts";
import type { ProtocolHandler, ProtocolLink, ProtocolStep } from "./protocols/handler.ts";
import { emptyStaticIp, isSameStaticIp, type StaticIp } from "./static-ip.ts";

export type NetworkState = "idle" | "configuring" | "connected";

export type NetworkFailure =
  /** Nothing to start: no static address, no DHCP. */
  | "no-ip-configuration"
  /** No lease within the time limit, and no other addressing to go on with. */
  | "dhcp-failed"
  /** The kernel does not take the address. */
  | "address-refused";

/** Never called from inside a call to the Network. */
export interface NetworkObserver {
  /**
   * The addressing is in the kernel. `first`: for the first time since the start; otherwise it is another one than
   * before, or there again after it was lost, and what was found out about the network is to be checked anew.
   */
  connected(first: boolean): void;
  /** Something that clients are shown is different. Told before {@link connected}. */
  changed(): void;
  /** Another host has an address of this link; told before what follows from it. */
  conflicted(conflict: FoundConflict): void;
  /** What it does just now on the way to addressing, for people. */
  stepped?(text: string): void;
  /** What was told of a kept address holds no longer. */
  conflictOver(because: string): void;
  /** The Network has stopped itself and taken everything back. */
  failed(reason: NetworkFailure, detail: string): void;
}

/** The part of an Applier that a Network needs. */
export interface WishSink extends HoldSink {
  prepare(link: number): void;
  setNetwork(link: number, wish: NetworkWish, onApplied: (result: ApplyResult) => void): void;
}

export interface NetworkPorts<Dhcp> extends GracePorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly applier: WishSink;
  readonly dhcp: ProtocolHandler<Dhcp>;
  /** Conflict detection for addresses that DHCP has not leased; the DHCP client watches its own. Absent: none. */
  readonly guard?: (link: ProtocolLink, observer: ConflictObserver) => FixedAddressGuard;
}

export interface NetworkOptions<Dhcp> {
  readonly link: ProtocolLink;
  /** Absent: nothing is fixed. */
  readonly static?: StaticIp;
  /** Absent: no DHCP. */
  readonly dhcp?: Dhcp;
}

export interface StopOptions {
  /** Give the lease back to the server. Only a link with carrier can say farewell. */
  readonly release: boolean;
  /** Leave addresses, routes and rules in the kernel, for a daemon that is about to be started again. */
  readonly leaveConfigured?: boolean;
  /** The carrier is lost, perhaps for a moment: addresses, routes and MTU stay for a while. */
  readonly isCarrierLost?: boolean;
}

/** What a tethering phone says in option 43. */
const tetheringHint = Buffer.from("ANDROID_METERED").toString("hex");

let lastSessionId = 0;

/**
 * Layer 3 of one link: merges what the static configuration, DHCP and others have to say, and has the result applied.
 * Owned by a Device for as long as it is connected to a Service; may be started again after a stop or a failure.
 */
export class Network<Dhcp = Dhcp4Config> {
  #state: NetworkState = "idle";
  #sessionId = 0;
  #options: NetworkOptions<Dhcp> | undefined;
  #static: StaticIp = emptyStaticIp;
  /** A static address that was taken away while a lease is asked for: better than none until that is there. */
  #held: StaticIp | undefined;
  #dhcp: Acquisition<Dhcp> | undefined;
  #guard: FixedAddressGuard | undefined;
  #guarded: string | undefined;
  #conflict: FoundConflict | undefined;
  #progress = "";
  #sources: { dhcp?: TimedSettings; slaac?: TimedSettings; link?: TimedSettings } = {};
  #captivePortalUri: string | undefined;
  #effective: EffectiveSettings | undefined;
  #wish: NetworkWish | undefined;
  #ipConfigs: { 4?: IpConfigIdentity; 6?: IpConfigIdentity } = {};
  #hasConnected = false;
  #hasNews = false;
  /** What the connection stands on, as last told. */
  #toldPrimary: string | undefined;
  #problems: readonly string[] = [];
  readonly #grace: CarrierGrace;

  constructor(
    private readonly ports: NetworkPorts<Dhcp>,
    private readonly observer: NetworkObserver,
  ) {
    this.#grace = new CarrierGrace(ports);
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
  /** Undefined while no family has addressing. */
  get effective(): EffectiveSettings | undefined {
    return this.#effective;
  }
  /** What DHCP, or else the link, said; untouched by the static configuration. */
  get saved(): IpSettings | undefined {
    return this.#sources.dhcp?.settings ?? this.#sources.link?.settings;
  }
  /** IPv4 wins; IPv6 is the connection only where there is no IPv4, and only with an address and name servers (9.1). */
  get primaryFamily(): Family | undefined {
    if (this.#effective?.ipv4) return 4;
    return this.#effective && hasIpv6Service(this.#effective) ? 6 : undefined;
  }
  /** A default route of whatever source, of either family. */
  get hasDefaultRoute(): boolean {
    return this.#effective !== undefined && hasDefaultRoute(this.#effective);
  }
  /** IPv4 first. */
  get ipConfigs(): readonly IpConfig[] {
    const isFromDhcp =
      this.#options?.dhcp !== undefined && (this.#sources.dhcp !== undefined || !this.#hasStaticAddress);
    return [this.#ipConfigs[4], this.#ipConfigs[6]].flatMap((identity) =>
      identity ? [describeIpConfig(identity, this.#effective, isFromDhcp)] : [],
    );
  }
  /** The network says of itself that it is a phone's, paid by volume. */
  get isTethered(): boolean {
    return this.#effective?.vendorEncapsulatedOptions === tetheringHint;
  }
  /** The other host that has the fixed address, or had the declined one until the next lease; undefined: none is known. */
  /** The carrier is lost, and what was configured stays for a moment. */
  get isHeld(): boolean {
    return this.#grace.isHeld;
  }
  /** The newest step towards addressing; empty: there is none to tell. */
  get progress(): string {
    return this.#progress;
  }
  get conflict(): FoundConflict | undefined {
    return this.#conflict;
  }
  /** Parts of the wish that the kernel refused, in its words. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  /** A running one is stopped first, keeping its lease, and its observer hears nothing of that. */
  start(options: NetworkOptions<Dhcp>): void {
    if (this.#state !== "idle") void this.stop({ release: false });
    this.#grace.takeOver();
    this.#options = options;
    this.#static = options.static ?? emptyStaticIp;
    this.#sessionId = ++lastSessionId;
    this.#state = "configuring";
    // The question to the server goes out before anything else: its answer takes longest.
    if (options.dhcp !== undefined) this.#startDhcp(options.link, options.dhcp);
    this.ports.applier.prepare(options.link.index);
    if (this.#hasStaticAddress) this.#refresh();
    else if (options.dhcp === undefined) this.#failLater("neither a static address nor DHCP");
  }

  /**
   * Nothing is told to the observer. Resolves when the session with the server has ended. Idle: only what the loss of the
   * carrier has left goes.
   */
  stop(how: StopOptions): Promise<void> {
    const { link } = this.#options ?? {};
    if (this.#state === "idle" || !link) {
      if (how.leaveConfigured) this.#grace.forget();
      else if (!how.isCarrierLost) this.#grace.end();
      return Promise.resolve();
    }
    // The farewell must leave while the address is still there.
    const ended = this.#dhcp?.end({ force: !how.release }) ?? Promise.resolve();
    this.#leave(link, how);
    this.#state = "idle";
    this.#dhcp = undefined;
    this.#guard?.stop();
    this.#guard = undefined;
    this.#guarded = undefined;
    this.#conflict = undefined;
    this.#options = undefined;
    this.#held = undefined;
    this.#sources = {};
    this.#captivePortalUri = undefined;
    this.#effective = undefined;
    this.#wish = undefined;
    this.#ipConfigs = {};
    this.#hasConnected = false;
    this.#hasNews = false;
    this.#toldPrimary = undefined;
    this.#problems = [];
    this.#progress = "";
    return ended;
  }

  #leave(link: ProtocolLink, { leaveConfigured, isCarrierLost }: StopOptions): void {
    if (isCarrierLost && !leaveConfigured) {
      this.#grace.begin(link);
      return;
    }
    this.#grace.forget();
    if (!leaveConfigured) this.ports.applier.release(link.index);
  }

  /** Replaces the static configuration, at once also on a live connection. The same again: nothing happens. */
  setStatic(next: StaticIp): void {
    const before = this.#static;
    if (isSameStaticIp(before, next)) return;
    this.#static = next;
    if (this.#state === "idle") return;
    if (next.address !== undefined) this.#dhcp?.giveBack();
    else if (before.address !== undefined) this.#onStaticAddressGone(before);
    this.#refresh();
  }

  /**
   * Asks the DHCP server to confirm the lease, and the network whether a fixed address is free: after resume, or on another
   * access point of the same network.
   */
  renew(): void {
    this.#dhcp?.renew();
    this.#guard?.again();
  }

  /** What the router (SLAAC) or the link's own protocol says; undefined: nothing any more. */
  setSource(name: "slaac" | "link", settings: IpSettings | undefined): void {
    if (this.#state === "idle") return;
    this.#setSource(name, settings);
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
      effective: this.#effective,
      conflict: this.#conflict,
      progress: this.#progress,
      problems: this.#problems,
    };
  }

  get #hasStaticAddress(): boolean {
    return this.#static.address !== undefined;
  }

  #startDhcp(link: ProtocolLink, config: Dhcp): void {
    this.#ipConfigs[4] = newIpConfigIdentity("dhcp", 4);
    const owner = {
      leased: (settings: IpSettings) => this.#onLease(settings),
      conflict: (address: string, mac: string) => this.#onConflict({ address, mac, outcome: "declined" }),
      lost: (reason: string) => this.#onLeaseLost(reason),
      failed: (detail: string) => this.#onDhcpFailed(detail),
      yielded: () => this.#dropLease(),
      stepped: (step: ProtocolStep) => this.#onStep(step),
    };
    this.#dhcp = new Acquisition(this.ports.dhcp, link, config, owner, this.ports);
    this.#dhcp.begin();
  }

  #onStaticAddressGone(before: StaticIp): void {
    if (!this.#dhcp) {
      if (!this.#sources.link && !this.#sources.slaac)
        this.#failLater("the static address was removed and there is no DHCP");
      return;
    }
    this.#held = before;
    if (!this.#dhcp.renew()) this.#dhcp.begin();
  }

  #onLease(settings: IpSettings): void {
    this.#held = undefined;
    if (this.#conflict?.outcome === "declined") this.#conflict = undefined;
    this.#setSource("dhcp", settings);
    // With a fixed address only the rest of the lease is of use (9.2).
    if (this.#hasStaticAddress) this.#dhcp?.giveBack();
    this.#refresh();
  }

  #onStep({ kind, text }: ProtocolStep): void {
    // The server knows better than what a short loss of carrier has left.
    if (kind === "refused" && this.#grace.isHeld) this.#grace.end();
    if (text === this.#progress) return;
    this.#progress = text;
    this.observer.stepped?.(text);
  }

  #onLeaseLost(reason: string): void {
    this.ports.log.info(() => `${this.link?.name}: lease lost: ${reason}`);
    this.#dropLease();
  }

  #dropLease(): void {
    this.#held = undefined;
    this.#setSource("dhcp", undefined);
    this.#refresh();
  }

  #onDhcpFailed(detail: string): void {
    this.#dropLease();
    if (!this.primaryFamily) {
      this.#fail("dhcp-failed", detail);
      return;
    }
    this.ports.log.info(() => `${this.link?.name}: no DHCP (${detail}); goes on without`);
    this.#dhcp?.beginLater();
  }

  #setSource(name: "dhcp" | "slaac" | "link", settings: IpSettings | undefined): void {
    if (settings) this.#sources[name] = { settings, madeAtMs: this.ports.clock.now() };
    else delete this.#sources[name];
  }

  /** Merges anew and has it applied, both in this turn; the observer hears of it when the kernel has answered. */
  #refresh(): void {
    const { link } = this.#options ?? {};
    if (!link) return;
    const merged = this.#merge();
    this.#captivePortalUri = merged.captivePortalUri;
    this.#effective = merged.ipv4 || merged.ipv6 ? merged : undefined;
    this.#updateIpConfigs(merged);
    this.#hasNews = true;
    const isMtuPending = this.#dhcp?.state === "setup";
    this.#wish = { settings: merged, validUntilMs: this.#validUntil(merged), isMtuPending };
    this.#grace.forget();
    this.ports.applier.setNetwork(link.index, this.#wish, (result) => this.#onApplied(result));
  }

  #merge(): EffectiveSettings {
    const { dhcp, slaac, link } = this.#sources;
    const { address, prefixLength, gateway } = this.#held ?? {};
    const fixed: StaticIp =
      address === undefined || prefixLength === undefined
        ? this.#static
        : { ...this.#static, address, prefixLength, ...(gateway === undefined ? {} : { gateway }) };
    return mergeSettings(
      { static: fixed, dhcp: dhcp?.settings, slaac: slaac?.settings, link: link?.settings },
      this.#captivePortalUri,
    );
  }

  #updateIpConfigs({ ipv4, ...settings }: EffectiveSettings): void {
    if (ipv4 && !this.#ipConfigs[4]) this.#ipConfigs[4] = newIpConfigIdentity("ip", 4);
    if (!ipv4 && !this.#dhcp) delete this.#ipConfigs[4];
    if (!hasIpv6Service(settings)) delete this.#ipConfigs[6];
    else this.#ipConfigs[6] ??= newIpConfigIdentity("ip", 6);
  }

  #validUntil({ ipv4, ipv6 }: EffectiveSettings): { [F in Family]?: number } {
    const until = (own: IpFamilySettings | undefined): number | undefined => {
      const source = Object.values(this.#sources).find(
        ({ settings }) => own !== undefined && settings[`ipv${own.family}`]?.address === own.address,
      );
      return own?.validSeconds === undefined || !source ? undefined : source.madeAtMs + own.validSeconds * 1000;
    };
    const [first, second] = [until(ipv4), until(ipv6)];
    return { ...(first === undefined ? {} : { 4: first }), ...(second === undefined ? {} : { 6: second }) };
  }

  #onApplied({ wish, refused }: ApplyResult): void {
    if (wish !== this.#wish) return;
    this.#problems = refused.map(({ error }) => error.message);
    const refusal = refused.find(({ request }) => request.op === "put-address");
    if (refusal) {
      this.#fail("address-refused", refusal.error.message);
      return;
    }
    if (!this.#hasNews) return;
    this.#hasNews = false;
    this.observer.changed();
    // The observer may have stopped us.
    if (wish === this.#wish) this.#followPrimary();
    if (wish === this.#wish) this.#guardFixedAddress();
  }

  /** That of the static configuration, while it is the one in use. */
  get #fixedAddress(): string | undefined {
    const fixed = this.#held?.address ?? this.#static.address;
    return fixed !== undefined && fixed === this.#effective?.ipv4?.address ? fixed : undefined;
  }
  #guardFixedAddress(): void {
    const { link } = this.#options ?? {};
    const address = this.#fixedAddress;
    if (!link || address === this.#guarded) return;
    this.#guarded = address;
    this.#endConflict(`${this.#conflict?.address}, which another host has too, is not in use any more`);
    if (address === undefined) {
      this.#guard?.stop();
      return;
    }
    this.#guard ??= this.ports.guard?.(link, {
      onFree: () => this.#endConflict(`no other host answers for ${address} any more`),
      onConflict: (mac) => this.#onConflict({ address, mac, outcome: "kept" }),
    });
    this.#guard?.watch(address);
  }
  #onConflict(conflict: FoundConflict): void {
    const isKnown = this.#conflict?.address === conflict.address && this.#conflict.mac === conflict.mac;
    this.#conflict = conflict;
    if (isKnown && conflict.outcome === "kept") return;
    this.ports.log.warn(() => `${this.link?.name}: ${describeConflict(conflict)}`);
    this.observer.conflicted(conflict);
  }
  #endConflict(because: string): void {
    if (this.#conflict?.outcome !== "kept") return;
    this.#conflict = undefined;
    this.observer.conflictOver(because);
  }

  #followPrimary(): void {
    const family = this.primaryFamily;
    const own = family === undefined ? undefined : this.#effective?.[`ipv${family}`];
    const primary =
      own && `${own.address}/${own.prefixLength} via ${own.gateway ?? (own.isAllOnLink ? "the link" : "none")}`;
    this.#state = primary === undefined ? "configuring" : "connected";
    if (primary === this.#toldPrimary) return;
    this.#toldPrimary = primary;
    if (primary === undefined) return;
    this.#progress = "";
    const isFirst = !this.#hasConnected;
    this.#hasConnected = true;
    this.observer.connected(isFirst);
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

interface TimedSettings {
  readonly settings: IpSettings;
  readonly madeAtMs: number;
}

const hasIpv6Service = ({ ipv6, nameServers }: Pick<EffectiveSettings, "ipv6" | "nameServers">): boolean =>
  ipv6 !== undefined && nameServers.some((server) => familyOf(server) === 6);
