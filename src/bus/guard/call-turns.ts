import type { Clock } from "../../base/clock.ts";
import { BusError, type Credentials } from "../bus.ts";
import { MessageFlag, type Received } from "../wire/message.ts";
import { standardError } from "../wire/names.ts";
import { CallQueue, type WaitingWork } from "./call-queue.ts";

/**
 * A bus without a flood reads all we write at once. Of bytes that it has not been seen to read, so many may be under
 * way before it is asked for a sign, and so many before calls wait: some thirty usual answers and one sign for them.
 */
const signAfterBytes = 65_536;
const calmBytes = 98_304;
/**
 * Once calls wait: dbus-daemon reads 2 KiB of each of its clients in turn, and further bytes stand in the way of the
 * next caller.
 */
const crowdedBytes = 4_096;
/** Minimum cost charged per call; the reply may be sent later and may trigger calls of ours. */
const leastBytes = 256;
/** Then other events of the process have their turn. */
const turnMs = 4;
/** A millisecond of work counts as much as these: the bus passes on so many bytes meanwhile. */
const bytesPerMs = 16_384;
/** Users are learned a few at a time: the questions stand in the same queue as the answers. */
const mostQuestions = 4;

export interface TurnsHost {
  /** Answers it, now or later. `bytes` are valid until it returns. */
  serve(bytes: Buffer, received: Received | undefined): void;
  refuse(sender: string, serial: number): void;
  /** Bytes of all messages sent so far. */
  sentBytes(): number;
  /** Calls back when the bus has read everything sent before. */
  onceRead(isRead: () => void): void;
  /** Undefined: not known without asking. */
  knownUid(sender: string): number | undefined;
  credentialsOf(sender: string): Promise<Credentials>;
}

/**
 * Decides when each call to us is answered. Calls are read as fast as the bus sends them; where the answers pile up on
 * their way out, since the bus is busy or a client asks for much, calls wait here, and users take turns
 * ({@link CallQueue}).
 *
 * Order: calls of one user's connections are looked at in the order in which they came. A call that waits has not been
 * looked at: its answer is made when its turn comes, and sent behind all that was sent until then. So messages of ours
 * never pass one another; an answer tells the state after the signals before it, and before those behind it, as on an
 * idle bus.
 */
export class CallTurns {
  readonly #queue = new CallQueue();
  /** Of {@link TurnsHost.sentBytes}, those that the bus was seen to have read. */
  #readBytes = 0;
  /** Calls since the last sign was asked for. */
  #served = 0;
  #isAsking = false;
  #askedAt = 0;
  #isStopped = false;
  /** Calls have waited since the bus was last seen to have read everything. */
  #isCrowded = false;
  /** Milliseconds that calls took since other events had their turn, or since long before. */
  #turnTook = 0;
  #isTurnEnding = false;
  #isNextTurnPlanned = false;
  /** The last turn of a waiting call; it ends with the events that it led to. */
  #lastTurn: { readonly line: string; readonly sentBefore: number; readonly tookMs: number } | undefined;
  /** Connections whose user the bus is asked for. */
  readonly #asked = new Set<string>();
  /** Connections whose user it could not tell in this crowd. */
  readonly #nameless = new Set<string>();

  constructor(
    private readonly host: TurnsHost,
    private readonly clock: Pick<Clock, "now">,
  ) {}

  /** A method call came; `bytes` are valid until this returns. */
  onCall(bytes: Buffer, received: Received): void {
    if (this.#queue.size === 0 && this.#mayServe()) {
      this.#serve(bytes, received);
      this.#watch();
    } else this.#wait(bytes, received);
  }

