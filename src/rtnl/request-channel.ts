/**
 * Requests and their answers, one exchange at a time. The kernel answers inside our sendmsg, so an exchange normally
 * begins and ends in one call, without a turn of the event loop; only when it does not, the socket is polled.
 */
import type { Cancel, Clock } from "../base/clock.ts";
import type { NativeSocket, ReceivedMessage, SystemError } from "../native/native.ts";
import { type Acknowledgement, decodeDone, decodeError } from "./ack-messages.ts";
import { setSequence } from "./encode.ts";
import { errnoOf } from "./kernel-error.ts";
import { isFromKernel } from "./netlink-socket.ts";
import { eachMessage, type MessageHeader, NetlinkFormatError } from "./wire.ts";

const messageError = 2;
const messageDone = 3;
/** NLM_F_DUMP_INTR: the table changed while it was read. */
const flagInterrupted = 0x10;

/** The kernel answers at once or, when it is out of memory, never. */
const requestLimitMs = 5000;
/** So that the acknowledgements of one sendmsg fit into any receive buffer. */
const mostInOneSend = 128;

export interface DumpOutcome {
  readonly errno: number;
  readonly detail?: string;
  readonly wasInterrupted: boolean;
}

/** Hears of each message of a dump. */
export type DumpReader = (header: MessageHeader, data: Buffer) => void;

interface Exchange {
  readonly bytes: Buffer;
  readonly firstSequence: number;
  /** One for each request, filled in as the answers come. */
  readonly answers: (Acknowledgement | undefined)[];
  readonly read: DumpReader | undefined;
  readonly done: (exchange: Exchange) => void;
  unanswered: number;
  wasInterrupted: boolean;
}

export interface ChannelCounters {
  malformed: number;
  spoofed: number;
}

export class RequestChannel {
  #sequence = 0;
  #current: Exchange | undefined;
  readonly #waiting: Exchange[] = [];
  #cancelLimit: Cancel = () => {};
  #isClosed = false;

  constructor(
    private readonly socket: NativeSocket,
    private readonly clock: Clock,
    private readonly counters: ChannelCounters,
  ) {}

  /** Sends in order, in as few system calls as possible; one answer for each. Never rejects. */
  async acknowledge(requests: readonly Buffer[]): Promise<readonly Acknowledgement[]> {
    const answers: Acknowledgement[] = [];
    for (let at = 0; at < requests.length; at += mostInOneSend) {
      const some = requests.slice(at, at + mostInOneSend);
      const answered = await new Promise<readonly Acknowledgement[]>((resolve) => {
        this.#exchange(some, undefined, (exchange) => resolve(exchange.answers.map(orCanceled)));
      });
      answers.push(...answered);
    }
    return answers;
  }

  /**
   * Reads one table. `done` runs in the same call as the last of `read` and, on the fast path, before this returns: a
   * caller that puts a table together can rely on nothing happening in between.
   */
  dump(request: Buffer, read: DumpReader, done: (outcome: DumpOutcome) => void): void {
    this.#exchange([request], read, ({ answers, wasInterrupted }) => {
      done({ ...orCanceled(answers[0]), wasInterrupted });
    });
  }

  /** Everything unanswered ends with ECANCELED. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.socket.close();
    const unfinished = this.#current ? [this.#current, ...this.#waiting] : this.#waiting;
    this.#current = undefined;
    this.#waiting.length = 0;
    this.#cancelLimit();
    for (const exchange of unfinished) exchange.done(exchange);
  }

  #exchange(requests: readonly Buffer[], read: DumpReader | undefined, done: (exchange: Exchange) => void): void {
    const exchange: Exchange = {
      bytes: Buffer.concat(requests.map((request) => this.#numbered(request))),
      firstSequence: (this.#sequence - requests.length + 1) >>> 0,
      answers: requests.map(() => undefined),
      unanswered: requests.length,
      wasInterrupted: false,
      read,
      done,
    };
    if (this.#isClosed) done(exchange);
    else if (this.#current) this.#waiting.push(exchange);
    else this.#begin(exchange);
  }
  #numbered(request: Buffer): Buffer {
    this.#sequence = (this.#sequence + 1) >>> 0;
    setSequence(request, this.#sequence);
    return request;
  }
  #begin(exchange: Exchange): void {
    this.#current = exchange;
    try {
      if (this.socket.send(exchange.bytes)) this.#receiveAtOnce(exchange);
      else this.#finish(errnoOf("EAGAIN"));
    } catch (error) {
      this.#finish(errnoFrom(error));
    }
    if (this.#current === exchange) this.#waitFor();
  }
  /** As far as answers are there; each `receive` lets the kernel put the next piece of a dump in the queue. */
  #receiveAtOnce(exchange: Exchange): void {
    while (this.#current === exchange) {
      const messages = this.socket.receive(16);
      if (messages.length === 0) return;
      for (const message of messages) this.#onMessage(message);
    }
  }
  #waitFor(): void {
    this.#cancelLimit = this.clock.startTimer("rtnl-request", requestLimitMs, () => this.#finish(errnoOf("ETIMEDOUT")));
    this.socket.start({
      onMessage: (message) => this.#onMessage(message),
      onError: (error) => this.#finish(error.errno),
    });
  }
  #onMessage(message: ReceivedMessage): void {
    if (!isFromKernel(message)) {
      this.counters.spoofed++;
      return;
    }
    try {
      eachMessage(message.data, (header) => this.#onAnswer(header, message.data));
    } catch (error) {
      if (!(error instanceof NetlinkFormatError)) throw error;
      this.counters.malformed++;
    }
  }
  #onAnswer(header: MessageHeader, data: Buffer): void {
    const exchange = this.#current;
    if (!exchange) return;
    const index = (header.sequence - exchange.firstSequence) >>> 0;
    // The late answer to a request that was given up.
    if (index >= exchange.answers.length) return;
    if ((header.flags & flagInterrupted) !== 0) exchange.wasInterrupted = true;
    const { type, flags, from, end } = header;
    if (type === messageError) this.#onAcknowledged(exchange, index, decodeError(data, flags, from, end));
    else if (type === messageDone) this.#onAcknowledged(exchange, index, decodeDone(data, flags, from, end));
    else this.#read(exchange, header, data);
  }
  /** One record that cannot be read does not cost the others of its datagram. */
  #read(exchange: Exchange, header: MessageHeader, data: Buffer): void {
    try {
      exchange.read?.(header, data);
    } catch (error) {
      if (!(error instanceof NetlinkFormatError)) throw error;
      this.counters.malformed++;
    }
  }
  #onAcknowledged(exchange: Exchange, index: number, answer: Acknowledgement): void {
    if (exchange.answers[index]) return;
    exchange.answers[index] = answer;
    exchange.unanswered--;
    if (exchange.unanswered === 0) this.#finish(0);
  }
  /** Unanswered requests get `errno`. */
  #finish(errno: number): void {
    const exchange = this.#current;
    if (!exchange) return;
    this.#cancelLimit();
    this.#cancelLimit = () => {};
    if (!this.#isClosed) this.socket.stop();
    exchange.answers.forEach((answer, index) => {
      if (!answer) exchange.answers[index] = { errno };
    });
    this.#current = undefined;
    exchange.done(exchange);
    // The end of one exchange may have begun the next.
    const next = this.#current ? undefined : this.#waiting.shift();
    if (next) this.#begin(next);
  }
}

const errnoFrom = (error: unknown): number => (error as Partial<SystemError>).errno ?? errnoOf("EIO");

const orCanceled = (answer: Acknowledgement | undefined): Acknowledgement => answer ?? { errno: errnoOf("ECANCELED") };
