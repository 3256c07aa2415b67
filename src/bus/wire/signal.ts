import { MessageType } from "dbus-next/lib/constants.js";
import type { MarshalledReply } from "../bus.ts";
import { BoundedCache } from "./bounded-cache.ts";
import { encodeBody } from "./encode.ts";
import { type BusLimits, defaultLimits } from "./limits.ts";
import { startOf } from "./message.ts";
import { codes, refuse, writeSignatureField, writeTextField } from "./message-fields.ts";
import { isBusName, isInterfaceName, isMemberName, isObjectPath } from "./names.ts";
import { Writer } from "./writer.ts";

export interface Signal {
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly signature: string;
  /** Absent: every client that asked for it. */
  readonly destination?: string | undefined;
}

/**
 * Appends the signal; nothing is appended when this throws ({@link WireError}, as for any message). Signals are most of
 * the messages that the daemon sends, and one kind differs from time to time in its object alone: the fields after the
 * path are kept as bytes.
 */
export function writeSignal(
  writer: Writer,
  signal: Signal,
  serial: number,
  limits: BusLimits,
  body: readonly unknown[] | MarshalledReply,
): void {
  const { path, interface: interfaceName, member, signature, destination } = signal;
  if (!isObjectPath(path)) refuse("path", path);
  if (destination !== undefined && !isBusName(destination)) refuse("destination", destination);
  const kind = kinds.get(`${interfaceName} ${member} ${signature}`);
  writer.begin(limits.maxSentBytes);
  try {
    writer.u32(startOf(MessageType.SIGNAL, 0));
    writer.u32(0);
    const bodyLengthEnd = writer.position;
    writer.u32(serial);
    writer.u32(0);
    const fieldsStart = writer.position;
    writeTextField(writer, codes.path, "o", path);
    writer.align(8);
    writer.raw(kind);
    if (destination !== undefined) writeTextField(writer, codes.destination, "s", destination);
    writer.patchU32(writer.position - fieldsStart, fieldsStart);
    writer.align(8);
    const bodyStart = writer.position;
    if ("marshalled" in body) for (const part of body.marshalled) writer.raw(part);
    else encodeBody(writer, signature, body);
    writer.patchU32(writer.position - bodyStart, bodyLengthEnd);
  } catch (error) {
    writer.rollBack();
    throw error;
  }
}

/** The fields of each kind, by interface, member and signature; names that are not valid are refused here. */
const kinds = new BoundedCache((key) => {
  const [interfaceName = "", member = "", signature = ""] = key.split(" ");
  if (!isInterfaceName(interfaceName)) refuse("interface", interfaceName);
  if (!isMemberName(member)) refuse("member", member);
  const writer = new Writer(256);
  writer.begin(defaultLimits.maxSentBytes);
  writeTextField(writer, codes.interface, "s", interfaceName);
  writeTextField(writer, codes.member, "s", member);
  writeSignatureField(writer, signature);
  return Buffer.from(writer.bytes.subarray(0, writer.position));
});
