import type { BusLimits } from "./limits.ts";
import { fixedHeaderBytes, messageLengths } from "./message.ts";

/** More than any header that somebody honest sends; of a larger one nothing is kept. */
const mostHeaderBytes = 1024 * 1024;

const nothing = Buffer.alloc(0);

/** What the reader finds. A handler that returns "wait" gets nothing more until {@link FrameReader.resume}. */
export interface FrameHandler {
  /** All bytes of one message. They may be part of a larger buffer, so nothing may hold on to them. */
  frame(bytes: Buffer): "wait" | undefined;
  /** A message beyond the limit was read over; `header` is its header, or undefined if even that is too large. */
  oversized(header: Buffer | undefined, totalBytes: number): void;
}

/**
 * Cuts a stream into messages. Holds at most one message besides the chunk at hand, however the stream is cut; each
 * byte is copied at most once.
 */
export class FrameReader {
  #chunk: Buffer = nothing;
  /** The beginning of a message whose end has not come yet. */
  #partial: Buffer | undefined;
  #filled = 0;
  #skip = 0;
  #isWaiting = false;

  constructor(
    private readonly handler: FrameHandler,
    private readonly limits: BusLimits,
  ) {}

  get isWaiting(): boolean {
    return this.#isWaiting;
  }
  /**
   * Nothing holds on to `chunk` afterwards. Throws WireError when the stream can no longer be understood.
   */
  push(chunk: Buffer): void {
    this.#chunk = this.#chunk.length === 0 ? chunk : Buffer.concat([this.#chunk, chunk]);
    if (!this.#isWaiting) this.#run();
    if (this.#chunk.length > 0) this.#chunk = Buffer.from(this.#chunk);
  }
  /** Goes on after "wait". Throws as {@link push}. */
  resume(): void {
    this.#isWaiting = false;
    this.#run();
  }

  #run(): void {
    while (!this.#isWaiting && this.#chunk.length > 0 && this.#step());
  }
  /** False: the chunk is used up. */
  #step(): boolean {
    if (this.#skip > 0) return this.#skipBytes();
    if (this.#partial) return this.#fill(this.#partial);
    if (this.#chunk.length < fixedHeaderBytes) return this.#keep(Buffer.allocUnsafe(fixedHeaderBytes));
    const { header, body } = messageLengths(this.#chunk);
    const total = header + body;
    if (total > this.limits.maxMessageBytes) return this.#startOversized(header);
    if (this.#chunk.length < total) return this.#keep(Buffer.allocUnsafeSlow(total));
    this.#deliver(this.#take(total));
    return true;
  }
  #deliver(frame: Buffer): void {
    if (this.handler.frame(frame) === "wait") this.#isWaiting = true;
  }
  #take(count: number): Buffer {
    const taken = this.#chunk.subarray(0, count);
    this.#chunk = taken.length === this.#chunk.length ? nothing : this.#chunk.subarray(taken.length);
    return taken;
  }
  #keep(partial: Buffer): boolean {
    this.#partial = partial;
    this.#filled = 0;
    return this.#fill(partial);
  }
  #fill(partial: Buffer): boolean {
    this.#filled += this.#take(partial.length - this.#filled).copy(partial, this.#filled);
    if (this.#filled < partial.length) return false;
    this.#partial = undefined;
    const { header, body } = messageLengths(partial);
    const total = header + body;
    if (partial.length === total) this.#deliver(partial);
    else if (total > this.limits.maxMessageBytes) this.#finishOversized(partial, header, total);
    else this.#enlarge(partial, total);
    return true;
  }
  #enlarge(partial: Buffer, size: number): void {
    this.#partial = Buffer.allocUnsafeSlow(size);
    this.#filled = partial.copy(this.#partial);
  }
  #startOversized(header: number): boolean {
    return this.#keep(Buffer.allocUnsafe(header <= mostHeaderBytes ? header : fixedHeaderBytes));
  }
  /** The fixed part or the whole header of a message that is too large has come. */
  #finishOversized(partial: Buffer, header: number, total: number): void {
    if (partial.length < header && header <= mostHeaderBytes) {
      this.#enlarge(partial, header);
      return;
    }
    this.#skip = total - partial.length;
    this.handler.oversized(partial.length === header ? partial : undefined, total);
  }
  #skipBytes(): boolean {
    this.#skip -= this.#take(this.#skip).length;
    return true;
  }
}
