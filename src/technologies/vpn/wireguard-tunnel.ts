import type { Cancel, Clock } from "../../base/clock.ts";
import { describeError } from "../../base/errors.ts";
import type { WireguardPeer } from "../../config/wireguard/wireguard-file.ts";
import type { Link, Rtnl } from "../../rtnl/rtnl.ts";
import type { Wireguard, WireguardPeerState } from "../../rtnl/wireguard.ts";
import type { NameLookup, NameLookupLink } from "../../system/link-dns.ts";
import { PeerEndpoints } from "./peer-endpoints.ts";
import { makeTunnelLink, removeTunnelLink } from "./tunnel-link.ts";

export interface TunnelPorts {
  readonly clock: Clock;
  readonly rtnl: Rtnl;
  readonly wireguard: Wireguard;
  readonly names: NameLookup;
}

/** Immutable: the settings that the tunnel was begun with. */
export interface TunnelSettings {
  readonly privateKey: string;
  readonly peers: readonly WireguardPeer[];
  /** The name by which the link is found again after a restart. */
  readonly mark: string;
}

export interface TunnelOwner {
  /** The link is up and has its keys. */
  made(link: Link): void;
  /**
   * Addresses of peers are others than before: they must not be looked for inside the tunnel. Told before they are
   * used.
   */
  serversChanged(): void;
  /** A peer answered, or none did within the time that one is given. Told once for each greeting. */
  greeted(hasAnswered: boolean): void;
  /** Why it does not get on, for people. */
  stepped(because: string): void;
  failed(because: string): void;
}

/** A peer that lives answers within a round trip; the kernel asks again after five seconds. */
const answerMs = 5000;
const firstLookMs = 100;
/** Once nothing is waited for. */
const calmLookMs = 30_000;
/** A session is renewed every two minutes, and over after three (WireGuard's paper, 6.2): then the peer is gone. */
const staleMs = 180_000;

/** One WireGuard link with its keys and peers, and the way to them; the addressing inside is its owner's. */
export class WireguardTunnel {
  readonly #endpoints: PeerEndpoints;
  #link: Link | undefined;
  #isReady = false;
  #isClosed = false;
  /** When the peers were last greeted, without an answer since; undefined: no answer is awaited. */
  #waitingSinceMs: number | undefined;
  #greetedAtWallMs = 0;
  #stopLooking: Cancel | undefined;
  readonly #sentBytes = new Map<string, bigint>();

