/** IPv4 and UDP headers around a DHCP message on a packet socket (RFC 791, RFC 768). */
import { formatIpv4, parseIpv4 } from "../../../base/ipv4.ts";

export const clientPort = 68;
export const serverPort = 67;

const ipLength = 20;
const udpLength = 8;
const udpProtocol = 17;
const timeToLive = 64;
/** More-fragments flag and fragment offset. */
const fragmentBits = 0x3fff;

export type ParsedDatagram = { readonly source: string; readonly payload: Buffer } | { readonly malformed: string };

/** From port 68 of `source` to port 67 of `destination`. */
export function buildDatagram(source: string, destination: string, payload: Uint8Array): Buffer {
  const packet = Buffer.alloc(ipLength + udpLength + payload.length);
  packet[0] = 0x45;
  packet.writeUInt16BE(packet.length, 2);
  packet[8] = timeToLive;
  packet[9] = udpProtocol;
  packet.writeUInt32BE(parseIpv4(source) ?? 0, 12);
  packet.writeUInt32BE(parseIpv4(destination) ?? 0, 16);
  packet.writeUInt16BE(checksum(packet, 0, ipLength, 0), 10);
  packet.writeUInt16BE(clientPort, ipLength);
  packet.writeUInt16BE(serverPort, ipLength + 2);
  packet.writeUInt16BE(udpLength + payload.length, ipLength + 4);
  packet.set(payload, ipLength + udpLength);
  // Zero would mean "no checksum" (RFC 768).
  packet.writeUInt16BE(udpChecksum(packet, ipLength, udpLength + payload.length) || 0xffff, ipLength + 6);
  return packet;
}

/**
 * Bytes after the length that the header states are padding of the link. The UDP checksum is not looked at where the
 * sender left it to hardware that a virtual link does not have (`isChecksumReady` false).
 */
export function parseDatagram(packet: Buffer, isChecksumReady: boolean): ParsedDatagram {
  if (packet.length < ipLength + udpLength) return { malformed: `only ${packet.length} bytes` };
  const headerLength = ((packet[0] as number) & 15) * 4;
  const totalLength = packet.readUInt16BE(2);
  if ((packet[0] as number) >> 4 !== 4 || headerLength < ipLength) return { malformed: "not an IPv4 header" };
  if (totalLength > packet.length || totalLength < headerLength + udpLength) return { malformed: "wrong IPv4 length" };
  if (checksum(packet, 0, headerLength, 0) !== 0) return { malformed: "wrong IPv4 header checksum" };
  if (packet[9] !== udpProtocol || packet.readUInt16BE(6) & fragmentBits)
    return { malformed: "not a whole UDP datagram" };
  return parseUdp(packet, headerLength, totalLength, isChecksumReady);
}

function parseUdp(packet: Buffer, at: number, totalLength: number, isChecksumReady: boolean): ParsedDatagram {
  const length = packet.readUInt16BE(at + 4);
  if (packet.readUInt16BE(at + 2) !== clientPort) return { malformed: "not for the client port" };
  if (length < udpLength || at + length > totalLength) return { malformed: "wrong UDP length" };
  const hasChecksum = packet.readUInt16BE(at + 6) !== 0;
  if (isChecksumReady && hasChecksum && udpChecksum(packet, at, length) !== 0)
    return { malformed: "wrong UDP checksum" };
  return { source: formatIpv4(packet.readUInt32BE(12)), payload: packet.subarray(at + udpLength, at + length) };
}

/** Over the pseudo header as well; 0 when the checksum in place is right. */
function udpChecksum(packet: Buffer, at: number, length: number): number {
  let pseudoHeader = udpProtocol + length;
  for (let offset = 12; offset < ipLength; offset += 2) pseudoHeader += packet.readUInt16BE(offset);
  return checksum(packet, at, at + length, pseudoHeader);
}

/** RFC 1071. */
function checksum(data: Buffer, start: number, end: number, initial: number): number {
  let sum = initial;
  for (let at = start; at + 1 < end; at += 2) sum += ((data[at] as number) << 8) | (data[at + 1] as number);
  if ((end - start) % 2 === 1) sum += (data[end - 1] as number) << 8;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
