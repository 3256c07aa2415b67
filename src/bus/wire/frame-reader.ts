import { fixedHeaderBytes, messageLengths } from "./message.ts";

const nothing = Buffer.alloc(0);

/** Findings of the reader. A handler that returns "wait" gets nothing more until {@link FrameReader.resume}. */
export interface FrameHandler {
  /** All bytes of one message. They may be part of a larger buffer, so nothing may hold on to them. */
  frame(bytes: Buffer): "wait" | undefined;
  /** A message begins whose header alone is large; one that is skipped is read over to its end. */
  largeHeader(headerBytes: number): "keep" | "skip";
  /** The header of a large message has come. */
  large(header: Buffer, totalBytes: number): "keep" | "skip";
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
  /** {@link #partial} is a large message that is kept. */
  #isKept = false;

  constructor(
    private readonly handler: FrameHandler,
    /** A message beyond this is a large one. */
    private readonly largeBytes: number,
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
    if (total > this.largeBytes) return this.#startLarge();
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
    if (total > this.largeBytes && !this.#isKept) this.#decide(partial, header, total);
    else if (partial.length < total) this.#enlarge(partial, total);
    else {
      this.#isKept = false;
      this.#deliver(partial);
    }
    return true;
  }
  #enlarge(partial: Buffer, size: number): void {
    this.#partial = Buffer.allocUnsafeSlow(size);
    this.#filled = partial.copy(this.#partial);
  }
  #startLarge(): boolean {
    return this.#keep(Buffer.allocUnsafe(fixedHeaderBytes));
  }
  /** The fixed part or the whole header of a large message has come. */
  #decide(partial: Buffer, header: number, total: number): void {
    if (partial.length < header && this.#wantsHeader(header)) {
      this.#enlarge(partial, header);
      return;
    }
    const isKept = partial.length === header && this.handler.large(partial, total) === "keep";
    if (!isKept) this.#skip = total - partial.length;
    else if (partial.length === total) this.#deliver(partial);
    else {
      this.#isKept = true;
      this.#enlarge(partial, total);
    }
  }
  #wantsHeader(bytes: number): boolean {
    return bytes <= this.largeBytes || this.handler.largeHeader(bytes) === "keep";
  }
  #skipBytes(): boolean {
    this.#skip -= this.#take(this.#skip).length;
    return true;
  }
}
