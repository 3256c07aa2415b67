import { MessageFlag, MessageType } from "dbus-next/lib/constants.js";
import { Message } from "dbus-next/lib/message-type.js";
import type { MarshalledReply } from "./bus.ts";
import { decodeBody, decodeVariant } from "./decode.ts";
import { encodeBody } from "./encode.ts";
import { type BusLimits, protocolLimits } from "./limits.ts";
import { isBusName, isErrorName, isInterfaceName, isMemberName, isObjectPath } from "./names.ts";
import { Reader } from "./reader.ts";
import { holdsFileDescriptor, parseSignature, quote } from "./signature.ts";
import { WireError } from "./wire-error.ts";
import type { Writer } from "./writer.ts";

export { Message, MessageFlag, MessageType };

const littleEndianMark = 0x6c;
const bigEndianMark = 0x42;
/** Byte order, type, flags, version, body length, serial, length of the fields. */
export const fixedHeaderBytes = 16;

interface Field {
  readonly name: "path" | "interface" | "member" | "errorName" | "replySerial" | "destination" | "sender" | "signature";
  readonly code: number;
  readonly signature: string;
  isValid(value: unknown): boolean;
}
const textField = (
  name: Field["name"],
  code: number,
  signature: string,
  isValid: (text: string) => boolean,
): Field => ({
  name,
  code,
  signature,
  isValid: isValid as (value: unknown) => boolean,
});
/** Header fields (specification, "Header Fields"). UNIX_FDS (9) and unknown ones are read over. */
const fields: readonly Field[] = [
  textField("path", 1, "o", () => true),
  textField("interface", 2, "s", isInterfaceName),
  textField("member", 3, "s", isMemberName),
  textField("errorName", 4, "s", isErrorName),
  { name: "replySerial", code: 5, signature: "u", isValid: (value) => value !== 0 },
  textField("destination", 6, "s", isBusName),
  textField("sender", 7, "s", isBusName),
  textField("signature", 8, "g", () => true),
];
const fieldOfCode: readonly (Field | undefined)[] = [undefined, ...fields];

export interface Lengths {
  readonly isLittleEndian: boolean;
  /** Fixed part, fields and padding. */
  readonly header: number;
  readonly body: number;
}

/**
 * How long the message is whose first {@link fixedHeaderBytes} bytes are given. Throws {@link WireError} where that
 * cannot be known: what follows on the stream is then lost.
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

/** A message as it came in: the header is read, the body only when somebody wants it. */
export interface Received {
  readonly message: Message;
  /** Reads the body. Throws {@link WireError}. */
  body(): unknown[];
}

/** Reads a whole message; `bytes` may also end with the header, if the body is never asked for. Throws {@link WireError}. */
export function readMessage(bytes: Buffer, limits: BusLimits): Received {
  const { isLittleEndian, header, body: bodyLength } = messageLengths(bytes);
  if (bytes.length < header) throw new WireError("message ends inside its header");
  const reader = new Reader(bytes, 8, header, isLittleEndian, limits.maxValues);
  const serial = reader.u32();
  if (serial === 0) throw new WireError("serial 0");
  // dbus-next would take type 0 for a call.
  if (bytes[1] === 0) throw new WireError("message type 0");
  const found = readFields(reader);
  reader.align(8);
  const signature = found.signature ?? "";
  const message = makeMessage({ ...found, signature, serial, type: bytes[1] as number, flags: bytes[2] as number });
  const body = () => {
    if (bytes.length !== header + bodyLength) throw new WireError("message has not the length it says");
    if (holdsFileDescriptor(signature)) throw new WireError("file descriptors are not accepted");
    return decodeBody(new Reader(bytes, header, bytes.length, isLittleEndian, limits.maxValues), signature);
  };
  return { message, body };
}

interface FoundFields {
  path?: string;
  interface?: string;
  member?: string;
  errorName?: string;
  replySerial?: number;
  destination?: string;
  sender?: string;
  signature?: string;
}

function readFields(reader: Reader): FoundFields {
  const found: Record<string, unknown> = {};
  const end = reader.u32() + reader.position;
  while (reader.position < end) {
    reader.align(8);
    reader.countValue();
    const field = fieldOfCode[reader.u8()];
    const { signature, value } = decodeVariant(reader);
    if (!field) continue;
    if (signature !== field.signature || !field.isValid(value)) throw new WireError(`header field ${field.name}`);
    found[field.name] = value;
  }
  if (reader.position !== end) throw new WireError("header field reaches beyond the header");
  return found as FoundFields;
}

type Init = ConstructorParameters<typeof Message>[0];

/** A message whose names are valid and whose required fields are there. Throws {@link WireError}. */
export function makeMessage(init: Init): Message {
  if (init.path !== undefined && !isObjectPath(init.path)) throw new WireError(`invalid path ${quote(init.path)}`);
  checkName("interface", init.interface, isInterfaceName);
  checkName("member", init.member, isMemberName);
  checkName("error name", init.errorName, isErrorName);
  checkName("destination", init.destination, isBusName);
  try {
    return new Message(init);
  } catch (error) {
    throw new WireError((error as Error).message);
  }
}

function checkName(what: string, name: string | undefined, isValid: (name: string) => boolean): void {
  if (name !== undefined && !isValid(name)) throw new WireError(`invalid ${what} ${quote(name)}`);
}

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
  writer.begin(limits.maxMessageBytes);
  try {
    writer.u32(littleEndianMark | (message.type << 8) | (message.flags << 16) | (1 << 24));
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

function writeFields(writer: Writer, message: Message): void {
  writer.u32(0);
  const lengthEnd = writer.position;
  for (const { name, code, signature } of fields) {
    const value = message[name];
    if (value === undefined || value === "") continue;
    writer.align(8);
    writer.u8(code);
    writer.shortText(signature);
    if (typeof value === "number") writer.u32(value);
    else if (signature === "g") writeSignature(writer, value);
    else writer.text(value);
  }
  writer.patchU32(writer.position - lengthEnd, lengthEnd);
  writer.align(8);
}

function writeSignature(writer: Writer, signature: string): void {
  parseSignature(signature);
  writer.shortText(signature);
}
