/** Packets that the kernel lets through to each kind of packet socket. Everything else never wakes the daemon. */
import { assemble, type Instruction, packetTypeOffset } from "./bpf.ts";
import type { PacketKind } from "./packet.ts";

const etherTypeIpv4 = 0x0800;
const etherTypeArp = 0x0806;
/** PACKET_OTHERHOST: seen only because the link is promiscuous or the far end floods. */
const toOtherHost = 3;
const protocolUdp = 17;
const moreFragmentsOrOffset = 0x3fff;
const dhcpClientPort = 68;

const keep: Instruction = { op: "return", bytes: 0xffffffff };
const drop: readonly Instruction[] = [{ label: "drop" }, { op: "return", bytes: 0 }];

const notForOthers: readonly Instruction[] = [
  { op: "load-byte", at: packetTypeOffset },
  { op: "if-equal", value: toOtherHost, hit: "drop" },
];

/** The socket is SOCK_DGRAM: offset 0 is the first byte behind the link-layer header. */
const dhcpClient: readonly Instruction[] = [
  ...notForOthers,
  { op: "load-byte", at: 9 },
  { op: "if-equal", value: protocolUdp, miss: "drop" },
  { op: "load-half", at: 6 },
  { op: "if-any-bit", value: moreFragmentsOrOffset, hit: "drop" },
  { op: "load-header-length", at: 0 },
  { op: "load-half-indexed", at: 2 },
  { op: "if-equal", value: dhcpClientPort, miss: "drop" },
  keep,
  ...drop,
];

/** Offsets in ARP for IPv4 over Ethernet (RFC 826). */
const arpSenderAt = 14;
const arpTargetAt = 24;

/** ARP that claims the address (a number in host order), or probes for it: sender 0.0.0.0 (RFC 5227, 1.1). */
export const arpFilterForAddress = (address: number): Uint8Array =>
  assemble([
    ...notForOthers,
    { op: "load-word", at: arpSenderAt },
    { op: "if-equal", value: address, hit: "keep" },
    { op: "if-equal", value: 0, miss: "drop" },
    { op: "load-word", at: arpTargetAt },
    { op: "if-equal", value: address, miss: "drop" },
    { label: "keep" },
    keep,
    ...drop,
  ]);

const arp: readonly Instruction[] = [...notForOthers, keep, ...drop];

export interface PacketFilter {
  readonly etherType: number;
  readonly program: Uint8Array;
}

export const packetFilters: Readonly<Record<PacketKind, PacketFilter>> = {
  "dhcp4-client": { etherType: etherTypeIpv4, program: assemble(dhcpClient) },
  arp: { etherType: etherTypeArp, program: assemble(arp) },
};
