/**
 * The port to the kernel's WireGuard: keys and peers of a link of that kind. The real twin is `kernel-wireguard.ts`,
 * the fake `test/fakes/fake-wireguard.ts`; one contract holds both.
 */

export interface WireguardPeerSettings {
  /** 32 bytes each. Keys are secrets but this one. */
  readonly publicKey: Buffer;
  readonly presharedKey?: Buffer;
  /** CIDR text. */
  readonly allowedIps: readonly string[];
  /** Absent: the peer is to call us, or its name is not resolved yet. */
  readonly endpoint?: { readonly address: string; readonly port: number };
  /** Seconds; absent: off. */
  readonly keepaliveSeconds?: number;
}
export interface WireguardSettings {
  readonly privateKey: Buffer;
  /** Absent: the kernel chooses one. */
  readonly listenPort?: number;
  readonly peers: readonly WireguardPeerSettings[];
}

/** The kernel's state of a peer. */
export interface WireguardPeerState {
  readonly publicKey: Buffer;
  readonly endpoint?: { readonly address: string; readonly port: number };
  /** Milliseconds since 1970; absent: there was no handshake yet. */
  readonly lastHandshakeMs?: number;
  readonly receivedBytes: bigint;
  readonly sentBytes: bigint;
}

export interface Wireguard {
  /**
   * The peers that the link has otherwise are removed. Rejects with KernelError; ENODEV where there is no such link.
   */
  configure(linkIndex: number, settings: WireguardSettings): Promise<void>;
  /** Another endpoint for a peer that is there; its session goes on. */
  moveEndpoint(linkIndex: number, publicKey: Buffer, endpoint: { address: string; port: number }): Promise<void>;
  /**
   * Has the peer hear of us now, with a handshake where one is due: the kernel speaks to it only when there is
   * something to send. `keepaliveSeconds` as in its settings.
   */
  greet(linkIndex: number, publicKey: Buffer, keepaliveSeconds: number | undefined): Promise<void>;
  /** In no order. */
  peers(linkIndex: number): Promise<readonly WireguardPeerState[]>;
  close(): void;
}