  constructor(
    private readonly ports: TunnelPorts,
    private readonly settings: TunnelSettings,
    private readonly owner: TunnelOwner,
  ) {
    this.#endpoints = new PeerEndpoints(ports, settings.peers, {
      found: (peer, isFirst) => this.#follow(peer, isFirst),
      notFound: (because) => owner.stepped(because),
    });
  }

  /** Addresses of peers, as far as they are known. */
  get servers(): readonly string[] {
    return this.#endpoints.addresses;
  }
  /** The link can be used without waiting for a peer's address. */
  get isReachable(): boolean {
    return this.#endpoints.isReachable;
  }

  /** `found`: a link that an earlier run has made for it; its sessions go on. Never rejects. */
  async open(found?: Link): Promise<void> {
    try {
      const link = found ?? (await makeTunnelLink(this.ports.rtnl, this.settings.mark));
      this.#link = link;
      if (!this.#isClosed) await this.#prepare(link, found !== undefined);
      if (this.#isClosed) {
        await removeTunnelLink(this.ports.rtnl, link.index);
        return;
      }
      this.#isReady = true;
      this.owner.made(link);
      this.#greet();
    } catch (error) {
      if (!this.#isClosed) this.owner.failed(describeError(error));
    }
  }
  async #prepare({ index }: Link, isFound: boolean): Promise<void> {
    const { wireguard, rtnl } = this.ports;
    if (!isFound || !(await this.#isConfigured(index))) await wireguard.configure(index, this.#kernelSettings());
    await rtnl.request({ op: "set-link", link: index, change: { isUp: true } });
  }
  /** The key is the same, too: no other program changes it. */
  async #isConfigured(index: number): Promise<boolean> {
    const present = await this.ports.wireguard.peers(index);
    const ids = new Set(present.map(idOf));
    const { peers } = this.settings;
    if (ids.size !== peers.length || !peers.every(({ publicKey }) => ids.has(publicKey))) return false;
    for (const state of present) if (state.endpoint) this.#endpoints.adopt(idOf(state), state.endpoint.address);
    this.#noteSent(present);
    return true;
  }
  #kernelSettings() {
    return {
      privateKey: Buffer.from(this.settings.privateKey, "base64"),
      peers: this.settings.peers.map(({ publicKey, presharedKey, allowedIps, keepaliveSeconds }) => {
        const endpoint = this.#endpoints.of(publicKey);
        return {
          publicKey: Buffer.from(publicKey, "base64"),
          ...(presharedKey !== undefined && { presharedKey: Buffer.from(presharedKey, "base64") }),
          allowedIps,
          ...(endpoint && { endpoint }),
          ...(keepaliveSeconds !== undefined && { keepaliveSeconds }),
        };
      }),
    };
  }

  /** The network below is another one, or was lost (undefined). The link stays. */
  setUnderlay(underlay: NameLookupLink | undefined): void {
    this.#endpoints.setUnderlay(underlay);
    if (underlay) this.#greet();
    else this.#wait(undefined);
  }

  /** The link stays as it is; nothing is told any more. */
  leave(): void {
    this.#isClosed = true;
    this.#stopLooking?.();
    this.#endpoints.close();
  }
  /** Resolves when the link is gone. Nothing is told any more. */
  async close(): Promise<void> {
    this.leave();
    // While it is being made, that ends with its removal.
    if (this.#isReady && this.#link) await removeTunnelLink(this.ports.rtnl, this.#link.index);
  }

  /** A peer has an address, or another one. */
  #follow(peer: WireguardPeer, isFirst: boolean): void {
    this.owner.serversChanged();
    const endpoint = this.#endpoints.of(peer.publicKey);
    if (!this.#isReady || !this.#link || !endpoint) return;
    const key = Buffer.from(peer.publicKey, "base64");
    this.#order(this.ports.wireguard.moveEndpoint(this.#link.index, key, endpoint));
    if (isFirst || this.#waitingSinceMs !== undefined) this.#wait(this.ports.clock.now());
    this.#order(this.ports.wireguard.greet(this.#link.index, key, peer.keepaliveSeconds));
  }
  #greet(): void {
    if (!this.#isReady || !this.#link) return;
    this.#wait(this.ports.clock.now());
    for (const { publicKey, keepaliveSeconds } of this.settings.peers) {
      if (!this.#endpoints.of(publicKey)) continue;
      const key = Buffer.from(publicKey, "base64");
      this.#order(this.ports.wireguard.greet(this.#link.index, key, keepaliveSeconds));
    }
  }
  #order(done: Promise<void>): void {
    done.catch((error: unknown) => {
      if (!this.#isClosed) this.owner.stepped(describeError(error));
    });
  }

  #wait(sinceMs: number | undefined): void {
    this.#waitingSinceMs = sinceMs;
    this.#greetedAtWallMs = this.ports.clock.wallTime();
    this.#lookAgain();
  }
  #lookAgain(): void {
    this.#stopLooking?.();
    if (this.#isClosed) return;
    const ms = this.#waitingSinceMs === undefined ? calmLookMs : firstLookMs;
    this.#stopLooking = this.ports.clock.startTimer(`wireguard ${this.#link?.name ?? ""}`, ms, () => void this.#look());
  }
  async #look(): Promise<void> {
    if (!this.#link) return;
    try {
      const peers = await this.ports.wireguard.peers(this.#link.index);
      if (this.#isClosed) return;
      if (this.#waitingSinceMs === undefined) this.#lookForSilence(peers);
      else this.#lookForAnswer(peers, this.#waitingSinceMs);
    } catch (error) {
      if (!this.#isClosed) this.owner.stepped(describeError(error));
    }
    this.#lookAgain();
  }

  #lookForAnswer(peers: readonly WireguardPeerState[], sinceMs: number): void {
    const hasAnswered = peers.some((state) => this.#isAlive(state));
    const isOver = this.ports.clock.now() - sinceMs >= answerMs;
    if (!hasAnswered && !isOver) return;
    this.#waitingSinceMs = undefined;
    this.#noteSent(peers);
    this.owner.greeted(hasAnswered);
    // The other family may be the one that gets through.
    if (!hasAnswered) for (const state of peers) this.#endpoints.tryNext(idOf(state));
  }
  /** A session that is young enough needs no new handshake. */
  #isAlive({ lastHandshakeMs }: WireguardPeerState): boolean {
    return lastHandshakeMs !== undefined && this.#greetedAtWallMs - lastHandshakeMs < staleMs;
  }
  /** A peer with packets to send does not answer: its name may have another address by now. */
  #lookForSilence(peers: readonly WireguardPeerState[]): void {
    const now = this.ports.clock.wallTime();
    for (const state of peers) {
      const isStale = now - (state.lastHandshakeMs ?? 0) >= staleMs;
      if (isStale && state.sentBytes > (this.#sentBytes.get(idOf(state)) ?? 0n)) this.#endpoints.lookUp(idOf(state));
    }
    this.#noteSent(peers);
  }
  #noteSent(peers: readonly WireguardPeerState[]): void {
    for (const state of peers) this.#sentBytes.set(idOf(state), state.sentBytes);
  }
}

const idOf = ({ publicKey }: WireguardPeerState): string => publicKey.toString("base64");
