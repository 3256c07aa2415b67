import { familyOf, parseCidr } from "../../src/base/ip-address.ts";
import { errnoOf, kernelError } from "../../src/rtnl/kernel-error.ts";
import type { Rtnl } from "../../src/rtnl/rtnl.ts";
import type {
  Wireguard,
  WireguardPeerSettings,
  WireguardPeerState,
  WireguardSettings,
} from "../../src/rtnl/wireguard.ts";

type Endpoint = NonNullable<WireguardPeerSettings["endpoint"]>;
interface FakePeer {
  readonly settings: WireguardPeerSettings;
  endpoint: Endpoint | undefined;
  lastHandshakeMs: number | undefined;
  sentBytes: bigint;
}

/** Keys and peers of links of the kind `wireguard`, which come and go in a kernel beside it. No packet flows. */
export class FakeWireguard implements Wireguard {
  readonly #peers = new Map<number, Map<string, FakePeer>>();
  /** Endpoints that answer a greeting with a handshake, at this time of day. */
  readonly answering = new Map<string, () => number>();
  /** Endpoints that were greeted, in order; `-` where there was none. */
  readonly greeted: string[] = [];
  /** As last configured, by link. */
  readonly configured = new Map<number, WireguardSettings>();

  constructor(private readonly rtnl: Pick<Rtnl, "snapshot">) {}

  async configure(linkIndex: number, settings: WireguardSettings): Promise<void> {
    this.#checkLink(linkIndex);
    for (const { publicKey, allowedIps } of settings.peers) {
      if (publicKey.length !== 32) throw new RangeError("a public key has 32 bytes");
      for (const cidr of allowedIps) parseCidr(cidr);
    }
    this.configured.set(linkIndex, settings);
    const fresh = { lastHandshakeMs: undefined, sentBytes: 0n };
    const peers = settings.peers.map((peer): [string, FakePeer] => [
      idOf(peer.publicKey),
      { settings: peer, endpoint: peer.endpoint, ...fresh },
    ]);
    this.#peers.set(linkIndex, new Map(peers));
  }
  async moveEndpoint(linkIndex: number, publicKey: Buffer, endpoint: Endpoint): Promise<void> {
    this.#checkLink(linkIndex);
    if (familyOf(endpoint.address) === undefined) throw new RangeError("an endpoint is an address and a port");
    const peer = this.#peers.get(linkIndex)?.get(idOf(publicKey));
    if (peer) peer.endpoint = endpoint;
  }
  async greet(linkIndex: number, publicKey: Buffer): Promise<void> {
    this.#checkLink(linkIndex);
    const peer = this.#peers.get(linkIndex)?.get(idOf(publicKey));
    if (!peer) return;
    const address = peer.endpoint?.address ?? "-";
    this.greeted.push(address);
    peer.sentBytes += 148n;
    const now = this.answering.get(address);
    if (now) peer.lastHandshakeMs = now();
  }
  async peers(linkIndex: number): Promise<readonly WireguardPeerState[]> {
    this.#checkLink(linkIndex);
    return [...(this.#peers.get(linkIndex)?.values() ?? [])].map(
      ({ settings, endpoint, lastHandshakeMs, sentBytes }) => ({
        publicKey: settings.publicKey,
        ...(endpoint ? { endpoint } : {}),
        ...(lastHandshakeMs === undefined ? {} : { lastHandshakeMs }),
        receivedBytes: 0n,
        sentBytes,
      }),
    );
  }
  /** Something was sent through the tunnel, and the kernel shakes hands for it in vain. */
  send(linkIndex: number): void {
    for (const peer of this.#peers.get(linkIndex)?.values() ?? []) peer.sentBytes += 148n;
  }
  close(): void {}

  #checkLink(linkIndex: number): void {
    const link = this.rtnl.snapshot.links.get(linkIndex);
    if (!link) throw kernelError(`wireguard link ${linkIndex}`, errnoOf("ENODEV"));
    if (link.kind !== "wireguard") throw kernelError(`wireguard link ${linkIndex}`, errnoOf("EOPNOTSUPP"));
  }
}

const idOf = (publicKey: Buffer): string => publicKey.toString("base64");
