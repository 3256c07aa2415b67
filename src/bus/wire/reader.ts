import { isUtf8 } from "node:buffer";
import { protocolLimits } from "./limits.ts";
import { WireError } from "./wire-error.ts";

/** Strings up to this are looked at by character; native calls pay off beyond. */
const shortText = 32;

/**
 * Reads one message, whose first byte is `bytes[0]`. Every access is checked against `end`; a breach of the
 * specification throws {@link WireError}.
 */
export class Reader {
  /** Containers around the value being read. */
  depth = 0;
  constructor(
    readonly bytes: Buffer,
    public position: number,
    readonly end: number,
    readonly isLittleEndian: boolean,
    /** How many values may still be read; see BusLimits.maxValues. */
    public valuesLeft: number,
  ) {}

  /** Padding has to be zero. */
  align(alignment: number): void {
    const to = (this.position + alignment - 1) & -alignment;
    if (to > this.end) this.#cutShort();
    while (this.position < to) {
      if (this.bytes[this.position++] !== 0) throw new WireError("padding is not zero");
    }
  }
  u8(): number {
    return this.bytes[this.#take(1)] as number;
  }
  u16(): number {
    this.align(2);
    const at = this.#take(2);
    return this.isLittleEndian ? this.bytes.readUInt16LE(at) : this.bytes.readUInt16BE(at);
  }
  i16(): number {
    return (this.u16() << 16) >> 16;
  }
  u32(): number {
    this.align(4);
    const at = this.#take(4);
    return this.isLittleEndian ? this.bytes.readUInt32LE(at) : this.bytes.readUInt32BE(at);
  }
  i32(): number {
    return this.u32() | 0;
  }
  u64(): bigint {
    this.align(8);
    const at = this.#take(8);
    return this.isLittleEndian ? this.bytes.readBigUInt64LE(at) : this.bytes.readBigUInt64BE(at);
  }
  i64(): bigint {
    return BigInt.asIntN(64, this.u64());
  }
  double(): number {
    this.align(8);
    const at = this.#take(8);
    return this.isLittleEndian ? this.bytes.readDoubleLE(at) : this.bytes.readDoubleBE(at);
  }
  boolean(): boolean {
    const value = this.u32();
    if (value > 1) throw new WireError("boolean is neither 0 nor 1");
    return value === 1;
  }
  text(): string {
    return this.#text(this.u32());
  }
  /** Text with a length of one byte, as signatures have. */
  shortText(): string {
    return this.#text(this.u8());
  }
  /** A copy: the buffer of the socket is not held on to. */
  byteArray(): Buffer {
    const start = this.arrayStart(1);
    const end = this.position;
    this.position = start;
    return Buffer.from(this.bytes.subarray(this.#take(end - start), end));
  }
  /** Reads length and padding of an array. Returns where its elements start and leaves {@link position} at its end. */
  arrayStart(alignment: number): number {
    const length = this.u32();
    if (length > protocolLimits.arrayBytes) throw new WireError("array larger than 64 MiB");
    this.align(alignment);
    return this.#take(length);
  }
  enter(): void {
    if (++this.depth > protocolLimits.totalDepth) throw new WireError("containers nested deeper than 64");
  }
  leave(): void {
    this.depth--;
  }
  countValue(): void {
    if (--this.valuesLeft < 0) throw new WireError("too many values in one message");
  }

  /** Returns where the next `count` bytes start and goes behind them. */
  #take(count: number): number {
    const start = this.position;
    if (start + count > this.end) this.#cutShort();
    this.position = start + count;
    return start;
  }
  #cutShort(): never {
    throw new WireError("message ends inside a value");
  }
  #text(length: number): string {
    const start = this.#take(length + 1);
    const end = start + length;
    if (this.bytes[end] !== 0) throw new WireError("text does not end with NUL");
    if (length <= shortText && this.#isAscii(start, end)) return this.bytes.toString("latin1", start, end);
    const text = this.bytes.subarray(start, end);
    if (text.includes(0)) throw new WireError("text holds a NUL");
    if (!isUtf8(text)) throw new WireError("text is not UTF-8");
    return text.toString("utf8");
  }
  #isAscii(start: number, end: number): boolean {
    for (let at = start; at < end; at++) {
      const byte = this.bytes[at] as number;
      if (byte === 0 || byte > 0x7f) return false;
    }
    return true;
  }
}
