import type { Clock } from "../../base/clock.ts";
import type { Call, Credentials } from "../bus.ts";
import type { Settle } from "../session/pending-calls.ts";
import { type BusLimits, longestTimeoutMs } from "../wire/limits.ts";
import { MessageFlag, type Received } from "../wire/message.ts";
import type { WaitingWork } from "./call-queue.ts";
import { CallTurns } from "./call-turns.ts";
import { LargeMessages } from "./large-messages.ts";
import { ReadSigns, readSign } from "./read-signs.ts";
import { type Probe, StallWatch } from "./stall-watch.ts";
import { UnreadAnswers } from "./unread-answers.ts";

export type { Probe } from "./stall-watch.ts";
export { readSign };

/** The connection, as the guard sees it. */
export interface GuardedConnection {
  /**
   * Answers a call, now or later. `bytes` are valid until it returns; `received` is absent when the call had to wait.
   */
  serve(bytes: Buffer, received: Received | undefined): void;
  refuse(sender: string, serial: number, why: string): void;
  request(call: Call, settle: Settle): void;
  /** Bytes of all messages sent so far. */
  sentBytes(): number;
  /** Bytes that the kernel has not taken yet. */
  queuedBytes(): number;
  /** Pieces of messages that the kernel has taken. */
  takenPieces(): number;
  /** A second connection to the same bus. */
  openProbe(): Promise<Probe>;
  /** The connection is of no use any more. */
  giveUp(why: string): void;
  /** Undefined: not known without asking. */
  knownUid(sender: string): number | undefined;
  credentialsOf(sender: string): Promise<Credentials>;
}

/**
 * Keeps one connection usable while a client floods the bus or reads none of its answers: calls take turns by user,
 * large messages and unread answers are bounded, and a bus that has ceased to read this connection is told from a slow
 * one.
 *
 * Frozen: the session knows this class alone, and the constants behind it are tuned to dbus-daemon as they stand. A
 * fault that a usual client sees is mended here; no further defence against local floods is added.
 */
export class FloodGuard {
  readonly #turns: CallTurns;
  readonly #stallWatch: StallWatch;
  readonly #unread: UnreadAnswers;
  readonly #large: LargeMessages;
  readonly #signs: ReadSigns;

  constructor(
    private readonly connection: GuardedConnection,
    clock: Pick<Clock, "now" | "startTimer">,
    limits: Pick<BusLimits, "stallMs" | "deadMs">,
  ) {
    this.#signs = new ReadSigns(connection, clock);
    this.#turns = new CallTurns(this.#turnsHost(), clock);
    const ping = (sender: string, isRead: () => void) => this.#ping(sender, isRead);
    const knownUid = (sender: string) => connection.knownUid(sender);
    const credentialsOf = (sender: string) => connection.credentialsOf(sender);
    this.#unread = new UnreadAnswers({ knownUid, credentialsOf, ping }, clock);
    this.#large = new LargeMessages(connection, clock);
    const progress = () => connection.takenPieces() - this.#signs.repeated + this.#signs.seen;
    const openProbe = () => connection.openProbe();
    this.#stallWatch = new StallWatch({ progress, openProbe, giveUp: (why) => connection.giveUp(why) }, clock, limits);
  }

  /** A method call came; it is served, kept for its turn, refused or ignored. `bytes` are valid until this returns. */
  onCall(bytes: Buffer, received: Received): void {
    const { sender = "", serial, flags } = received.message;
    const tolerance = this.#unread.toleranceOf(sender);
    if (tolerance === "answer") this.#turns.onCall(bytes, received);
    else if (tolerance === "refuse" && serial !== null && !(flags & MessageFlag.NO_REPLY_EXPECTED)) {
      this.connection.refuse(sender, serial, "too many answers to this user were not read");
    }
  }
  /** See {@link CallTurns.onWork}. */
  onWork(sender: string, work: WaitingWork): void {
    this.#turns.onWork(sender, work);
  }
  /** `bytes` were sent to one connection. */
  onSent(destination: string, bytes: number): void {
    this.#unread.sent(destination, bytes);
  }
  /** Called whenever bytes begin or cease to wait for the kernel. */
  onBacklogChanged(): void {
    if (this.connection.queuedBytes() > 0 || this.#signs.isAsked) this.#stallWatch.start();
    else this.#stallWatch.stop();
  }
  /** Whether a large message is worth its memory; it counts then. */
  admitsLarge(sender: string, bytes: number): boolean {
    return this.#large.admits(sender, bytes);
  }
  admitsLargeHeader(bytes: number): boolean {
    return this.#large.admitsHeader(bytes);
  }
  /** Whether a refusal may still be sent to this connection. */
  mayRefuse(sender: string): boolean {
    return this.#unread.toleranceOf(sender) !== "ignore";
  }
  /** The connection is closed. */
  stop(): void {
    this.#turns.stop();
    this.#stallWatch.end();
  }

  #turnsHost(): ConstructorParameters<typeof CallTurns>[0] {
    const { connection } = this;
    return {
      serve: (bytes, received) => connection.serve(bytes, received),
      refuse: (sender, serial) =>
        connection.refuse(sender, serial, "too many calls of this user wait for their answer"),
      sentBytes: () => connection.sentBytes(),
      onceRead: (isRead) => this.#askForSign(isRead),
      knownUid: (sender) => connection.knownUid(sender),
      credentialsOf: (sender) => connection.credentialsOf(sender),
    };
  }
  #ping(sender: string, isRead: () => void): void {
    const ping = { destination: sender, path: "/", interface: "org.freedesktop.DBus.Peer", member: "Ping" };
    this.connection.request({ ...ping, timeoutMs: longestTimeoutMs }, () => isRead());
  }
  #askForSign(isRead: () => void): void {
    this.#signs.ask(() => {
      this.onBacklogChanged();
      isRead();
    });
    this.#stallWatch.start();
  }
}
