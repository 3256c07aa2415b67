/** Packet sockets in memory: a wire that joins any number of links and raw stations. */
import type { PacketChannel, PacketKind, PacketPort, ReceivedPacket } from "../../src/packet/packet.ts";

export type FrameType = "ipv4" | "arp";

export interface Frame {
  readonly sourceMac: string;
  readonly destinationMac: string;
  readonly type: FrameType;
  readonly payload: Buffer;
  /** As left by the sender; false imitates a virtual link with checksum offload. */
  readonly isChecksumReady: boolean;
}

/** A host on the wire that sees every frame but its own: the place of a server in a test. */
export interface Station {
  send(destinationMac: string, type: FrameType, payload: Uint8Array, options?: { isChecksumReady?: boolean }): void;
  leave(): void;
}

/** A cable with any number of ends. Frames arrive in the order sent, as microtasks, never inside `send`. */
export class FakeWire {
  /** False: sent frames get lost, as with the cable out. */
  isConnected = true;
  /** Every frame ever sent, also lost ones, for assertions. */
  readonly frames: Frame[] = [];
  readonly #ends = new Map<object, (frame: Frame) => void>();

  join(onFrame: (frame: Frame) => void): { put(frame: Frame): void; leave(): void } {
    const end = {};
    this.#ends.set(end, onFrame);
    return { put: (frame) => this.#carry(end, frame), leave: () => this.#ends.delete(end) };
  }
  station(mac: string, onFrame: (frame: Frame) => void): Station {
    const end = this.join(onFrame);
    return {
      send: (destinationMac, type, payload, { isChecksumReady = true } = {}) =>
        end.put({ sourceMac: mac, destinationMac, type, payload: Buffer.from(payload), isChecksumReady }),
      leave: () => end.leave(),
    };
  }
  #carry(from: object, frame: Frame): void {
    this.frames.push(frame);
    if (!this.isConnected) return;
    queueMicrotask(() => {
      for (const [end, onFrame] of [...this.#ends]) {
        if (end !== from && this.#ends.has(end)) onFrame({ ...frame, payload: Buffer.from(frame.payload) });
      }
    });
  }
}

interface FakeLink {
  readonly mac: string;
  readonly put: (frame: Frame) => void;
  readonly leave: () => void;
  readonly channels: Set<FakeChannel>;
  isUp: boolean;
}

/** The PacketPort of one host. Links must be added before channels can be opened on them. */
export class FakePackets implements PacketPort {
  readonly #links = new Map<number, FakeLink>();

  addLink(index: number, mac: string, wire: FakeWire): void {
    const channels = new Set<FakeChannel>();
    const end = wire.join((frame) => {
      if (!isForUs(frame, mac) || !link.isUp) return;
      for (const channel of [...channels]) channel.take(frame);
    });
    const link: FakeLink = { mac, put: end.put, leave: end.leave, channels, isUp: true };
    this.#links.set(index, link);
  }
  removeLink(index: number): void {
    this.#links.get(index)?.leave();
    this.#links.delete(index);
  }
  setLinkUp(index: number, isUp: boolean): void {
    const link = this.#links.get(index);
    if (!link) throw new Error(`no link ${index}`);
    link.isUp = isUp;
  }
  /** For leak checks. */
  get openChannels(): number {
    return [...this.#links.values()].reduce((sum, link) => sum + link.channels.size, 0);
  }
  /** Channels with a listener. */
  get listeners(): number {
    return [...this.#links.values()].reduce((sum, { channels }) => sum + [...channels].filter(isHeard).length, 0);
  }
  open(kind: PacketKind, linkIndex: number): PacketChannel {
    const link = this.#links.get(linkIndex);
    if (!link) throw Object.assign(new Error("bind ENODEV"), { code: "ENODEV", errno: 19, syscall: "bind" });
    const channel = new FakeChannel(kind, link, () => this.#links.get(linkIndex) === link && link.isUp);
    link.channels.add(channel);
    return channel;
  }
}

class FakeChannel implements PacketChannel {
  #onPacket: ((packet: ReceivedPacket) => void) | undefined;
  #watched: string | undefined;
  constructor(
    private readonly kind: PacketKind,
    private readonly link: FakeLink,
    private readonly canSend: () => boolean,
  ) {}
  get isHeard(): boolean {
    return this.#onPacket !== undefined;
  }
  send(destinationMac: string, payload: Uint8Array): boolean {
    if (!this.link.channels.has(this) || !this.canSend() || !macPattern.test(destinationMac)) return false;
    const type = this.kind === "arp" ? "arp" : "ipv4";
    const frame = { sourceMac: this.link.mac, destinationMac, type, payload: Buffer.from(payload) } as const;
    this.link.put({ ...frame, isChecksumReady: true });
    return true;
  }
  listen(onPacket: ((packet: ReceivedPacket) => void) | undefined): void {
    this.#onPacket = this.link.channels.has(this) ? onPacket : undefined;
  }
  /** Frames are handed over when they arrive: none waits. */
  poll(): void {}
  watchAddress(address: string): void {
    this.#watched = address;
  }
  close(): void {
    this.link.channels.delete(this);
    this.#onPacket = undefined;
  }
  take(frame: Frame): void {
    const isWanted = this.kind === "arp" ? isArpAbout(frame, this.#watched) : isForDhcpClient(frame);
    if (!isWanted) return;
    const { payload, sourceMac, isChecksumReady } = frame;
    this.#onPacket?.({ payload: Buffer.from(payload), sourceMac, isChecksumReady });
  }
}

const isHeard = (channel: FakeChannel): boolean => channel.isHeard;

const macPattern = /^[\da-f]{2}(:[\da-f]{2}){5}$/i;

const isForUs = (frame: Frame, mac: string): boolean =>
  frame.destinationMac === mac || (Number.parseInt(frame.destinationMac.slice(0, 2), 16) & 1) === 1;

/** Everything while no address is watched. */
function isArpAbout({ type, payload }: Frame, address: string | undefined): boolean {
  if (type !== "arp" || address === undefined) return type === "arp";
  const [sender, target] = [14, 24].map((at) => [...payload.subarray(at, at + 4)].join("."));
  return sender === address || (sender === "0.0.0.0" && target === address);
}

/** Packets that the kernel's filter lets through: IPv4, UDP, not a fragment, destination port 68. */
function isForDhcpClient({ type, payload }: Frame): boolean {
  const headerLength = ((payload[0] ?? 0) & 0x0f) * 4;
  if (type !== "ipv4" || payload.length < headerLength + 4 || payload.length < 20) return false;
  const isFragment = (payload.readUInt16BE(6) & 0x3fff) !== 0;
  return payload[9] === 17 && !isFragment && payload.readUInt16BE(headerLength + 2) === 68;
}
