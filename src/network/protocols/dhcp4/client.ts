import { TimerSet } from "../../../base/clock.ts";
import { DaemonError } from "../../../base/errors.ts";
import type { IpSettings } from "../../ip-settings.ts";
import type { ProtocolLink } from "../handler.ts";
import { AddressGuard } from "./address-guard.ts";
import { Answers } from "./answers.ts";
import { Asking } from "./asking.ts";
import type { Backoff } from "./backoff.ts";
import type { ClientObserver, ClientPorts, LostReason } from "./client-ports.ts";
import type { Dhcp4Config, HeldAddress } from "./config.ts";
import { type Identity, identityOf } from "./identity.ts";
import { KeptLease, type RememberedLease } from "./kept-lease.ts";
import { type DhcpLease, phaseOfLease } from "./lease.ts";
import { LeaseLife } from "./lease-life.ts";
import type { LeaseOptions } from "./lease-options.ts";
import { type Dhcp4Action, type Dhcp4Input, type Dhcp4State, dhcp4Step, isAwaitingReply } from "./machine.ts";
import type { DhcpMessage } from "./message.ts";
import { Messenger, type Sender } from "./messenger.ts";
import type { OfferingServers } from "./offering-servers.ts";
import { stepInto } from "./steps.ts";
import {
  betterOfferWaitMs,
  ipv6OnlyWaitMs,
  rebootDelayMs,
  renewDelayMs,
  resendDelayMs,
  seekDelayMs,
} from "./timing.ts";
import { UnconfirmedUse } from "./unconfirmed-use.ts";

type TimerName = "dhcp4-better-offer" | "dhcp4-begin" | "dhcp4-resend" | "dhcp4-limit" | "dhcp4-afterwards";

const defaultAcquisitionLimitMs = 30_000;
/** How often a message is sent before another way is tried; the others go on until time is up. */
const mostSends: Partial<Record<Dhcp4State, number>> = { requesting: 2, rebooting: 2 };

const isUnexpired = ({ lease, elapsedMs }: RememberedLease): boolean => phaseOfLease(lease, elapsedMs) !== "expired";

const phaseInputs = { valid: undefined, renew: "renew-due", rebind: "rebind-due", expired: "expired" } as const;
const lostBecause: Partial<Record<Dhcp4Input, LostReason>> = {
  nak: "nak",
  expired: "lease-expired",
  conflict: "address-conflict",
};

/**
 * Carries out the decisions of the table in `machine.ts`, for one link. Everything happens inside the callback that
 * caused it.
 */
export class Dhcp4Client {
  readonly #timers: TimerSet<TimerName>;
  readonly #identity: Identity;
  readonly #messenger: Messenger;
  readonly #asking: Asking;
  readonly #kept: KeptLease;
  readonly #guard: AddressGuard;
  readonly #unconfirmed: UnconfirmedUse;
  readonly #answers: Answers;
  readonly #backoff: Backoff;
  readonly #servers: OfferingServers;
  readonly #life: LeaseLife;
  #state: Dhcp4State = "stopped";
  #hasHeardServer = false;
  /** The lease of the latest OFFER or ACK. */
  #granted: DhcpLease | undefined;
  /** The owner has been told the settings and not yet that they are lost. */
  #isInUse = false;
  /** A server granted or confirmed the lease since the start or the latest {@link verify}. */
  #isConfirmed = false;
  #withoutIpv4Until = 0;
  /** Until then the message that is ready asks the right thing; boot-time milliseconds. */
  #readyUntil = 0;

