import { MessageType, MessageFlag as WireFlag } from "dbus-next/lib/constants.js";
import { Message } from "dbus-next/lib/message-type.js";
import type { MarshalledReply } from "../bus.ts";
import { decodeBody } from "./decode.ts";
import { encodeBody } from "./encode.ts";
import { type BusLimits, protocolLimits } from "./limits.ts";
import { checkNames, checkRequired, MessageFields, readFields, writeFields } from "./message-fields.ts";
import { Reader } from "./reader.ts";
import { holdsFileDescriptor } from "./signature.ts";
import { WireError } from "./wire-error.ts";
import type { Writer } from "./writer.ts";

export { Message, MessageType };
/** With the one that is younger than dbus-next: the sender waits while a person is asked for a password. */
export const MessageFlag = { ...WireFlag, ALLOW_INTERACTIVE_AUTHORIZATION: 4 } as const;

const littleEndianMark = 0x6c;
const bigEndianMark = 0x42;
/** Byte order, type, flags, version, body length, serial, length of the fields. */
export const fixedHeaderBytes = 16;

export interface Lengths {
  readonly isLittleEndian: boolean;
  /** Fixed part, fields and padding. */
  readonly header: number;
  readonly body: number;
}

/**
 * Length of the message whose first {@link fixedHeaderBytes} bytes are given. Throws {@link WireError} where it cannot
 * be known: the rest of the stream is then lost.
 */
export function messageLengths(bytes: Buffer): Lengths {
  if (bytes.length < fixedHeaderBytes) throw new WireError("message shorter than its fixed header");
  const mark = bytes[0];
  if (mark !== littleEndianMark && mark !== bigEndianMark) throw new WireError("no byte order mark at a message start");
  if (bytes[3] !== 1) throw new WireError(`protocol version ${bytes[3]}`);
  const isLittleEndian = mark === littleEndianMark;
  const u32 = (at: number) => (isLittleEndian ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const body = u32(4);
  const fieldBytes = u32(12);
  const header = fixedHeaderBytes + Math.ceil(fieldBytes / 8) * 8;
  if (fieldBytes > protocolLimits.arrayBytes || header + body > protocolLimits.messageBytes) {
    throw new WireError(`message of ${header + body} bytes`);
  }
  return { isLittleEndian, header, body };
}

/** An incoming message: the header is read, the body only on demand. */
export interface Received {
  readonly message: Message;
  /** Reads the body. Throws {@link WireError}. */
  body(): unknown[];
}

/**
 * Reads a whole message; `bytes` may also end with the header, if the body is never asked for. Throws
 * {@link WireError}.
 */
export function readMessage(bytes: Buffer, limits: BusLimits): Received {
  const { isLittleEndian, header, body: bodyLength } = messageLengths(bytes);
  if (bytes.length < header) throw new WireError("message ends inside its header");
  const reader = new Reader(bytes, 8, header, isLittleEndian, limits.maxValues);
  const serial = reader.u32();
  if (serial === 0) throw new WireError("serial 0");
  const fields = new MessageFields();
  fields.serial = serial;
  fields.type = bytes[1] as number;
  fields.flags = bytes[2] as number;
  readFields(reader, fields);
  reader.align(8);
  return new ReceivedMessage(toMessage(fields), bytes, header, bodyLength, limits.maxValues);
}

class ReceivedMessage implements Received {
  constructor(
    readonly message: Message,
    private readonly bytes: Buffer,
    private readonly header: number,
    private readonly bodyLength: number,
    private readonly maxValues: number,
  ) {}

  body(): unknown[] {
    const { bytes, header } = this;
    const { signature } = this.message;
    if (bytes.length !== header + this.bodyLength) throw new WireError("message has not the length it says");
    if (holdsFileDescriptor(signature)) throw new WireError("file descriptors are not accepted");
    const isLittleEndian = bytes[0] === littleEndianMark;
    return decodeBody(new Reader(bytes, header, bytes.length, isLittleEndian, this.maxValues), signature);
  }
}

/** A message whose names are valid and whose required fields are there. Throws {@link WireError}. */
export const makeMessage = (init: Partial<MessageFields>): Message =>
  toMessage(Object.assign(new MessageFields(), init));

function toMessage(fields: MessageFields): Message {
  checkNames(fields);
  checkRequired(fields);
  return new CheckedMessage(fields);
}

/** The least that the constructor of Message asks for. */
const leastFields = { type: MessageType.METHOD_RETURN, replySerial: 1 };

/** A Message with valid fields; dbus-next's constructor would check them again, by splitting every name. */
class CheckedMessage extends Message {
  constructor(fields: MessageFields) {
    super(leastFields);
    Object.assign(this, fields);
  }
}

/** The first four bytes as one number: byte order, type, flags, version. */
export const startOf = (type: number, flags: number): number =>
  littleEndianMark | (type << 8) | (flags << 16) | (1 << 24);

/**
 * Appends `message` to the writer; nothing is appended when this throws ({@link WireError}: invalid names, values that
 * do not fit the signature, too large). `kept` takes the place of the body of the message.
 */
export function writeMessage(
  writer: Writer,
  message: Message,
  serial: number,
  limits: BusLimits,
  kept?: MarshalledReply,
): void {
  writer.begin(limits.maxSentBytes);
  try {
    writer.u32(startOf(message.type, message.flags));
    writer.u32(0);
    const bodyLengthEnd = writer.position;
    writer.u32(serial);
    writeFields(writer, message);
    const bodyStart = writer.position;
    if (kept) for (const part of kept.marshalled) writer.raw(part);
    else encodeBody(writer, message.signature, message.body);
    writer.patchU32(writer.position - bodyStart, bodyLengthEnd);
  } catch (error) {
    writer.rollBack();
    throw error;
  }
}
