/** The DHCP message (RFC 2131, 2): a pure codec. Nothing in it trusts the sender; decoding never throws. */
import { formatMac } from "../../../base/ip-address.ts";
import { formatIpv4, parseIpv4 } from "../../../base/ipv4.ts";
import {
  decodeOptions,
  lengthOfOptions,
  optionCode,
  type RawOptions,
  type RepeatedOptions,
  writeOptions,
} from "./options.ts";

/** Values of option 53 (RFC 2132, 9.6). */
const messageTypes = {
  discover: 1,
  offer: 2,
  request: 3,
  decline: 4,
  ack: 5,
  nak: 6,
  release: 7,
} as const;
export type MessageType = keyof typeof messageTypes;

export interface DhcpMessage {
  readonly op: "request" | "reply";
  readonly type: MessageType;
  readonly transactionId: number;
  /** Since the client began; 0 to 65,535. */
  readonly seconds: number;
  readonly isBroadcast: boolean;
  readonly clientAddress: string;
  readonly yourAddress: string;
  readonly nextServer: string;
  readonly relayAddress: string;
  /** `chaddr`, colon form. */
  readonly hardwareAddress: string;
  readonly options: RawOptions;
  /** Absent: no option came more than once. */
  readonly repeats?: RepeatedOptions;
}

export type DecodedMessage = { readonly message: DhcpMessage } | { readonly malformed: string };

const fixedLength = 236;
const magicCookie = 0x63825363;
/** BOOTP's minimum (RFC 1542, 2.1): old relays and servers drop shorter ones. */
const minimumLength = 300;
const broadcastBit = 0x8000;
const ethernet = { type: 1, addressLength: 6 } as const;

const typeOfNumber = new Map<number, MessageType>(
  Object.entries(messageTypes).map(([type, number]) => [number, type as MessageType]),
);

export function decodeMessage(data: Buffer): DecodedMessage {
  if (data.length < fixedLength + 4) return { malformed: `only ${data.length} bytes` };
  if (data.readUInt32BE(fixedLength) !== magicCookie) return { malformed: "not DHCP: no magic cookie" };
  const op = data[0];
  if (op !== 1 && op !== 2) return { malformed: `op is ${op}` };
  if (data[1] !== ethernet.type || data[2] !== ethernet.addressLength) {
    return { malformed: `hardware type ${data[1]} with ${data[2]} bytes of address` };
  }
  const decoded = decodeOptions({
    options: data.subarray(fixedLength + 4),
    file: data.subarray(108, 236),
    serverName: data.subarray(44, 108),
  });
  if ("malformed" in decoded) return decoded;
  const type = messageTypeOf(decoded);
  if (!type) return { malformed: "no message type that we know" };
  const message = fixedFields(data, op === 1 ? "request" : "reply", type, decoded.options);
  return { message: decoded.repeats.size === 0 ? message : { ...message, repeats: decoded.repeats } };
}

/** One byte, and the same in each repetition: all other options are read by it. */
function messageTypeOf({
  options,
  repeats,
}: {
  options: RawOptions;
  repeats: RepeatedOptions;
}): MessageType | undefined {
  const [first, ...others] = repeats.get(optionCode.messageType) ?? [options.get(optionCode.messageType)];
  if (first?.length !== 1 || others.some((other) => !other?.equals(first))) return undefined;
  return typeOfNumber.get(first[0] as number);
}

function fixedFields(data: Buffer, op: DhcpMessage["op"], type: MessageType, options: RawOptions): DhcpMessage {
  const addressAt = (offset: number) => formatIpv4(data.readUInt32BE(offset));
  return {
    op,
    type,
    transactionId: data.readUInt32BE(4),
    seconds: data.readUInt16BE(8),
    isBroadcast: (data.readUInt16BE(10) & broadcastBit) !== 0,
    clientAddress: addressAt(12),
    yourAddress: addressAt(16),
    nextServer: addressAt(20),
    relayAddress: addressAt(24),
    hardwareAddress: formatMac(data, 28, ethernet.addressLength),
    options,
  };
}

/** The message type is written first, also if `options` holds another. */
export function encodeMessage(message: DhcpMessage): Buffer {
  const rest = [...message.options].filter(([code]) => code !== optionCode.messageType);
  const options = [[optionCode.messageType, new Uint8Array([messageTypes[message.type]])] as const, ...rest];
  const data = Buffer.alloc(Math.max(fixedLength + 4 + lengthOfOptions(options), minimumLength));
  data[0] = message.op === "request" ? 1 : 2;
  data[1] = ethernet.type;
  data[2] = ethernet.addressLength;
  data.writeUInt32BE(message.transactionId, 4);
  data.writeUInt16BE(Math.min(message.seconds, 0xffff), 8);
  data.writeUInt16BE(message.isBroadcast ? broadcastBit : 0, 10);
  const addresses = [message.clientAddress, message.yourAddress, message.nextServer, message.relayAddress];
  addresses.forEach((address, index) => {
    data.writeUInt32BE(parseIpv4(address) ?? 0, 12 + 4 * index);
  });
  data.set(macBytes(message.hardwareAddress), 28);
  data.writeUInt32BE(magicCookie, fixedLength);
  writeOptions(options, data, fixedLength + 4);
  return data;
}

/** The six bytes of a colon form, which the caller has checked. */
export function macBytes(mac: string): Uint8Array {
  const bytes = new Uint8Array(ethernet.addressLength);
  for (let at = 0; at < bytes.length; at++) bytes[at] = Number.parseInt(mac.slice(at * 3, at * 3 + 2), 16);
  return bytes;
}
