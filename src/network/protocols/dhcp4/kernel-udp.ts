/** Port 68 of one address on one link, in the kernel. */
import { endianness } from "node:os";
import { parseIpv4 } from "../../../base/ipv4.ts";
import { type NativeAddon, type NativeSocket, nativeAddon } from "../../../native/native.ts";
import { clientPort, serverPort } from "./datagram.ts";
import type { UdpChannel, UdpPort } from "./udp-port.ts";

const AF_INET = 2;
const SOCK_DGRAM = 2;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_BINDTODEVICE = 25;
const sockaddrLength = 16;

export class KernelUdp implements UdpPort {
  constructor(private readonly native: NativeAddon = nativeAddon()) {}

  open(linkName: string, localAddress: string, onPayload: (payload: Buffer) => void): UdpChannel {
    const socket = this.native.openSocket(AF_INET, SOCK_DGRAM, 0, { bufferBytes: 2048 });
    try {
      // Another link's client may hold port 68 of all addresses.
      socket.setOption(SOL_SOCKET, SO_REUSEADDR, 1);
      socket.setOption(SOL_SOCKET, SO_BINDTODEVICE, Buffer.from(`${linkName}\0`));
      socket.bind(internetAddress(localAddress, clientPort));
    } catch (error) {
      socket.close();
      throw error;
    }
    // An error (an ICMP "unreachable" of the server's host) is no answer; the client goes on as if nothing came.
    socket.start({ onMessage: ({ data }) => onPayload(data), onError: () => {} });
    return new KernelUdpChannel(socket);
  }
}

class KernelUdpChannel implements UdpChannel {
  constructor(private readonly socket: NativeSocket) {}

  send(destination: string, payload: Uint8Array): boolean {
    try {
      return this.socket.send(payload, { address: internetAddress(destination, serverPort) });
    } catch {
      return false;
    }
  }
  close(): void {
    this.socket.close();
  }
}

/** struct sockaddr_in: family in host order, the rest in network order. */
function internetAddress(address: string, port: number): Buffer {
  const data = Buffer.alloc(sockaddrLength);
  if (endianness() === "LE") data.writeUInt16LE(AF_INET, 0);
  else data.writeUInt16BE(AF_INET, 0);
  data.writeUInt16BE(port, 2);
  data.writeUInt32BE(parseIpv4(address) ?? 0, 4);
  return data;
}
