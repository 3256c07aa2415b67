import { readFileSync } from "node:fs";
import { eachMessage, type MessageHeader } from "../../../src/rtnl/wire.ts";

/** Real messages of a Linux 6.18 (x86-64), byte for byte, by their events. */
const recorded: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(new URL("../../golden/rtnl/kernel-messages.json", import.meta.url), "utf8"),
);

export const messageNames = Object.keys(recorded);

export interface RecordedMessage {
  readonly data: Buffer;
  readonly header: MessageHeader;
}

export function kernelMessage(name: string): RecordedMessage {
  const hex = recorded[name];
  if (hex === undefined) throw new Error(`no message "${name}" was recorded`);
  const data = Buffer.from(hex, "hex");
  let first: MessageHeader | undefined;
  eachMessage(data, (header) => {
    first ??= header;
  });
  return { data, header: first as MessageHeader };
}

export function decodeWith<T>(name: string, decode: (data: Buffer, from: number, end: number) => T): T {
  const { data, header } = kernelMessage(name);
  return decode(data, header.from, header.end);
}
