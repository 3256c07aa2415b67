import type { Socket } from "node:net";
import type { Clock } from "../../base/clock.ts";
import { FrameReader } from "../wire/frame-reader.ts";
import type { BusLimits } from "../wire/limits.ts";
import { Writer } from "../wire/writer.ts";
import type { Authenticated } from "./socket.ts";

/** The first messages of a turn go out as soon as they are written, the others at its end; a batch beyond this at once. */
const flushBytes = 65_536;
/**
 * The kernel is given this much at a time: it says that a piece is taken when the whole of it is, and a busy bus takes
 * its time for each.
 */
const pieceBytes = 16_384;
/** After a large message the buffer is not kept. */
const keepCapacity = 4 * flushBytes;

export interface ConnectionHandler {
  frame(bytes: Buffer): "wait" | undefined;
  largeHeader(headerBytes: number): "keep" | "skip";
  large(header: Buffer, totalBytes: number): "keep" | "skip";
  /** The kernel could not take everything, or has done so now: see {@link Connection.queuedBytes}. */
  backlogChanged(): void;
  /** Once, also after {@link Connection.close}. `why` is one line for people. */
  closed(why: string): void;
}

/**
 * One authenticated connection to the bus: messages in and out, nothing about their meaning. Memory is bounded both
 * ways: no more is read while much waits to be sent, and where too much does, the connection is closed.
 */
export class Connection {
  readonly #socket: Socket;
  readonly #reader: FrameReader;
  #writer = new Writer();
  #isFlushing = false;
  #isClosed = false;
  #isEnding = false;
  /** Batches in order; of the first a piece may be with the kernel. */
  readonly #queue: Buffer[] = [];
  #queuedInAll = 0;
  #flushedBytes = 0;
  #isWriting = false;
  #takenPieces = 0;
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
    this.#reader = new FrameReader(handler, limits.largeMessageBytes);
    this.#closed = new Promise((resolve) => {
      this.#tellClosed = resolve;
    });
    bytes.onBytes = (chunk) => this.#guarded(() => this.#reader.push(chunk));
    socket.on("error", (error: NodeJS.ErrnoException) => this.drop(error.code ?? error.message));
    socket.on("close", () => this.drop("closed by the bus"));
    if (rest.length > 0) queueMicrotask(() => this.#guarded(() => this.#reader.push(rest)));
  }

  get isOpen(): boolean {
    return !this.#isClosed && !this.#isEnding;
  }
  /** Bytes of all messages so far. */
  get sentBytes(): number {
    return this.#flushedBytes + this.#writer.position;
  }
  /** Bytes that the kernel has not taken yet. */
  get queuedBytes(): number {
    return this.#queuedInAll + this.#writer.position;
  }

  /** Pieces that the bus, or the kernel for it, has taken. */
  get takenPieces(): number {
    return this.#takenPieces;
  }

  /** Appends a message; throws the error of `write`, and nothing has been appended then. */
  send(write: (writer: Writer) => void): void {
    if (!this.isOpen) return;
    write(this.#writer);
    if (this.#writer.position >= flushBytes) this.#flush();
    else if (!this.#isFlushing) {
      this.#isFlushing = true;
      queueMicrotask(() => this.#flushFirst());
    }
  }
  /** A write costs more than most messages: whatever else the turn has to tell goes out together. */
  #flushFirst(): void {
    this.#flush();
    this.#isFlushing = true;
    // Comes after all microtasks of the turn.
    process.nextTick(() => this.#flush());
  }

  /** Sends waiting messages, for at most `graceMs` milliseconds, then closes. */
  async close(graceMs: number): Promise<void> {
    if (this.#isClosed) return;
    this.#flush();
    this.#isEnding = true;
    if (this.#queuedInAll === 0) this.#socket.end();
    // A paused stream never sees that the bus has closed too.
    this.#socket.resume();
    const cancel = this.clock.startTimer("bus-close", graceMs, () => this.drop("closed"));
    await this.#closed;
    cancel();
  }

  /** Closes at once. */
  drop(why: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket.destroy();
    this.#writer = new Writer(0);
    this.#queue.length = 0;
    this.#queuedInAll = 0;
    this.#tellClosed();
    this.handler.closed(why);
  }

  #flush(): void {
    this.#isFlushing = false;
    const { position } = this.#writer;
    if (this.#isClosed || position === 0) return;
    if (this.#queuedInAll + position > this.limits.maxQueuedBytes) {
      this.drop(`the bus does not read: ${this.queuedBytes} bytes wait`);
      return;
    }
    this.#queue.push(this.#takeBatch());
    this.#queuedInAll += position;
    this.#flushedBytes += position;
    this.#writeNext();
    if (this.#queuedInAll > 0) this.#onBacklog();
  }
  #writeNext(): void {
    const [batch] = this.#queue;
    if (!batch || this.#isWriting) return;
    const piece = batch.subarray(0, pieceBytes);
    if (piece.length === batch.length) this.#queue.shift();
    else this.#queue[0] = batch.subarray(pieceBytes);
    this.#isWriting = true;
    this.#socket.write(piece, () => this.#onTaken(piece.length));
  }
  #onTaken(bytes: number): void {
    if (this.#isClosed) return;
    this.#isWriting = false;
    this.#takenPieces++;
    this.#queuedInAll -= bytes;
    if (this.#queuedInAll > 0) this.#writeNext();
    else this.#onDrain();
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
    if (this.#queuedInAll > this.limits.pauseReadingBytes) this.#socket.pause();
    this.handler.backlogChanged();
  }
  #onDrain(): void {
    this.handler.backlogChanged();
    if (this.#isEnding) this.#socket.end();
    if (!this.#reader.isWaiting) this.#socket.resume();
  }

  /** Reads on; when the reader asks to wait, only after the consequences of the last message have run. */
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
      const mayRead = this.#queuedInAll <= this.limits.pauseReadingBytes;
      if (!this.#reader.isWaiting && mayRead) this.#socket.resume();
    });
  }
}
