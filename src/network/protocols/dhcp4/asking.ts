import type { Clock } from "../../../base/clock.ts";
import type { Dhcp4Config } from "./config.ts";
import type { Identity } from "./identity.ts";
import type { DhcpLease } from "./lease.ts";
import type { DhcpMessage } from "./message.ts";
import { broadcastDatagram, type Messenger } from "./messenger.ts";
import * as requests from "./requests.ts";

/** After this many unanswered messages the reason may be a server or relay that cannot unicast to us. */
const unansweredBeforeBroadcast = 2;

/** First message of an exchange. */
export type FirstQuestion = "discover" | "reboot";

interface ReadyQuestion {
  readonly kind: FirstQuestion;
  /** The address that it names. */
  readonly hint: string | undefined;
  readonly id: number;
  readonly datagram: Buffer;
  sentAt: number | undefined;
}

/** The client's side of an exchange: its number, how often it was asked, and whether answers must be broadcast. */
export class Asking {
  #transactionId = 0;
  #startedAt = 0;
  #sentAt = 0;
  #sent = 0;
  #unanswered = 0;
  #needsBroadcast = false;
  #ready: ReadyQuestion | undefined;

  constructor(
    private readonly identity: Identity,
    private readonly flag: Dhcp4Config["broadcastFlag"],
    private readonly messenger: Messenger,
    private readonly clock: Clock,
    private readonly newTransactionId: () => number,
  ) {}

  get transactionId(): number {
    return this.#transactionId;
  }
  /** When the latest message left: a lease counts from there (RFC 2131, 4.4.1). */
  get sentAt(): number {
    return this.#sentAt;
  }
  /** How often the present message has been sent. */
  get sent(): number {
    return this.#sent;
  }

  /** Forgets the flag and the missing answers of the last network. */
  reset(): void {
    this.#needsBroadcast = this.flag === "always";
    this.#unanswered = 0;
  }
  newExchange(): void {
    this.#transactionId = this.#ready?.sentAt === undefined ? this.newTransactionId() : this.#ready.id;
    this.#startedAt = this.clock.now();
  }
  /** Encodes a first message for {@link sendReady}, with a transaction id of its own. */
  getReady(kind: FirstQuestion, hint: string | undefined): void {
    const id = this.newTransactionId();
    const exchange = { id, seconds: 0, isBroadcast: this.flag === "always" };
    const message =
      kind === "reboot" && hint !== undefined
        ? requests.requestRemembered(this.identity, exchange, hint)
        : requests.discover(this.identity, exchange, hint);
    this.#ready = { kind, hint, id, datagram: broadcastDatagram(message), sentAt: undefined };
  }
  /** The exchange that begins next goes on from it, if the kernel took it and it would ask the same. */
  sendReady(): void {
    if (this.#ready && this.messenger.send(this.#ready.datagram)) this.#ready.sentAt = this.clock.now();
  }
  /** Another message from now on: its repetitions count from the beginning. */
  newQuestion(): void {
    this.#sent = 0;
  }
  answered(): void {
    this.#unanswered = 0;
  }

  /** `hint`: an address we have or had here. */
  discover(hint: string | undefined): void {
    this.#count();
    if (this.#wasSent("discover", hint)) return;
    this.messenger.broadcast(requests.discover(this.identity, this.#exchange, hint));
  }
  requestOffered(address: string, serverId: string): void {
    this.#count();
    this.messenger.broadcast(requests.requestOffered(this.identity, this.#exchange, address, serverId));
  }
  requestRemembered(address: string): void {
    this.#count();
    if (this.#wasSent("reboot", address)) return;
    this.messenger.broadcast(requests.requestRemembered(this.identity, this.#exchange, address));
  }
  renew(lease: DhcpLease): void {
    this.#count();
    this.messenger.unicast(this.#renewal(lease), lease);
  }
  rebind(lease: DhcpLease): void {
    this.#count();
    this.messenger.broadcast(this.#renewal(lease));
  }
  decline({ settings, serverId }: DhcpLease): void {
    this.newExchange();
    this.messenger.broadcast(requests.decline(this.identity, this.#farewell, settings.ipv4.address, serverId));
  }
  /** Returns whether it left the host. */
  release(lease: DhcpLease): boolean {
    this.newExchange();
    const { settings, serverId } = lease;
    const message = requests.release(this.identity, this.#farewell, settings.ipv4.address, serverId);
    return this.messenger.directly(message, lease);
  }

  /** Whether the message has left already, as {@link sendReady} sent it. */
  #wasSent(kind: FirstQuestion, hint: string | undefined): boolean {
    const ready = this.#ready;
    this.#ready = undefined;
    if (ready?.sentAt === undefined || ready.kind !== kind || ready.hint !== hint) return false;
    this.#sentAt = ready.sentAt;
    return true;
  }
  #count(): void {
    this.#sent++;
    this.#sentAt = this.clock.now();
    if (this.flag !== "never" && this.#unanswered >= unansweredBeforeBroadcast) this.#needsBroadcast = true;
    this.#unanswered++;
  }
  /** Answers go to the address that the message comes from, with any flag (RFC 2131, 4.1). */
  #renewal(lease: DhcpLease): DhcpMessage {
    const exchange = { ...this.#exchange, isBroadcast: false };
    return requests.requestRenewal(this.identity, exchange, lease.settings.ipv4.address);
  }
  get #exchange(): requests.Exchange {
    const seconds = Math.floor((this.clock.now() - this.#startedAt) / 1000);
    return { id: this.#transactionId, seconds, isBroadcast: this.#needsBroadcast };
  }
  /** RELEASE and DECLINE get no answer. */
  get #farewell(): requests.Exchange {
    return { id: this.#transactionId, seconds: 0, isBroadcast: false };
  }
}