  /** Throws DaemonError InvalidArguments. */
  constructor(
    private readonly link: ProtocolLink,
    private readonly config: Dhcp4Config,
    private readonly ports: ClientPorts,
    private readonly observer: ClientObserver,
  ) {
    const { clock, log, channels, udp } = ports;
    this.#identity = identityOf(link, config);
    this.#timers = new TimerSet(clock, link.name);
    this.#backoff = channels.backoff(clock);
    this.#servers = channels.offeringServers(clock);
    this.#kept = new KeptLease(config.leases, this.#identity.clientId.toString("hex"), log);
    this.#life = new LeaseLife(clock, link.name, () => this.#checkLease());
    this.#messenger = new Messenger(channels, udp, link, log, {
      onMessage: (message, sender) => this.#onMessage(message, sender),
      onMalformed: (what) => this.#answers.ignore("malformed", what, this.#state),
    });
    this.#asking = new Asking(this.#identity, config.broadcastFlag, this.#messenger, clock, () =>
      ports.transactionId(),
    );
    this.#answers = new Answers(link, this.#identity, ports, observer, this.#asking, this.#life);
    this.#guard = new AddressGuard(link, channels, log, config.conflictDetection ?? "parallel", ports, {
      onFree: () => this.#onAddressFree(),
      onConflict: (otherMac) => this.#onConflict(otherMac),
    });
    const mayUse = (config.useUnconfirmedLease ?? true) && this.#guard.mode !== "before-use";
    this.#unconfirmed = new UnconfirmedUse(link, ports, mayUse, observer, {
      isWanted: (isAttached) => !this.#isInUse && !this.#hasHeardServer && (!isAttached || this.#state === "rebooting"),
      use: (lease, grantedAt, isAttached) => {
        this.#life.begin(lease, grantedAt);
        this.#deliver({ isAttached });
      },
    });
  }

  get state(): Dhcp4State {
    return this.#state;
  }
  /** As of now; undefined while nothing is in force. */
  get settings(): IpSettings | undefined {
    return this.#isInUse ? this.#life.settings : undefined;
  }
  /** For the debug dump. */
  inspect(): Readonly<Record<string, unknown>> {
    return {
      state: this.#state,
      isInUse: this.#isInUse,
      lease: this.#life.lease,
      leaseAgeMs: this.#life.lease && this.#life.ageMs,
      isConfirmed: this.#isConfirmed,
      sent: this.#asking.sent,
      ignored: this.#answers.ignored.counts,
      ignoredInWords: this.#answers.ignored.sentence,
      oddities: this.ports.channels.oddities.texts,
      addressDisputes: this.#guard.disputes,
      unconfirmedOffers: this.#servers.failures,
      backoffMs: this.#backoff.waitMs,
    };
  }

  /**
   * Listens, so that {@link begin} finds no stale packets to read over, and encodes its first message. Throws the error
   * of opening a socket.
   */
  getReady(): void {
    this.#messenger.listen();
    const remembered = this.#recall([]);
    const isUsable = remembered !== undefined && isUnexpired(remembered);
    this.#asking.getReady(isUsable ? "reboot" : "discover", remembered?.lease.settings.ipv4.address);
    const { leaseSeconds = Number.POSITIVE_INFINITY } = (isUsable && remembered.lease) || {};
    this.#readyUntil = this.ports.clock.now() + leaseSeconds * 1000 - (remembered?.elapsedMs ?? 0);
    if (isUsable) this.#unconfirmed.getReady(remembered);
  }
  /** As {@link start}; the message that is ready leaves first, if it still stands. */
  begin(): void {
    if (this.#backoff.waitMs === 0 && this.ports.clock.now() < this.#readyUntil) this.#asking.sendReady();
    this.#unconfirmed.askGateway();
    this.start({ resume: false });
  }
  /** Only when stopped. `resume`: the kept lease's address is on the link. Throws the error of opening a socket. */
  start({ resume }: { readonly resume: boolean }): void {
    if (this.#withoutIpv4Until > this.ports.clock.now()) {
      this.observer.onFailed(this.#ipv6OnlyError());
      return;
    }
    this.#messenger.prepare();
    this.#hasHeardServer = false;
    const remembered = this.#recall(resume ? (this.config.held ?? []) : []);
    this.#unconfirmed.begin(remembered);
    const isUsable = remembered !== undefined && isUnexpired(remembered);
    this.#startLimit();
    if (isUsable && resume) this.#resume(remembered);
    else if (isUsable) this.#unconfirmed.plan(remembered);
    this.#run(isUsable ? "start-known" : "start");
    // With the question to the servers, and after it: not both get lost together, and theirs takes longer.
    if (isUsable && !resume) this.#unconfirmed.askGateway();
  }
  /** Takes an answer that came while the owner was still on its way. */
  poll(): void {
    this.#unconfirmed.poll();
    if (isAwaitingReply[this.#state]) this.#messenger.poll();
  }
  #recall(held: readonly HeldAddress[]): RememberedLease | undefined {
    const { clock, bootId } = this.ports;
    return this.#kept.load({ wallMs: clock.wallTime(), bootMs: clock.now(), bootId }, held);
  }
  /**
   * Has the lease in use confirmed now, in the way of INIT-REBOOT: servers of another network must refuse it (RFC 2131,
   * 4.3.2), where they may ignore a rebinding client. While a server is being asked already, the asking begins anew.
   */
  verify(): void {
    if (!this.#isInUse || !dhcp4Step(this.#state, "verify")) return;
    this.#startLimit();
    this.#run("verify");
  }
  /** Silent: the observer hears nothing. Twice is fine. */
  stop({ release }: { readonly release: boolean }): void {
    const { lease } = this.#life;
    // A RELEASE that never left the host must not make us forget the lease: the server still keeps the address for us.
    if (release && lease && this.#isInUse && this.#asking.release(lease)) this.#kept.forget();
    this.#isInUse = false;
    this.#run("stop");
    this.#messenger.unlisten();
    this.#unconfirmed.leaveGateway();
  }

  // --- the table ---

  #run(input: Dhcp4Input): void {
    const step = dhcp4Step(this.#state, input);
    if (!step) return;
    const before = this.#state;
    this.#state = step.state;
    this.ports.log.debug(() => `${this.link.name}: ${before} -> ${step.state} (${input})`);
    this.#timers.cancel("dhcp4-begin");
    if (step.state !== "selecting") this.#timers.cancel("dhcp4-better-offer");
    if (step.state !== before) this.#asking.newQuestion();
    if (isAwaitingReply[step.state]) this.#messenger.listen();
    else if (isAwaitingReply[before]) this.#stopAsking();
    if (step.state === "stopped") this.#halt();
    for (const action of step.actions) this.#actions[action](input);
    if (step.state !== before && this.#state === step.state) this.#tellStep();
  }

  #tellStep(): void {
    const { settings, serverId } = this.#granted ?? {};
    const step = stepInto(this.#state, {
      known: this.#hint,
      offered: settings && serverId !== undefined ? { address: settings.ipv4.address, server: serverId } : undefined,
      server: this.#life.lease?.serverId,
      waitMs: this.#backoff.waitMs,
    });
    if (step) this.observer.onStep(step);
  }

  readonly #actions: Readonly<Record<Dhcp4Action, (because: Dhcp4Input) => void>> = {
    "new-exchange": () => this.#asking.newExchange(),
    "send-discover": () => this.#ask(() => this.#asking.discover(this.#hint)),
    "send-request": () => this.#ask(() => this.#requestOffered()),
    "send-reboot": () => this.#ask(() => this.#asking.requestRemembered(this.#hint as string)),
    "send-renew": () => this.#ask(() => this.#asking.renew(this.#life.lease as DhcpLease)),
    "send-rebind": () => this.#ask(() => this.#asking.rebind(this.#life.lease as DhcpLease)),
    "take-lease": () => this.#takeLease(),
    "check-address": () => this.#checkAddress(),
    deliver: () => this.#deliver(),
    decline: () => this.#decline(),
    "count-refusal": () => this.#backoff.refused(),
    "distrust-server": (because) => this.#distrustServer(because),
    "wait-for-better-offer": () => this.#waitForBetterOffer(),
    "void-lease": () => this.#voidLease(),
    "schedule-begin": () => this.#scheduleBegin(),
    restart: (because) => this.#restart(because),
    "give-way-to-ipv6": () => this.#giveWayToIpv6(),
    "check-lease": () => this.#checkLease(),
  };

  // --- asking ---

  /** The address we have, or had here once. */
  get #hint(): string | undefined {
    return this.#life.address ?? this.#unconfirmed.remembered?.lease.settings.ipv4.address;
  }
  #requestOffered(): void {
    const { settings, serverId } = this.#granted as DhcpLease;
    this.#asking.requestOffered(settings.ipv4.address, serverId);
  }
  #ask(send: () => void): void {
    const { address } = this.#life;
    if (this.#isInUse && address !== undefined) this.#messenger.holdPort(address);
    send();
    const delay = this.#resendDelayMs();
    if (delay !== undefined) this.#timers.start("dhcp4-resend", delay, () => this.#onResend());
  }
  /** Undefined: this was the last before the lease moves on. */
  #resendDelayMs(): number | undefined {
    const random = this.ports.random();
    if (this.#state === "rebooting") return rebootDelayMs(this.#asking.sent, random);
    if (this.#state === "selecting" && this.#hint !== undefined) return seekDelayMs(this.#asking.sent, random);
    if (this.#state !== "renewing" && this.#state !== "rebinding") return resendDelayMs(this.#asking.sent, random);
    const remaining = this.#life.nextPhaseInMs ?? 0;
    const delay = renewDelayMs(remaining);
    return delay < remaining ? delay : undefined;
  }
  #onResend(): void {
    const before = this.#state;
    // After a suspend this timer may come before that of the lease.
    this.#checkLease();
    if (this.#state !== before) return;
    this.#run(this.#asking.sent >= (mostSends[before] ?? Number.POSITIVE_INFINITY) ? "exhausted" : "resend");
  }
  #stopAsking(): void {
    this.#timers.cancel("dhcp4-resend");
    this.#messenger.unlisten();
  }

  // --- answers ---

  #onMessage(message: DhcpMessage, sender: Sender): void {
    const options = this.#answers.read(message, sender, this.#state, this.#expectedServer);
    if (!options) return;
    if (message.type === "nak") this.#onNak(options);
    else this.#onGrant(message, options, sender.mac);
  }
  get #expectedServer(): string | undefined {
    if (this.#state === "requesting") return this.#granted?.serverId;
    return this.#state === "renewing" ? this.#life.lease?.serverId : undefined;
  }
  #onNak(options: LeaseOptions): void {
    this.#hasHeardServer = true;
    this.#unconfirmed.leaveGateway();
    const what = this.#hint ?? "its own offer";
    this.ports.log.info(`${this.link.name}: server ${options.serverId} refused ${what}`);
    this.observer.onStep({ kind: "refused", text: `DHCP ${options.serverId} refuses ${what}` });
    this.#run("nak");
  }
  #onGrant(message: DhcpMessage, options: LeaseOptions, fromMac: string | undefined): void {
    const lease = this.#answers.leaseOf(message, options, fromMac, this.#state);
    if (!lease) return;
    this.#hasHeardServer = true;
    this.#granted = lease;
    this.#run(this.#inputOfGrant(message, options, lease));
  }
  #inputOfGrant({ type }: DhcpMessage, { ipv6OnlySeconds }: LeaseOptions, lease: DhcpLease): Dhcp4Input {
    if (ipv6OnlySeconds !== undefined && this.#identity.wantsIpv6Only) {
      this.#withoutIpv4Until = this.ports.clock.now() + ipv6OnlyWaitMs(ipv6OnlySeconds);
      return "ipv6-only";
    }
    if (type === "offer") {
      this.#servers.offered(lease.serverId);
      return this.#servers.isDoubtful(lease.serverId) ? "doubtful-offer" : "offer";
    }
    const isHeld = this.#isInUse && this.#life.address === lease.settings.ipv4.address;
    return this.#guard.mode === "before-use" && !isHeld ? "ack-to-check" : "ack";
  }

  #distrustServer(because: Dhcp4Input): void {
    const { serverId } = this.#granted as DhcpLease;
    this.#servers.failed(serverId);
    const what = because === "nak" ? "refuses" : "does not confirm";
    this.#answers.noteOddity(`server ${serverId} ${what} what it offered; offers of others are preferred`);
    this.observer.onStep({ kind: "note", text: `DHCP ${serverId} ${what} what it offered` });
  }
  /** The first of them is kept: its server has shown itself to be the quickest. */
  #waitForBetterOffer(): void {
    if (this.#timers.isPending("dhcp4-better-offer")) return;
    const offer = this.#granted;
    this.#timers.start("dhcp4-better-offer", betterOfferWaitMs, () => {
      this.#granted = offer;
      this.#run("offer");
    });
  }

  // --- the lease ---

  #takeLease(): void {
    const lease = this.#granted as DhcpLease;
    this.#backoff.granted();
    this.#servers.confirmed(lease.serverId);
    this.#life.begin(lease, this.#asking.sentAt);
    this.#kept.save(lease);
  }
  #checkLease(): void {
    if (!this.#life.lease || this.#state === "stopped") return;
    this.#life.arm();
    const input = phaseInputs[this.#life.phase];
    if (input) this.#run(input);
  }
  #deliver({ isAttached = false } = {}): void {
    const settings = this.#life.settings as IpSettings;
    if (!this.#isInUse && (isAttached || this.#state === "bound")) this.observer.onGranted(settings);
    if (this.#state === "bound") {
      this.#isConfirmed = true;
      this.#timers.cancel("dhcp4-limit");
      this.#unconfirmed.cancelPlan();
    }
    this.#isInUse = true;
    // Disk and ARP wait for the next turn: first the address.
    this.#timers.start("dhcp4-afterwards", 0, () => {
      this.#kept.flush();
      if (this.#life.address !== undefined) this.#guard.watch(this.#life.address);
    });
    this.observer.onSettings(settings);
  }
  #voidLease(): void {
    this.#kept.forget();
    this.#unconfirmed.forget();
    this.#life.end();
    this.#guard.stop();
  }
  #resume({ lease, elapsedMs }: RememberedLease): void {
    this.#life.begin(lease, this.ports.clock.now() - elapsedMs);
    this.#guard.hold(lease.settings.ipv4.address);
    this.#deliver();
  }

  // --- conflicts ---

  #checkAddress(): void {
    if (!this.#guard.check(this.#life.address as string)) this.#run("free");
  }
  #onAddressFree(): void {
    this.#backoff.verified();
    this.#run("free");
  }
  #onConflict(otherMac: string): void {
    const address = this.#life.address as string;
    this.ports.log.info(`${this.link.name}: declining ${address}, which ${otherMac} has`);
    this.observer.onConflict(address, otherMac);
    this.#run("conflict");
  }
  #decline(): void {
    this.#backoff.declined();
    if (this.#life.lease) this.#asking.decline(this.#life.lease);
  }

  // --- beginning and ending ---

  #startLimit(): void {
    this.#isConfirmed = false;
    this.#asking.reset();
    const limit = this.config.acquisitionLimitMs ?? defaultAcquisitionLimitMs;
    this.#timers.start("dhcp4-limit", limit, () => this.#onLimit());
  }
  #onLimit(): void {
    if (!this.#isInUse) this.#fail();
    else if (!(this.config.useUnconfirmedLease ?? true)) this.#lose("unconfirmed");
    else
      this.ports.log.info(
        `${this.link.name}: no server confirms ${this.#life.address}; it stays in use, asking goes on`,
      );
  }
  #fail(): void {
    const context = { link: this.link.name, state: this.#state, ignored: this.#answers.ignored.counts };
    const what = this.#whyUnfinished;
    this.#run("stop");
    this.observer.onFailed(new DaemonError("OperationTimeout", `${this.link.name}: ${what}`, { context }));
  }
  /** Servers that said something are named, with the reason why that was not enough. */
  get #whyUnfinished(): string {
    const ignored = this.#answers.ignored.sentence;
    const failed = Object.entries(this.#servers.failures).map(([server, times]) => `${server} (${times} times)`);
    if (failed.length > 0) return `DHCP servers offered an address and did not confirm it: ${failed.join(", ")}`;
    if (this.#hasHeardServer) return "DHCP did not finish in time";
    return ignored === undefined ? "no DHCP server answered in time" : `no DHCP answer was of use; ignored: ${ignored}`;
  }
  #scheduleBegin(): void {
    const wait = this.#backoff.waitMs;
    if (wait === 0) this.#run("begin");
    else this.#timers.start("dhcp4-begin", wait, () => this.#run("begin"));
  }
  #restart(because: Dhcp4Input): void {
    if (this.#isInUse) this.#lose(lostBecause[because] as LostReason);
    else this.#scheduleBegin();
  }
  #lose(reason: LostReason): void {
    this.#isInUse = false;
    this.#run("stop");
    this.observer.onLost(reason);
  }
  #giveWayToIpv6(): void {
    if (this.#isInUse) this.#lose("ipv6-only-preferred");
    else this.observer.onFailed(this.#ipv6OnlyError());
  }
  #ipv6OnlyError(): DaemonError {
    const retryAfterMs = Math.ceil(this.#withoutIpv4Until - this.ports.clock.now());
    return new DaemonError("OperationAborted", `${this.link.name}: the network asks to be used without IPv4`, {
      context: { reason: "ipv6-only-preferred", retryAfterMs },
    });
  }
  #halt(): void {
    this.#timers.cancelAll();
    this.#unconfirmed.stop();
    this.#guard.stop();
    this.#kept.flush();
    this.#life.end();
    this.#isConfirmed = false;
  }
}
