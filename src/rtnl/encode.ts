/**
 * Writing of netlink messages: the framing and the fixed parts are those of the `netlink` package, the checks before
 * them are ours. A value that does not fit its field throws RangeError, so that nothing is cut off silently.
 */
import { Flags, FlagsNew } from "netlink/dist/constants.js";
import {
  AttrStream,
  formatMessage,
  putString,
  putU8,
  putU16,
  putU32,
  type StreamData,
  writeU32,
} from "netlink/dist/structs.js";

export type Part = StreamData;

/** The object must not be there yet. */
export const newObject: number = FlagsNew.CREATE | FlagsNew.EXCL;
/** The object is made, or takes the place of one with the same key. */
export const putObject: number = FlagsNew.CREATE | FlagsNew.REPLACE;
/** NLM_F_ROOT | NLM_F_MATCH */
const dump = 0x300;

/** The channel that sends a message numbers it. */
export function setSequence(message: Buffer, sequence: number): void {
  writeU32.call(message, sequence, 8);
}

/** A request that asks for an acknowledgement; `flags` besides REQUEST and ACK. */
export const encodeMessage = (type: number, flags: number, parts: readonly Part[]): Buffer =>
  frame(type, Flags.REQUEST | Flags.ACK | flags, parts);

/** Asks for all objects; the kernel ends its answer with NLMSG_DONE and acknowledges nothing. */
export const encodeDump = (type: number, parts: readonly Part[]): Buffer => frame(type, Flags.REQUEST | dump, parts);

function frame(type: number, flags: number, parts: readonly Part[]): Buffer {
  return Buffer.concat(formatMessage({ type, flags, seq: 0, port: 0, data: [encodeParts(parts)] }));
}

/** Fixed parts and attributes, padded to four bytes at the end. */
export function encodeParts(parts: readonly Part[]): Buffer {
  const out = new AttrStream();
  for (const part of parts) out.emit(part);
  const encoded = Buffer.concat(out.bufs);
  const padding = -encoded.length & 3;
  return padding === 0 ? encoded : Buffer.concat([encoded, Buffer.alloc(padding)]);
}

export const bytes =
  (type: number, value: Uint8Array): Part =>
  (out: AttrStream) =>
    out.push(type, value);

/** NLA_F_NESTED, which newer families insist on and the package's streams do not write. */
const nestedFlag = 0x8000;

/** Attributes inside an attribute, marked as such; begins on a multiple of four bytes, as each does. */
export const nest =
  (type: number, parts: readonly Part[]): Part =>
  (out: AttrStream) => {
    const written = out.bufs.reduce((sum, { length }) => sum + length, 0);
    const content = encodeParts(parts);
    out.emit([Buffer.alloc(-written & 3), putU16(4 + content.length), putU16(type | nestedFlag), content]);
  };

export const u8 = (type: number, what: string, value: number): Part => bytes(type, putU8(inRange(what, value, 0xff)));
export const u16 = (type: number, what: string, value: number): Part =>
  bytes(type, putU16(inRange(what, value, 0xffff)));
export const u32 = (type: number, what: string, value: number): Part =>
  bytes(type, putU32(inRange(what, value, 0xffffffff)));

/** Ended by a zero byte; text that holds one would arrive shortened. */
export function text(type: number, what: string, value: string): Part {
  if (value.includes("\0")) throw new RangeError(`${what} holds a zero byte`);
  return bytes(type, putString(value));
}

export function inRange(what: string, value: number, most: number): number {
  if (!Number.isInteger(value) || value < 0 || value > most)
    throw new RangeError(`${what} ${value} is not 0 to ${most}`);
  return value;
}
