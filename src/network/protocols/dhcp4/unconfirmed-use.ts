import { type Clock, TimerSet } from "../../../base/clock.ts";
import type { Log } from "../../../base/log.ts";
import type { ProtocolLink } from "../handler.ts";
import { AttachmentTest } from "./attachment-test.ts";
import type { LinkChannels } from "./channels.ts";
import type { ClientObserver } from "./client-ports.ts";
import type { RememberedLease } from "./kept-lease.ts";
import { type DhcpLease, phaseOfLease } from "./lease.ts";

/** Two DISCOVERs and an INIT-REBOOT are unanswered by then; any living server would have replied. */
const unconfirmedAfterMs = 10_000;

/** The client, of which each lease is in use or not. `isAttached`: the lease's gateway has answered. */
export interface UnconfirmedUseOwner {
  /** Whether a lease that no server has confirmed is better than the present state. */
  isWanted(isAttached: boolean): boolean;
  /** `grantedAt`: boot-time milliseconds. */
  use(lease: DhcpLease, grantedAt: number, isAttached: boolean): void;
}

/**
 * The lease of an earlier connection, and its use before a server confirms it: at once where its gateway answers (see
 * {@link AttachmentTest}), otherwise when no server has answered for a while. The servers are asked all the same.
 */
export class UnconfirmedUse {
  readonly #attachment: AttachmentTest;
  readonly #timers: TimerSet<"dhcp4-unconfirmed">;
  readonly #clock: Clock;
  readonly #log: Log;
  #remembered: RememberedLease | undefined;
  /** Boot-time milliseconds as of which {@link remembered} has its age. */
  #startedAt = 0;

  constructor(
    private readonly link: ProtocolLink,
    { clock, log, channels }: { readonly clock: Clock; readonly log: Log; readonly channels: LinkChannels },
    private readonly isAllowed: boolean,
    private readonly observer: Pick<ClientObserver, "onStep">,
    private readonly owner: UnconfirmedUseOwner,
  ) {
    this.#clock = clock;
    this.#log = log;
    this.#timers = new TimerSet(clock, link.name);
    this.#attachment = new AttachmentTest(link, channels, clock, log, () => this.#onAttached());
  }

  /** As of {@link begin}; undefined also when a server has refused it. */
  get remembered(): RememberedLease | undefined {
    return this.#remembered;
  }
  /** Listens for the gateway of the lease, which must not have expired, before the carrier is there. */
  getReady(remembered: RememberedLease): void {
    if (this.isAllowed) this.#attachment.prepare(remembered);
  }
  /** `remembered` may have expired: then it is no more than the address to ask for. */
  begin(remembered: RememberedLease | undefined): void {
    this.#remembered = remembered;
    this.#startedAt = this.#clock.now();
  }
  /** The lease, which must not have expired, is used when one of the two cases comes. */
  plan(remembered: RememberedLease): void {
    if (!this.isAllowed) return;
    if (!this.#attachment.isPrepared) this.#attachment.prepare(remembered);
    this.#timers.start("dhcp4-unconfirmed", unconfirmedAfterMs, () => this.#onUnanswered(remembered));
  }
  /** Once for each lease; nothing where its gateway identifies no network. */
  askGateway(): void {
    this.#attachment.ask();
  }
  /** Takes the gateway's answer if it is there already. */
  poll(): void {
    this.#attachment.poll();
  }
  leaveGateway(): void {
    this.#attachment.stop();
  }
  /** A server has confirmed a lease: silence of the servers is no case any more. */
  cancelPlan(): void {
    this.#timers.cancel("dhcp4-unconfirmed");
  }
  /** The lease is void. */
  forget(): void {
    this.#remembered = undefined;
    this.cancelPlan();
  }
  /** Twice is fine. */
  stop(): void {
    this.forget();
    this.#attachment.stop();
  }

  #onUnanswered({ lease, elapsedMs }: RememberedLease): void {
    const grantedAt = this.#startedAt - elapsedMs;
    if (!this.owner.isWanted(false) || phaseOfLease(lease, this.#clock.now() - grantedAt) === "expired") return;
    const { address } = lease.settings.ipv4;
    this.#log.info(`${this.link.name}: no server answers; using ${address} unconfirmed`);
    this.observer.onStep({ kind: "note", text: `DHCP no server answers; uses ${address} unconfirmed` });
    this.owner.use(lease, grantedAt, false);
  }
  /** The gateway is that of the remembered lease: the network is, too. */
  #onAttached(): void {
    if (!this.#remembered || !this.owner.isWanted(true)) return;
    const { lease, elapsedMs } = this.#remembered;
    const { gateway, address } = lease.settings.ipv4;
    this.observer.onStep({ kind: "note", text: `DHCP uses ${address} again: its gateway ${gateway} answers` });
    this.owner.use(lease, this.#startedAt - elapsedMs, true);
  }
}