  /**
   * The rest of a call that has had its turn and waited for something else since: it takes a turn as a call does, so
   * that a client that asks for much at once does not have it all done before others' calls are looked at.
   */
  onWork(sender: string, work: WaitingWork): void {
    if (this.#isStopped) {
      work.refuse(connectionLost());
      return;
    }
    if (this.#queue.size === 0 && this.#mayServe()) {
      this.#spend(() => work.run());
      this.#watch();
      return;
    }
    this.#isCrowded = true;
    const uid = this.host.knownUid(sender);
    if (!this.#queue.addWork(uid === undefined ? sender : lineOf(uid), sender, work)) work.refuse(tooManyCalls());
    this.#goOn();
  }

  /** The connection is gone, and with it all callers that wait for an answer. */
  stop(): void {
    this.#isStopped = true;
    this.#queue.clear(connectionLost());
  }

  /** Bytes, those counted in that are to come. */
  get #unread(): number {
    return this.host.sentBytes() - this.#readBytes + this.#served * leastBytes;
  }
  #mayServe(): boolean {
    if (this.#unread > (this.#isCrowded ? crowdedBytes : calmBytes)) return false;
    return this.#turnTook < turnMs;
  }
  /** Answers a call, and sees to it that a turn ends; one of few calls has nothing to be seen to. */
  #serve(bytes: Buffer, received: Received | undefined): number {
    return this.#spend(() => this.host.serve(bytes, received));
  }
  /** Returns how long it took. */
  #spend(work: () => void): number {
    this.#served++;
    const began = this.clock.now();
    work();
    const tookMs = this.clock.now() - began;
    this.#turnTook += tookMs;
    if (this.#turnTook >= turnMs / 2) this.#endTurn();
    return tookMs;
  }
  #endTurn(): void {
    if (this.#isTurnEnding) return;
    this.#isTurnEnding = true;
    setImmediate(() => {
      this.#isTurnEnding = false;
      this.#turnTook = 0;
    });
  }

  #wait(bytes: Buffer, { message }: Received): void {
    const { sender = "", flags } = message;
    const serial = flags & MessageFlag.NO_REPLY_EXPECTED ? undefined : (message.serial as number);
    this.#isCrowded = true;
    const uid = this.host.knownUid(sender);
    const line = uid === undefined ? sender : lineOf(uid);
    // Another call may have asked for the user: waiting calls of this sender stay in front.
    if (uid !== undefined) this.#queue.join(sender, line);
    this.#queue.add(line, { sender, serial }, bytes.length, () => Buffer.from(bytes));
    if (uid === undefined) this.#askUsers();
    this.#goOn();
  }
  /** Plans the next turn, after any end of the waiting: the bus reads, or the turn of other events is over. */
  #goOn(): void {
    this.#watch();
    if (this.#isAsking || this.#isNextTurnPlanned) return;
    this.#isNextTurnPlanned = true;
    setImmediate(() => {
      this.#isNextTurnPlanned = false;
      this.#serveWaiting();
    });
  }
  #serveWaiting(): void {
    this.#chargeLastTurn();
    while (this.#queue.size > 0 && this.#mayServe() && !this.#lastTurn) this.#serveNext();
    if (this.#queue.size > 0) this.#goOn();
    else this.#watch();
  }
  #serveNext(): void {
    const next = this.#queue.take();
    if (!next) return;
    const { bytes, sender, serial, work } = next.queued;
    const before = this.host.sentBytes();
    if (work) {
      // Its answer leaves with the promises that it settles: its cost is known when they have run.
      this.#lastTurn = { line: next.line, sentBefore: before, tookMs: this.#spend(() => work.run()) };
      return;
    }
    if (bytes) this.#serve(bytes, undefined);
    else if (serial !== undefined) {
      this.#served++;
      this.host.refuse(sender, serial);
    }
    this.#queue.charge(next.line, 1 + this.host.sentBytes() - before);
  }

  #chargeLastTurn(): void {
    if (!this.#lastTurn) return;
    const { line, sentBefore, tookMs } = this.#lastTurn;
    this.#lastTurn = undefined;
    this.#queue.charge(line, 1 + this.host.sentBytes() - sentBefore + tookMs * bytesPerMs);
  }

  /** Asks for a sign that the bus reads, where it matters. */
  #watch(): void {
    if (this.#isAsking || this.#isStopped || this.#unread <= this.#unwatched) return;
    this.#isAsking = true;
    this.host.onceRead(() => this.#onRead());
    this.#askedAt = this.host.sentBytes();
    this.#served = 0;
  }
  /**
   * Bytes under way that need no sign; after a crowd the last of them do, so that the next usual call finds a calm bus.
   */
  get #unwatched(): number {
    if (!this.#isCrowded) return signAfterBytes;
    return this.#queue.size > 0 ? crowdedBytes : 0;
  }
  #onRead(): void {
    this.#isAsking = false;
    this.#readBytes = this.#askedAt;
    if (this.#queue.size > 0) this.#serveWaiting();
    else this.#endCrowd();
  }
  #endCrowd(): void {
    this.#isCrowded = false;
    this.#nameless.clear();
  }

  /** Only where several lines wait; a connection of an unknown user keeps a line of its own. */
  #askUsers(): void {
    if (this.#asked.size >= mostQuestions || !this.#queue.hasSeveralLines || this.#isStopped) return;
    for (const line of [...this.#queue.lines()]) {
      const isUnknown = line.startsWith(":") && !this.#asked.has(line) && !this.#nameless.has(line);
      if (isUnknown && this.#asked.size < mostQuestions) this.#askUser(line);
    }
  }
  #askUser(sender: string): void {
    this.#asked.add(sender);
    const askOn = () => {
      this.#asked.delete(sender);
      this.#askUsers();
    };
    this.host.credentialsOf(sender).then(
      ({ uid }) => {
        this.#queue.join(sender, lineOf(uid));
        askOn();
      },
      () => {
        this.#nameless.add(sender);
        askOn();
      },
    );
  }
}

const connectionLost = () => new BusError(standardError("Disconnected"), "the connection to the bus is gone");
const tooManyCalls = () =>
  new BusError(standardError("LimitsExceeded"), "too many calls of this user wait for their answer");
const lineOf = (uid: number): string => `user ${uid}`;
