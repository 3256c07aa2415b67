/** Asks the routers of a link for an advertisement (RFC 4861, 4.1); the kernel takes the answer. */
import { parseIpAddress } from "../base/ip-address.ts";
import { type NativeAddon, type NativeSocket, nativeAddon } from "../native/native.ts";

export interface RouterSolicitor {
  /** Whether the question left; not before the link has a link-local address, when the kernel asks by itself. */
  solicit(linkIndex: number): boolean;
  close(): void;
}

// Linux numbers (include/uapi/linux/{in6,icmpv6}.h).
const AF_INET6 = 10;
const SOCK_RAW = 3;
const IPPROTO_ICMPV6 = 58;
const IPPROTO_IPV6 = 41;
const IPV6_MULTICAST_HOPS = 18;
const ICMPV6_FILTER = 1;
const solicitationType = 133;
const allRouters = "ff02::2";
/** A message that a router has forwarded is none (RFC 4861, 6.1.1). */
const hopLimit = 255;

export class KernelSolicitor implements RouterSolicitor {
  #socket: NativeSocket | undefined;
  #isClosed = false;

  constructor(private readonly native: () => NativeAddon = nativeAddon) {}

  solicit(linkIndex: number): boolean {
    if (this.#isClosed) return false;
    try {
      this.#socket ??= this.#open();
      return this.#socket.send(solicitation(), { address: routersOf(linkIndex) });
    } catch {
      return false;
    }
  }
  close(): void {
    this.#isClosed = true;
    this.#socket?.close();
    this.#socket = undefined;
  }

  #open(): NativeSocket {
    const socket = this.native().openSocket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6, { bufferBytes: 1 });
    try {
      // A set bit keeps a type out: nothing is read from this socket.
      socket.setOption(IPPROTO_ICMPV6, ICMPV6_FILTER, Buffer.alloc(32, 0xff));
      socket.setOption(IPPROTO_IPV6, IPV6_MULTICAST_HOPS, hopLimit);
      return socket;
    } catch (error) {
      socket.close();
      throw error;
    }
  }
}

/** The kernel fills in the checksum. */
function solicitation(): Buffer {
  const message = Buffer.alloc(8);
  message[0] = solicitationType;
  return message;
}

/** struct sockaddr_in6 */
function routersOf(linkIndex: number): Buffer {
  const address = Buffer.alloc(28);
  new Uint16Array(address.buffer, address.byteOffset, 1)[0] = AF_INET6;
  address.set(parseIpAddress(allRouters), 8);
  new Uint32Array(address.buffer, address.byteOffset + 24, 1)[0] = linkIndex;
  return address;
}
