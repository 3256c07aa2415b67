import { WireError } from "./wire-error.ts";

const smallestCapacity = 4096;
const noLimit = 0x7fffffff;
/** Strings up to this are cheaper to write by character than through a native call. */
const shortText = 48;

/**
 * Little-endian bytes in one growing buffer. Several messages may follow one another: alignment counts from
 * {@link begin}. A value that would pass the limit of the message throws {@link WireError}; {@link rollBack} then
 * removes its bytes.
 */
export class Writer {
  bytes: Buffer;
  position = 0;
  /** How many variants the value being written is inside of; kept here for the encoder. */
  depth = 0;
  #start = 0;
  /** A small integer from the first: with a field that once held another kind of number each look at it makes garbage. */
  #end = noLimit;

  constructor(capacity = smallestCapacity) {
    this.bytes = Buffer.allocUnsafeSlow(capacity);
  }

  /** A new message begins here; it may have `limit` bytes. */
  begin(limit: number): void {
    this.#start = this.position;
    this.#end = this.position + limit;
    this.depth = 0;
  }
  /** Drops the bytes written since {@link begin}. */
  rollBack(): void {
    this.position = this.#start;
  }
  /** Bytes since {@link begin}. */
  get length(): number {
    return this.position - this.#start;
  }
  get start(): number {
    return this.#start;
  }

  /** Pads with zeros to a multiple of `alignment` (a power of two) from {@link begin}. */
  align(alignment: number): void {
    const padding = -(this.position - this.#start) & (alignment - 1);
    if (padding === 0) return;
    this.reserve(padding);
    for (let left = padding; left > 0; left--) this.bytes[this.position++] = 0;
  }
  u8(value: number): void {
    this.reserve(1);
    this.bytes[this.position++] = value;
  }
  u16(value: number): void {
    this.align(2);
    this.reserve(2);
    this.position = this.bytes.writeUInt16LE(value & 0xffff, this.position);
  }
  /** Also for negative values, in two's complement. */
  u32(value: number): void {
    this.align(4);
    this.reserve(4);
    this.#putU32(value, this.position);
    this.position += 4;
  }
  u64(value: bigint): void {
    this.align(8);
    this.reserve(8);
    this.position = this.bytes.writeBigUInt64LE(BigInt.asUintN(64, value), this.position);
  }
  double(value: number): void {
    this.align(8);
    this.reserve(8);
    this.position = this.bytes.writeDoubleLE(value, this.position);
  }
  /** Length, UTF-8 and NUL. A lone surrogate becomes U+FFFD; a NUL inside is refused. */
  text(value: string): void {
    this.align(4);
    const length = this.#textAt(value, 4);
    this.#putU32(length, this.position);
    this.position += 4 + length;
    this.bytes[this.position++] = 0;
  }
  /** As {@link text} with a length of one byte; for signatures, which are at most 255 ASCII characters. */
  shortText(value: string): void {
    const length = this.#textAt(value, 1);
    this.bytes[this.position] = length;
    this.position += 1 + length;
    this.bytes[this.position++] = 0;
  }
  raw(value: Uint8Array): void {
    this.reserve(value.length);
    this.bytes.set(value, this.position);
    this.position += value.length;
  }
  /** Writes a length whose place was kept by `u32(0)` ending at `after`. */
  patchU32(value: number, after: number): void {
    this.#putU32(value, after - 4);
  }
  reserve(count: number): void {
    const needed = this.position + count;
    if (needed > this.#end) throw new WireError(`message larger than ${this.#end - this.#start} bytes`);
    if (needed > this.bytes.length) this.#grow(needed);
  }

  /** Writes the text `gap` bytes further on, makes sure of its NUL, and tells its length in bytes. */
  #textAt(value: string, gap: number): number {
    if (value.length <= shortText) {
      this.reserve(gap + value.length + 1);
      if (this.#putAscii(value, this.position + gap)) return value.length;
    }
    if (value.includes("\0")) throw new WireError("text holds a NUL character");
    const length = Buffer.byteLength(value, "utf8");
    this.reserve(gap + length + 1);
    this.bytes.write(value, this.position + gap, length, "utf8");
    return length;
  }
  #putAscii(value: string, at: number): boolean {
    const { bytes } = this;
    for (let index = 0; index < value.length; index++) {
      const code = value.charCodeAt(index);
      if (code === 0 || code > 0x7f) return false;
      bytes[at + index] = code;
    }
    return true;
  }
  #putU32(value: number, at: number): void {
    const { bytes } = this;
    bytes[at] = value;
    bytes[at + 1] = value >>> 8;
    bytes[at + 2] = value >>> 16;
    bytes[at + 3] = value >>> 24;
  }
  #grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes.length * 2));
    this.bytes.copy(larger, 0, 0, this.position);
    this.bytes = larger;
  }
}
