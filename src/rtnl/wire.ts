/**
 * Reading of netlink messages and attributes (include/uapi/linux/netlink.h). Every length is checked against the bytes
 * received; a mismatch ends in a {@link NetlinkFormatError}, after work that is bounded by those bytes.
 */
import { endianness } from "node:os";

export class NetlinkFormatError extends Error {
  override readonly name = "NetlinkFormatError";
}

// Netlink speaks the byte order of the machine. By hand, as Buffer's own readers make garbage for their checks, and each
// message has dozens of numbers; the callers have compared lengths already.
const isLittle = endianness() === "LE";
const byte = (data: Buffer, at: number): number => data[at] as number;
export const readU16 = isLittle
  ? (data: Buffer, at: number): number => byte(data, at) | (byte(data, at + 1) << 8)
  : (data: Buffer, at: number): number => (byte(data, at) << 8) | byte(data, at + 1);
export const readU32 = isLittle
  ? (data: Buffer, at: number): number => (readU16(data, at) | (readU16(data, at + 2) << 16)) >>> 0
  : (data: Buffer, at: number): number => ((readU16(data, at) << 16) | readU16(data, at + 2)) >>> 0;
export const readS32 = isLittle
  ? (data: Buffer, at: number): number => data.readInt32LE(at)
  : (data: Buffer, at: number): number => data.readInt32BE(at);

export const messageHeaderLength = 16;
const attributeHeaderLength = 4;
/** Bits of the type that mark nesting and byte order (NLA_TYPE_MASK). */
const attributeTypeMask = 0x3fff;

export const align4 = (length: number): number => (length + 3) & ~3;

export interface MessageHeader {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly port: number;
  /** The payload is `data` from `from` to `end`. */
  readonly from: number;
  readonly end: number;
}

/** Calls `visit` for each message of a datagram. Throws at the first that is no message; those before were visited. */
export function eachMessage(data: Buffer, visit: (header: MessageHeader) => void): void {
  for (let at = 0; at < data.length; ) {
    const left = data.length - at;
    if (left < messageHeaderLength) throw new NetlinkFormatError(`${left} bytes after the last message`);
    const length = readU32(data, at);
    if (length < messageHeaderLength || length > left) {
      throw new NetlinkFormatError(`message says ${length} bytes, ${left} are there`);
    }
    visit({
      type: readU16(data, at + 4),
      flags: readU16(data, at + 6),
      sequence: readU32(data, at + 8),
      port: readU32(data, at + 12),
      from: at + messageHeaderLength,
      end: at + length,
    });
    at += align4(length);
  }
}

/** Refuses a payload shorter than its fixed part; returns where the attributes begin. */
export function afterFixedPart(what: string, from: number, end: number, length: number): number {
  if (end - from < length) throw new NetlinkFormatError(`${what} of ${end - from} bytes, at least ${length} expected`);
  return from + length;
}

/**
 * Walks attributes in place: `next` goes to the following one, then `type`, `at` and `length` describe it. One object
 * for a whole message, so that the walk leaves nothing behind for the garbage collector.
 */
export class Attributes {
  type = 0;
  /** Where the value begins in `data`. */
  at = 0;
  length = 0;
  private following: number;

  constructor(
    private readonly data: Buffer,
    from: number,
    private readonly end: number,
  ) {
    this.following = from;
  }

  next(): boolean {
    const from = this.following;
    const left = this.end - from;
    if (left <= 0) return false;
    const total = left < attributeHeaderLength ? 0 : readU16(this.data, from);
    if (total < attributeHeaderLength || total > left) {
      throw new NetlinkFormatError(`attribute says ${total} bytes, ${left} are there`);
    }
    this.type = readU16(this.data, from + 2) & attributeTypeMask;
    this.at = from + attributeHeaderLength;
    this.length = total - attributeHeaderLength;
    this.following = from + align4(total);
    return true;
  }
  u8(): number {
    this.need(1);
    return this.data[this.at] as number;
  }
  u16(): number {
    this.need(2);
    return readU16(this.data, this.at);
  }
  u32(): number {
    this.need(4);
    return readU32(this.data, this.at);
  }
  /** Up to the first zero byte, or to the end. */
  text(): string {
    const { data, at } = this;
    let end = at;
    while (end < at + this.length && data[end] !== 0) end++;
    return data.toString("utf8", at, end);
  }
  nested(): Attributes {
    return new Attributes(this.data, this.at, this.at + this.length);
  }
  /** Refuses a value shorter than `bytes`; a longer one is a newer kernel's. */
  need(bytes: number): void {
    if (this.length < bytes) {
      throw new NetlinkFormatError(`attribute ${this.type} holds ${this.length} bytes, ${bytes} expected`);
    }
  }
}
