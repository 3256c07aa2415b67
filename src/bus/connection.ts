import type { Socket } from "node:net";
import type { Cancel, Clock } from "../base/clock.ts";
import { FrameReader } from "./frame-reader.ts";
import type { BusLimits } from "./limits.ts";
import type { Authenticated } from "./socket.ts";
import { Writer } from "./writer.ts";

/** What is written within one turn goes out at its end; a batch beyond this goes at once. */
const flushBytes = 65_536;
/** After a large message the buffer is not kept. */
const keepCapacity = 4 * flushBytes;

export interface ConnectionHandler {
  frame(bytes: Buffer): "wait" | undefined;
  oversized(header: Buffer | undefined, totalBytes: number): void;
  /** Once, also after {@link Connection.close}. `why` is one line for people. */
  closed(why: string): void;
}

/**
 * One authenticated connection to the bus: messages in and out, nothing about what they mean. Memory is bounded both
 * ways: no more is read while much waits to be sent, and a bus that does not read is given up.
 */
export class Connection {
  readonly #socket: Socket;
  readonly #reader: FrameReader;
  #writer = new Writer();
  #isFlushing = false;
  #isClosed = false;
  #isEnding = false;
  #cancelStall: Cancel | undefined;
  readonly #closed: Promise<void>;
  #tellClosed: () => void = () => {};

  constructor(
    { bytes, rest }: Authenticated,
    private readonly handler: ConnectionHandler,
    private readonly clock: Clock,
    private readonly limits: BusLimits,
  ) {
    const { socket } = bytes;
    this.#socket = socket;
    this.#reader = new FrameReader(handler, limits);
    this.#closed = new Promise((resolve) => {
      this.#tellClosed = resolve;
    });
    bytes.onBytes = (chunk) => this.#guarded(() => this.#reader.push(chunk));
    socket.on("drain", () => this.#onDrain());
    socket.on("error", (error: NodeJS.ErrnoException) => this.drop(error.code ?? error.message));
    socket.on("close", () => this.drop("closed by the bus"));
    if (rest.length > 0) queueMicrotask(() => this.#guarded(() => this.#reader.push(rest)));
  }

  get isOpen(): boolean {
    return !this.#isClosed && !this.#isEnding;
  }
  /** Bytes that the kernel has not taken yet. */
  get queuedBytes(): number {
    return this.#socket.writableLength + this.#writer.position;
  }

  /** Appends a message; what `write` throws comes out, and nothing has been appended then. */
  send(write: (writer: Writer) => void): void {
    if (!this.isOpen) return;
    write(this.#writer);
    if (this.#writer.position >= flushBytes) this.#flush();
    else if (!this.#isFlushing) {
      this.#isFlushing = true;
      queueMicrotask(() => this.#flush());
    }
  }

  /** Sends what waits, for at most `graceMs` milliseconds, then closes. */
  async close(graceMs: number): Promise<void> {
    if (this.#isClosed) return;
    this.#flush();
    this.#isEnding = true;
    this.#socket.end();
    // There is no "drain" any more once a stream is ending, and a paused one never sees that the bus has closed too.
    this.#socket.resume();
    const cancel = this.clock.startTimer("bus-close", graceMs, () => this.drop("closed"));
    await this.#closed;
    cancel();
  }

  /** Closes at once. */
  drop(why: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelStall?.();
    this.#socket.destroy();
    this.#writer = new Writer(0);
    this.#tellClosed();
    this.handler.closed(why);
  }

  #flush(): void {
    this.#isFlushing = false;
    const { position } = this.#writer;
    if (this.#isClosed || position === 0) return;
    if (this.#socket.writableLength + position > this.limits.maxQueuedBytes) {
      this.drop(`the bus does not read: ${this.queuedBytes} bytes wait`);
      return;
    }
    if (!this.#socket.write(this.#takeBatch())) this.#onBacklog();
  }
  #takeBatch(): Buffer {
    const { bytes, position } = this.#writer;
    this.#writer.position = 0;
    if (position < flushBytes) return Buffer.from(bytes.subarray(0, position));
    // Handed over as it is; a copy of a large batch would cost more than a new buffer.
    this.#writer = new Writer(bytes.length > keepCapacity ? undefined : bytes.length);
    return bytes.subarray(0, position);
  }

  #onBacklog(): void {
    if (this.#socket.writableLength > this.limits.pauseReadingBytes) this.#socket.pause();
    if (!this.#cancelStall && !this.#isClosed) this.#watchForStall();
  }
  #watchForStall(): void {
    const sent = this.#sentBytes();
    this.#cancelStall = this.clock.startTimer("bus-stall", this.limits.stallMs, () => {
      if (this.#sentBytes() === sent) this.drop(`the bus has read nothing for ${this.limits.stallMs} ms`);
      else this.#watchForStall();
    });
  }
  #sentBytes(): number {
    return this.#socket.bytesWritten - this.#socket.writableLength;
  }
  #onDrain(): void {
    this.#cancelStall?.();
    this.#cancelStall = undefined;
    if (!this.#reader.isWaiting) this.#socket.resume();
  }

  /** Reads on; when the reader asks to wait, only after what the last message set off has run. */
  #guarded(read: () => void): void {
    if (this.#isClosed) return;
    try {
      read();
    } catch (error) {
      this.drop(`the stream of the bus is broken: ${(error as Error).message}`);
      return;
    }
    if (this.#reader.isWaiting) this.#resumeLater();
  }
  #resumeLater(): void {
    this.#socket.pause();
    setImmediate(() => {
      if (this.#isClosed) return;
      this.#guarded(() => this.#reader.resume());
      const mayRead = this.#socket.writableLength <= this.limits.pauseReadingBytes;
      if (!this.#reader.isWaiting && mayRead) this.#socket.resume();
    });
  }
}
