/** ARP packets for IPv4 over Ethernet (RFC 826), as RFC 5227 and RFC 4436 use them. Pure; reading never throws. */
import { formatMac, parseMac } from "../../base/ip-address.ts";
import { formatIpv4, parseIpv4 } from "../../base/ipv4.ts";

export interface ArpPacket {
  readonly isRequest: boolean;
  readonly senderMac: string;
  /** 0.0.0.0 in a probe. */
  readonly senderAddress: string;
  readonly targetAddress: string;
}

const arpLength = 28;
/** Ethernet, IPv4, lengths 6 and 4. */
const fixedStart = Buffer.from("0001080006040001", "hex");

/** Undefined for a frame that is not ARP for IPv4 over Ethernet. Padding after it is ignored. */
export function decodeArp(data: Buffer): ArpPacket | undefined {
  if (data.length < arpLength || data.compare(fixedStart, 0, 6, 0, 6) !== 0) return undefined;
  const operation = data.readUInt16BE(6);
  if (operation !== 1 && operation !== 2) return undefined;
  return {
    isRequest: operation === 1,
    senderMac: formatMac(data, 8, 6),
    senderAddress: formatIpv4(data.readUInt32BE(14)),
    targetAddress: formatIpv4(data.readUInt32BE(24)),
  };
}

/** "Is this address in use?" without claiming it (RFC 5227, 1.1). */
export const arpProbe = (mac: string, address: string): Buffer => arpRequest(mac, "0.0.0.0", address);

/** "This address is mine": refreshes the caches of neighbours (RFC 5227, 1.1). */
export const arpAnnouncement = (mac: string, address: string): Buffer => arpRequest(mac, address, address);

/** "Are you still there?", to one host that answered this address before (RFC 4436, 2.1.1). */
export function arpReachabilityTest(mac: string, address: string, host: { mac: string; address: string }): Buffer {
  const packet = arpRequest(mac, address, host.address);
  packet.set(parseMac(host.mac), 18);
  return packet;
}

function arpRequest(mac: string, sender: string, target: string): Buffer {
  const packet = Buffer.alloc(arpLength);
  fixedStart.copy(packet);
  packet.set(parseMac(mac), 8);
  packet.writeUInt32BE(parseIpv4(sender) ?? 0, 14);
  packet.writeUInt32BE(parseIpv4(target) ?? 0, 24);
  return packet;
}
