/** The kernel's news: delivered in bursts as they come, or drawn out at once when a caller needs the present state. */
import type { NativeSocket, ReceivedMessage, SystemError } from "../native/native.ts";
import { isFromKernel } from "./netlink-socket.ts";
import type { ChannelCounters } from "./request-channel.ts";

const messagesPerCall = 64;
/** So that listeners hear of a storm while it goes on. */
const mostInOneBurst = 1024;
/** A second or so of the fastest storm; beyond it other events get their turn. */
const mostInOneDrain = 65536;

export interface EventHost {
  /** The first message of a burst, before the others are read and before {@link onBurst} has it again. */
  onFirst(datagram: Buffer): void;
  /**
   * The burst is delivered whole before any listener hears of it, so that a host that draws out more news sees them in
   * order.
   */
  onBurst(datagrams: readonly Buffer[]): void;
  /** News were lost. */
  onOverrun(): void;
  onFailure(error: SystemError): void;
}

export class EventChannel {
  #isPaused = true;
  #isClosed = false;

  constructor(
    private readonly socket: NativeSocket,
    private readonly host: EventHost,
    private readonly counters: ChannelCounters,
  ) {}

  /** News stay in the kernel's queue until {@link resume}. */
  pause(): void {
    if (this.#isPaused || this.#isClosed) return;
    this.#isPaused = true;
    this.socket.stop();
  }
  resume(): void {
    if (!this.#isPaused || this.#isClosed) return;
    this.#isPaused = false;
    this.socket.start({
      // One event seldom comes alone: the next ones are taken in the same turn.
      onMessage: (message) => {
        if (isFromKernel(message)) this.host.onFirst(message.data);
        this.#drain([message]);
      },
      onError: (error) => this.#onError(error),
    });
  }
  /** Delivers the news queued now. Nothing while paused. */
  drain(): void {
    this.#drain([]);
  }
  /** Throws away the news queued now, overruns included. */
  discard(): void {
    for (let count = 0; count < mostInOneDrain; count += messagesPerCall) {
      const { messages, error } = this.#receive();
      // The mark of an overrun lies before the messages that got through.
      const goesOn = error ? isOverrun(error) : messages.length === messagesPerCall;
      if (!goesOn) return;
    }
  }
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.socket.close();
  }

  #drain(first: readonly ReceivedMessage[]): void {
    let burst = first;
    for (let count = 0; count < mostInOneDrain && !this.#isPaused && !this.#isClosed; count += messagesPerCall) {
      const { messages, error } = this.#receive();
      burst = burst.concat(messages);
      const isLast = messages.length < messagesPerCall;
      if (burst.length >= mostInOneBurst || isLast) {
        this.#deliver(burst);
        burst = [];
      }
      if (error) this.#onError(error);
      if (isLast) return;
    }
  }
  #receive(): { readonly messages: readonly ReceivedMessage[]; readonly error?: SystemError } {
    try {
      return { messages: this.socket.receive(messagesPerCall) };
    } catch (error) {
      return { messages: [], error: error as SystemError };
    }
  }
  #deliver(messages: readonly ReceivedMessage[]): void {
    const fromKernel = messages.filter(isFromKernel);
    this.counters.spoofed += messages.length - fromKernel.length;
    if (fromKernel.length > 0) this.host.onBurst(fromKernel.map((message) => message.data));
    // A truncated message is as good as lost.
    if (fromKernel.some((message) => message.isTruncated)) this.host.onOverrun();
  }
  #onError(error: SystemError): void {
    if (isOverrun(error)) this.host.onOverrun();
    else this.host.onFailure(error);
  }
}

const isOverrun = (error: SystemError): boolean => error.code === "ENOBUFS";
