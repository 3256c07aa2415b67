import type { PacketPort } from "../../../src/packet/packet.ts";
import type { Frame, FrameType } from "../../fakes/fake-packets.ts";

/** One link under test and a station at the other end of its cable, in memory or in the kernel. */
export interface PacketWorld {
  readonly port: PacketPort;
  readonly linkIndex: number;
  readonly mac: string;
  readonly stationMac: string;
  /** Sends from the other end. */
  stationSend(destinationMac: string, type: FrameType, payload: Uint8Array): void;
  /** Frames that the other end received so far from the link under test. */
  stationReceived(): readonly Pick<Frame, "sourceMac" | "type" | "payload">[];
  /** Resolves when the link sends, or does so no more. */
  setLinkUp(isUp: boolean): Promise<void>;
  close(): void;
}

const broadcastMac = "ff:ff:ff:ff:ff:ff";

interface Udp {
  readonly port?: number;
  readonly protocol?: number;
  /** Flags and fragment offset, as in the header. */
  readonly fragment?: number;
  /** Length of the options in the IPv4 header. */
  readonly options?: number;
  readonly text?: string;
}

/** An IPv4 packet with broken checksums, which a packet socket does not mind. */
export function ipv4Packet({ port = 68, protocol = 17, fragment = 0, options = 0, text = "" }: Udp): Buffer {
  const header = Buffer.alloc(20 + options, 1);
  const body = Buffer.from(text);
  header[0] = 0x45 + options / 4;
  header.writeUInt16BE(header.length + 8 + body.length, 2);
  header.writeUInt16BE(fragment, 6);
  header[9] = protocol;
  const udp = Buffer.alloc(8);
  udp.writeUInt16BE(67, 0);
  udp.writeUInt16BE(port, 2);
  udp.writeUInt16BE(8 + body.length, 4);
  return Buffer.concat([header, udp, body]);
}

/** A broadcast request for 192.0.2.1 whose sender address carries `mark`. */
export function arpPacket(mark: number): Buffer {
  const packet = Buffer.alloc(28);
  packet.writeUInt16BE(1, 0);
  packet.writeUInt16BE(0x0800, 2);
  packet[4] = 6;
  packet[5] = 4;
  packet.writeUInt16BE(1, 6);
  packet.writeUInt32BE(mark, 14);
  packet.set([192, 0, 2, 1], 24);
  return packet;
}

export { broadcastMac };
