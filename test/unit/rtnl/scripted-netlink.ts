/**
 * A kernel behind the addon's interface that answers as a test says; for events of a real one that come once in a year.
 */
import type {
  NativeAddon,
  NativeSocket,
  ReceivedMessage,
  SocketEvents,
  SystemError,
} from "../../../src/native/native.ts";
import { eachMessage, type MessageHeader } from "../../../src/rtnl/wire.ts";

export function systemError(code: string, errno: number, syscall = "recvmsg"): SystemError {
  return Object.assign(new Error(`${syscall}: ${code}`), { code, errno, syscall });
}

export function netlinkMessage(type: number, flags: number, sequence: number, body: Uint8Array): Buffer {
  const message = Buffer.alloc((16 + body.length + 3) & ~3);
  message.writeUInt32LE(16 + body.length, 0);
  message.writeUInt16LE(type, 4);
  message.writeUInt16LE(flags, 6);
  message.writeUInt32LE(sequence, 8);
  message.set(body, 16);
  return message;
}

/** NLMSG_ERROR with a number, capped; 0 acknowledges. */
export function acknowledgement(sequence: number, errno = 0): Buffer {
  const body = Buffer.alloc(20);
  body.writeInt32LE(-errno, 0);
  body.writeUInt32LE(16, 4);
  return netlinkMessage(2, 0x100, sequence, body);
}

export const endOfDump = (sequence: number, errno = 0, flags = 2): Buffer => {
  const body = Buffer.alloc(4);
  body.writeInt32LE(-errno, 0);
  return netlinkMessage(3, flags, sequence, body);
};

function attribute(type: number, value: Uint8Array): Buffer {
  const bytes = Buffer.alloc((4 + value.length + 3) & ~3);
  bytes.writeUInt16LE(4 + value.length, 0);
  bytes.writeUInt16LE(type, 2);
  bytes.set(value, 4);
  return bytes;
}

/** RTM_NEWLINK (16) or RTM_DELLINK (17) with nothing but a name and an MTU. */
export function linkMessage(
  index: number,
  name: string,
  { type = 16, mtu = 1500, sequence = 0, isUp = true, flags = 2 } = {},
): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt16LE(1, 2);
  header.writeInt32LE(index, 4);
  header.writeUInt32LE(isUp ? 0x11043 : 0x1002, 8);
  const mtuBytes = Buffer.alloc(4);
  mtuBytes.writeUInt32LE(mtu, 0);
  return netlinkMessage(
    type,
    flags,
    sequence,
    Buffer.concat([header, attribute(3, Buffer.from(`${name}\0`)), attribute(4, mtuBytes)]),
  );
}

/** RTM_NEWROUTE (24) or RTM_DELROUTE (25), IPv4, `10.NET.0.0/16` in `main`. */
export function routeMessage(
  network: number,
  link: number,
  { type = 24, flags = 0, gateway = 0, sequence = 0, source = 0, metric = 0 } = {},
): Buffer {
  const header = Buffer.from([2, 16, 0, 0, 254, 87, 0, 1, 0, 0, 0, 0]);
  const number = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value, 0);
    return bytes;
  };
  const attributes = [attribute(1, Buffer.from([10, network, 0, 0])), attribute(4, number(link))];
  if (metric !== 0) attributes.push(attribute(6, number(metric)));
  if (gateway !== 0) attributes.push(attribute(5, Buffer.from([10, 0, 0, gateway])));
  if (source !== 0) attributes.push(attribute(7, Buffer.from([10, 0, 0, source])));
  return netlinkMessage(type, flags, sequence, Buffer.concat([header, ...attributes]));
}

/** RTM_NEWADDR (20) or RTM_DELADDR (21), `10.0.0.LAST/24`. */
export function addressMessage(last: number, link: number, type = 20): Buffer {
  const header = Buffer.alloc(8);
  header.set([2, 24, 0x80, 0]);
  header.writeUInt32LE(link, 4);
  return netlinkMessage(type, 0, 0, Buffer.concat([header, attribute(2, Buffer.from([10, 0, 0, last]))]));
}

function senderAddress(port: number): Buffer {
  const address = Buffer.alloc(12);
  address.writeUInt16LE(16, 0);
  address.writeUInt32LE(port, 4);
  return address;
}

