/** Messages of DNS (RFC 1035, 4.1; RFC 3596), as far as a stub that asks for addresses needs them. Pure. */

import { formatIpAddress, type IpFamily } from "../base/ip-address.ts";
import { isDomainName } from "../base/names.ts";

const typeOf = { 4: 1, 6: 28 } as const;
const internet = 1;
const headerBytes = 12;
/** Of the flags: recursion desired; a response; its code. */
const flag = { recursion: 0x0100, response: 0x8000, code: 0x000f } as const;
const nameError = 3;
const mostRecords = 64;

/** Throws RangeError for a text that is no name. */
export function addressQuestion(id: number, host: string, family: IpFamily): Buffer {
  if (!isDomainName(host)) throw new RangeError(`${JSON.stringify(host.slice(0, 60))} is no domain name`);
  const labels = host.replace(/\.$/, "").split(".");
  const name = Buffer.concat(labels.flatMap((label) => [Buffer.from([label.length]), Buffer.from(label, "latin1")]));
  const header = Buffer.alloc(headerBytes);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(flag.recursion, 2);
  header.writeUInt16BE(1, 4);
  return Buffer.concat([header, name, Buffer.from([0, 0, typeOf[family], 0, internet])]);
}

/** `unusable`: no answer to this question, or a malformed one; another may still come. */
export type AddressAnswer =
  | { readonly kind: "addresses"; readonly addresses: readonly string[] }
  | { readonly kind: "refused"; readonly because: string }
  | { readonly kind: "unusable" };

/** Aliases (CNAME) need no following: a resolver puts the addresses at their end into the same answer. */
export function readAddressAnswer(message: Buffer, id: number, family: IpFamily): AddressAnswer {
  if (message.length < headerBytes || message.readUInt16BE(0) !== id) return { kind: "unusable" };
  const flags = message.readUInt16BE(2);
  if ((flags & flag.response) === 0) return { kind: "unusable" };
  const code = flags & flag.code;
  if (code !== 0) return { kind: "refused", because: code === nameError ? "no such name" : `error ${code}` };
  try {
    return { kind: "addresses", addresses: addressesIn(message, family) };
  } catch (error) {
    if (error instanceof RangeError) return { kind: "unusable" };
    throw error;
  }
}

/** Throws RangeError where the message ends too early. */
function addressesIn(message: Buffer, family: IpFamily): readonly string[] {
  const bytes = family === 4 ? 4 : 16;
  const questions = message.readUInt16BE(4);
  const records = message.readUInt16BE(6);
  if (questions > mostRecords || records > mostRecords) throw new RangeError("more records than any resolver sends");
  let at = headerBytes;
  for (let question = 0; question < questions; question++) at = afterName(message, at) + 4;
  const found: string[] = [];
  for (let record = 0; record < records; record++) {
    at = afterName(message, at);
    const type = message.readUInt16BE(at);
    const length = message.readUInt16BE(at + 8);
    at += 10;
    if (at + length > message.length) throw new RangeError("a record is longer than the message");
    if (type === typeOf[family] && length === bytes) found.push(formatIpAddress(family, message, at));
    at += length;
  }
  return found;
}

const pointer = 0xc0;
function afterName(message: Buffer, start: number): number {
  let at = start;
  for (;;) {
    const length = message.readUInt8(at);
    if (length >= pointer) return at + 2;
    if (length === 0) return at + 1;
    at += 1 + length;
  }
}
