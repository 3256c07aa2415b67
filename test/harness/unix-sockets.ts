import { type NativeSocket, nativeAddon, type SocketEvents } from "../../src/native/native.ts";

export const AF_UNIX = 1;
export const AF_NETLINK = 16;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOL_SOCKET = 1;
export const SO_RCVBUF = 8;

let names = 0;

/** An abstract address that no other test has. */
export const freshAddress = (): Buffer => unixAddress(`\0fairlead-test-${process.pid}-${++names}`);

/** struct sockaddr_un; a name that begins with NUL is abstract. */
export function unixAddress(name: string): Buffer {
  const address = Buffer.alloc(2 + Buffer.byteLength(name));
  address.set(new Uint8Array(new Uint16Array([AF_UNIX]).buffer), 0);
  address.write(name, 2, "latin1");
  return address;
}

/** struct sockaddr_nl of the kernel, or of an automatic port. */
export function netlinkAddress(): Buffer {
  const address = Buffer.alloc(12);
  address.set(new Uint8Array(new Uint16Array([AF_NETLINK]).buffer), 0);
  return address;
}

/** RTM_GETLINK: with `dump` for all links, else for `lo`. Reads only. */
export function linkRequest(sequence: number, dump = false): Buffer {
  const request = Buffer.alloc(32);
  new Uint32Array(request.buffer, request.byteOffset, 4).set([32, 0, sequence, 0]);
  new Uint16Array(request.buffer, request.byteOffset, 8).set([18, dump ? 0x301 : 0x1], 2);
  new Int32Array(request.buffer, request.byteOffset, 8)[5] = dump ? 0 : 1;
  return request;
}

/** A bound receiver and a sender connected to it. */
export function datagramPair(options: { bufferBytes?: number } = {}) {
  const native = nativeAddon();
  const address = freshAddress();
  const receiver = native.openSocket(AF_UNIX, SOCK_DGRAM, 0, options);
  receiver.bind(address);
  const sender = native.openSocket(AF_UNIX, SOCK_DGRAM, 0);
  sender.connect(address);
  const close = () => {
    receiver.close();
    sender.close();
  };
  return { native, address, receiver, sender, close };
}

/** Starts a socket whose errors fail the test. */
export function startQuietly(socket: NativeSocket, onMessage: SocketEvents["onMessage"]): void {
  socket.start({
    onMessage,
    onError: (error) => {
      throw error;
    },
  });
}