class ScriptedSocket implements NativeSocket {
  fd = 7;
  readonly sent: Buffer[] = [];
  /** Results or errors of `receive`. */
  readonly queue: (ReceivedMessage | SystemError)[] = [];
  events: SocketEvents | undefined;
  /** Answers sent messages; by default nothing comes. */
  onSend: (data: Buffer) => void = () => {};

  bind(): void {}
  connect(): void {}
  localAddress(): Buffer {
    return Buffer.alloc(12);
  }
  setOption(): void {}
  getOption(): Buffer {
    return Buffer.alloc(4);
  }
  attachFilter(): void {}
  send(data: Uint8Array): boolean {
    this.sent.push(Buffer.from(data));
    this.onSend(Buffer.from(data));
    return true;
  }
  receive(limit: number): ReceivedMessage[] {
    const taken: ReceivedMessage[] = [];
    while (taken.length < limit) {
      const next = this.queue[0];
      if (!next || next instanceof Error) break;
      taken.push(next);
      this.queue.shift();
    }
    const next = this.queue[0];
    if (taken.length === 0 && next instanceof Error) {
      this.queue.shift();
      throw next;
    }
    return taken;
  }
  start(events: SocketEvents): void {
    this.events = events;
  }
  stop(): void {
    this.events = undefined;
  }
  setKeepAlive(): void {}
  detach(): number {
    return this.fd;
  }
  close(): void {
    this.fd = -1;
    this.events = undefined;
  }

  /** Put in the queue: seen by the next `receive`. */
  add(data: Buffer, port = 0): void {
    this.queue.push({ data, address: senderAddress(port), isTruncated: false });
  }
  /** As the event loop does when a message came; nothing without a listener. */
  poll(): void {
    while (this.queue.length > 0 && this.events) {
      const next = this.queue.shift() as ReceivedMessage | SystemError;
      if (next instanceof Error) this.events.onError(next);
      else this.events.onMessage(next);
    }
  }
}

/** Tables of the scripted kernel: the answer to each dump, by the message type that asks. */
export class ScriptedKernel implements NativeAddon {
  readonly sockets: ScriptedSocket[] = [];
  /** RTM_GETLINK: 18, RTM_GETADDR: 22, RTM_GETROUTE: 26, RTM_GETRULE: 34. */
  readonly dumps = new Map<number, (sequence: number) => Buffer[]>();
  readonly asked: number[] = [];
  /** Answers everything that is no dump. */
  answer: (header: MessageHeader) => Buffer[] = (header) => [acknowledgement(header.sequence)];
  /** Answers come later, when the test lets them. */
  isSlow = false;
  readonly held: Buffer[] = [];
  openFailure: SystemError | undefined;

  /** Subscribed before anything is asked. */
  get events(): ScriptedSocket {
    return this.sockets[0] as ScriptedSocket;
  }
  get requests(): ScriptedSocket {
    return this.sockets[1] as ScriptedSocket;
  }
  openSocket(): NativeSocket {
    if (this.openFailure && this.sockets.length === 1) throw this.openFailure;
    const socket = new ScriptedSocket();
    socket.onSend = (data) => eachMessage(data, (header) => this.#onRequest(socket, header));
    this.sockets.push(socket);
    return socket;
  }
  openTimer(): never {
    throw new Error("no timers here");
  }
  bootTimeMs(): number {
    return 0;
  }
  closeFd(): void {}
  peerCredentials(): never {
    throw new Error("no peers here");
  }
  setDumpable(): void {}
  trimMalloc(): void {}
  populateHeap(): number {
    return 0;
  }
  openHandles() {
    return { sockets: this.sockets.filter((socket) => socket.fd !== -1).length, timers: 0 };
  }
  /** Lets held answers go, and polls. */
  release(): void {
    for (const answer of this.held.splice(0)) this.requests.add(answer);
    this.requests.poll();
  }
  #onRequest(socket: ScriptedSocket, header: MessageHeader): void {
    this.asked.push(header.type);
    const isDump = (header.flags & 0x300) === 0x300 && header.type % 4 === 2;
    const answers = isDump
      ? (this.dumps.get(header.type) ?? ((sequence) => [endOfDump(sequence)]))(header.sequence)
      : this.answer(header);
    for (const data of answers) {
      if (this.isSlow) this.held.push(data);
      else socket.add(data);
    }
  }
}
