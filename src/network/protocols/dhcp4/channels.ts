import type { Clock } from "../../../base/clock.ts";
import type { PacketChannel, PacketKind, PacketPort, ReceivedPacket } from "../../../packet/packet.ts";
import { Backoff } from "./backoff.ts";
import { OfferingServers } from "./offering-servers.ts";

/** Servers that go on thinking of new ones are told of no more. */
const mostOddities = 64;

/** Texts that have been told, each once, and no more of them than `most`. */
class OnceEach {
  readonly #told = new Set<string>();
  constructor(private readonly most: number) {}

  /** In the order in which they came. */
  get texts(): readonly string[] {
    return [...this.#told];
  }
  /** Whether the text is to be told now. */
  add(text: string): boolean {
    if (this.#told.has(text) || this.#told.size >= this.most) return false;
    this.#told.add(text);
    return true;
  }
}

/**
 * State of a link rather than of a session: its packet sockets, because closing one waits for the kernel, and the
 * back-off and the knowledge of its servers, because they must outlive the session.
 */
export class LinkChannels {
  readonly #open = new Map<PacketKind, PacketChannel>();
  readonly #listeners = new Map<PacketKind, object>();
  /** Oddities of this link's servers, as logged. */
  readonly oddities = new OnceEach(mostOddities);
  #backoff: Backoff | undefined;
  #servers: OfferingServers | undefined;

  constructor(
    private readonly packets: PacketPort,
    private readonly linkIndex: number,
  ) {}

  backoff(clock: Clock): Backoff {
    this.#backoff ??= new Backoff(clock);
    return this.#backoff;
  }
  offeringServers(clock: Clock): OfferingServers {
    this.#servers ??= new OfferingServers(clock);
    return this.#servers;
  }
  /** Opens on first use; throws SystemError. */
  channel(kind: PacketKind): PacketChannel {
    let channel = this.#open.get(kind);
    if (!channel) {
      channel = this.packets.open(kind, this.linkIndex);
      this.#open.set(kind, channel);
    }
    return channel;
  }
  /** `owner` replaces the listener. Throws SystemError when the socket has to be opened and cannot. */
  listen(kind: PacketKind, owner: object, onPacket: (packet: ReceivedPacket) => void): void {
    this.channel(kind).listen(onPacket);
    this.#listeners.set(kind, owner);
  }
  /** Does nothing if another owner listens by now. */
  unlisten(kind: PacketKind, owner: object): void {
    if (this.#listeners.get(kind) !== owner) return;
    this.#listeners.delete(kind);
    this.#open.get(kind)?.listen(undefined);
  }
  close(): void {
    for (const channel of this.#open.values()) channel.close();
    this.#open.clear();
    this.#listeners.clear();
  }
}

/** The channels of all links, kept until the link is gone. */
export class ChannelPool {
  readonly #links = new Map<number, LinkChannels>();
  constructor(private readonly packets: PacketPort) {}

  of(linkIndex: number): LinkChannels {
    let channels = this.#links.get(linkIndex);
    if (!channels) {
      channels = new LinkChannels(this.packets, linkIndex);
      this.#links.set(linkIndex, channels);
    }
    return channels;
  }
  /** Closes the sockets of the link. Twice is fine. */
  forget(linkIndex: number): void {
    this.#links.get(linkIndex)?.close();
    this.#links.delete(linkIndex);
  }
  forgetAll(): void {
    for (const linkIndex of [...this.#links.keys()]) this.forget(linkIndex);
  }
}
