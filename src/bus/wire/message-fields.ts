import { MessageType } from "dbus-next/lib/constants.js";
import { decodeVariant } from "./decode.ts";
import { isBusName, isErrorName, isInterfaceName, isMemberName, isObjectPath } from "./names.ts";
import type { Reader } from "./reader.ts";
import { parseSignature, quote } from "./signature.ts";
import { WireError } from "./wire-error.ts";
import type { Writer } from "./writer.ts";

/** Parts of a message. Always the same shape, because every call passes here and V8 is quick only then. */
export class MessageFields {
  type = 0;
  serial: number | undefined = undefined;
  flags = 0;
  path: string | undefined = undefined;
  interface: string | undefined = undefined;
  member: string | undefined = undefined;
  errorName: string | undefined = undefined;
  replySerial: number | undefined = undefined;
  destination: string | undefined = undefined;
  sender: string | undefined = undefined;
  signature = "";
  body: readonly unknown[] = [];
}

/** Codes of the header fields (specification, "Header Fields"); UNIX_FDS (9) and unknown ones are read over. */
export const codes = {
  path: 1,
  interface: 2,
  member: 3,
  errorName: 4,
  replySerial: 5,
  destination: 6,
  sender: 7,
  signature: 8,
};

/** Required fields of each type of message (specification, "Header Fields"). */
const required: Readonly<Record<number, readonly (keyof MessageFields)[]>> = {
  [MessageType.METHOD_CALL]: ["path", "member"],
  [MessageType.METHOD_RETURN]: ["replySerial"],
  [MessageType.ERROR]: ["errorName", "replySerial"],
  [MessageType.SIGNAL]: ["path", "interface", "member"],
};

/** Throws {@link WireError} for an unknown type, and where a field is missing that its type requires. */
export function checkRequired(fields: MessageFields): void {
  const names = required[fields.type];
  if (names === undefined) throw new WireError(`message of unknown type ${fields.type}`);
  for (const name of names) if (fields[name] === undefined) throw new WireError(`message without ${name}`);
}

/** Throws {@link WireError} for names that are not valid. */
export function checkNames(fields: MessageFields): void {
  if (fields.path !== undefined && !isObjectPath(fields.path)) refuse("path", fields.path);
  if (fields.interface !== undefined && !isInterfaceName(fields.interface)) refuse("interface", fields.interface);
  if (fields.member !== undefined && !isMemberName(fields.member)) refuse("member", fields.member);
  if (fields.errorName !== undefined && !isErrorName(fields.errorName)) refuse("error name", fields.errorName);
  if (fields.destination !== undefined && !isBusName(fields.destination)) refuse("destination", fields.destination);
  if (fields.sender !== undefined && !isBusName(fields.sender)) refuse("sender", fields.sender);
  if (fields.replySerial === 0) refuse("reply serial", "0");
}
export const refuse = (what: string, name: string): never => {
  throw new WireError(`invalid ${what} ${quote(name)}`);
};

/** Reads the array of header fields into `fields`; names are not looked at. Throws {@link WireError}. */
export function readFields(reader: Reader, fields: MessageFields): void {
  const end = reader.u32() + reader.position;
  while (reader.position < end) {
    reader.align(8);
    reader.countValue();
    readField(reader, reader.u8(), fields);
  }
  if (reader.position !== end) throw new WireError("header field reaches beyond the header");
}

function readField(reader: Reader, code: number, fields: MessageFields): void {
  switch (code) {
    case codes.path:
      fields.path = readText(reader, "o");
      break;
    case codes.interface:
      fields.interface = readText(reader, "s");
      break;
    case codes.member:
      fields.member = readText(reader, "s");
      break;
    case codes.errorName:
      fields.errorName = readText(reader, "s");
      break;
    case codes.replySerial:
      expectType(reader, "u");
      fields.replySerial = reader.u32();
      break;
    case codes.destination:
      fields.destination = readText(reader, "s");
      break;
    case codes.sender:
      fields.sender = readText(reader, "s");
      break;
    case codes.signature:
      expectType(reader, "g");
      fields.signature = reader.shortText();
      break;
    default:
      decodeVariant(reader);
  }
}
function readText(reader: Reader, type: string): string {
  expectType(reader, type);
  return reader.text();
}
function expectType(reader: Reader, type: string): void {
  if (reader.shortText() !== type) throw new WireError(`header field is not of type ${type}`);
}

type Names = Omit<MessageFields, "type" | "serial" | "flags" | "body">;

/** Writes the array of header fields and the padding before the body. Throws {@link WireError}. */
export function writeFields(writer: Writer, fields: Readonly<Names>): void {
  writer.u32(0);
  const lengthEnd = writer.position;
  writeTextField(writer, codes.path, "o", fields.path);
  writeTextField(writer, codes.interface, "s", fields.interface);
  writeTextField(writer, codes.member, "s", fields.member);
  writeTextField(writer, codes.errorName, "s", fields.errorName);
  if (fields.replySerial !== undefined) {
    startField(writer, codes.replySerial, "u");
    writer.u32(fields.replySerial);
  }
  writeTextField(writer, codes.destination, "s", fields.destination);
  writeTextField(writer, codes.sender, "s", fields.sender);
  writeSignatureField(writer, fields.signature);
  writer.patchU32(writer.position - lengthEnd, lengthEnd);
  writer.align(8);
}
/** Undefined: the message has no such field. */
export function writeTextField(writer: Writer, code: number, type: "o" | "s", value: string | undefined): void {
  if (value === undefined) return;
  startField(writer, code, type);
  writer.text(value);
}
/** Empty: the message has no body. Throws {@link WireError}. */
export function writeSignatureField(writer: Writer, signature: string): void {
  if (signature === "") return;
  parseSignature(signature);
  startField(writer, codes.signature, "g");
  writer.shortText(signature);
}
/** Code, then the signature of one letter: its length, the letter, NUL. */
function startField(writer: Writer, code: number, type: string): void {
  writer.align(8);
  writer.u32(code | (1 << 8) | (type.charCodeAt(0) << 16));
}
