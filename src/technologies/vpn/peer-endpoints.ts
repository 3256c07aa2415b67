import type { Cancel, Clock } from "../../base/clock.ts";
import { describeError } from "../../base/errors.ts";
import { familyOf } from "../../base/ip-address.ts";
import type { WireguardPeer } from "../../config/wireguard/wireguard-file.ts";
import type { NameLookup, NameLookupLink } from "../../system/link-dns.ts";

/** Never inside a call to the object. */
export interface EndpointsOwner {
  /** The peer has an address (`isFirst`), or another one than before. */
  found(peer: WireguardPeer, isFirst: boolean): void;
  /** The peer's name has no address yet; it is asked for again. */
  notFound(because: string): void;
}

interface Known {
  readonly peer: WireguardPeer;
  /** The first one is in use. */
  addresses: readonly string[];
  isAsking: boolean;
  cancelRetry: Cancel | undefined;
}

/** A name may begin to exist at any time: the peer is there within five seconds of the first answer. */
const retryMs = 2000;

/**
 * Where peers are. Those that are known by a name are looked up through the network below the tunnel, as often as it
 * takes: a name server that is silent, or that does not know the name yet, is no reason to give up.
 */
export class PeerEndpoints {
  readonly #known: readonly Known[];
  #underlay: NameLookupLink | undefined;
  #isClosed = false;

  constructor(
    private readonly ports: { readonly clock: Clock; readonly names: NameLookup },
    peers: readonly WireguardPeer[],
    private readonly owner: EndpointsOwner,
  ) {
    this.#known = peers.flatMap((peer) => {
      const { endpoint } = peer;
      if (!endpoint) return [];
      const addresses = familyOf(endpoint.host) === undefined ? [] : [endpoint.host];
      return [{ peer, addresses, isAsking: false, cancelRetry: undefined }];
    });
  }

  get addresses(): readonly string[] {
    return this.#known.flatMap(({ addresses }) => addresses.slice(0, 1));
  }
  /** The address of a peer is known, or all are to call us. */
  get isReachable(): boolean {
    return this.#known.length === 0 || this.#known.some(({ addresses }) => addresses.length > 0);
  }
  of(publicKey: string): { readonly address: string; readonly port: number } | undefined {
    const known = this.#find(publicKey);
    const [address] = known?.addresses ?? [];
    const port = known?.peer.endpoint?.port;
    return address === undefined || port === undefined ? undefined : { address, port };
  }
  /** The kernel's endpoint of the peer, from an earlier run. */
  adopt(publicKey: string, address: string): void {
    const known = this.#find(publicKey);
    if (known && isName(known)) known.addresses = [address];
  }

  /** Another network may have other name servers, and other addresses for a name. */
  setUnderlay(underlay: NameLookupLink | undefined): void {
    this.#underlay = underlay;
    for (const known of this.#known) this.#ask(known);
  }
  lookUp(publicKey: string): void {
    const known = this.#find(publicKey);
    if (known) this.#ask(known);
  }
  /** The address in use leads nowhere: the next one of the name's is, if it has several. */
  tryNext(publicKey: string): void {
    const known = this.#find(publicKey);
    const [first, ...others] = known?.addresses ?? [];
    if (!known || first === undefined || others.length === 0) return;
    known.addresses = [...others, first];
    this.owner.found(known.peer, false);
  }
  close(): void {
    this.#isClosed = true;
    for (const { cancelRetry } of this.#known) cancelRetry?.();
  }

  #find(publicKey: string): Known | undefined {
    return this.#known.find(({ peer }) => peer.publicKey === publicKey);
  }
  #ask(known: Known): void {
    known.cancelRetry?.();
    if (!isName(known) || known.isAsking || !this.#underlay || this.#isClosed) return;
    known.isAsking = true;
    void this.#askOnce(known, known.peer.endpoint?.host ?? "", this.#underlay);
  }
  async #askOnce(known: Known, host: string, underlay: NameLookupLink): Promise<void> {
    const answer = await this.ports.names.addressesOf(host, underlay).catch((error: unknown) => describeError(error));
    known.isAsking = false;
    if (this.#isClosed) return;
    // The network has changed meanwhile: its answer is not to be mixed up with the new one's.
    if (this.#underlay !== underlay) this.#ask(known);
    else if (typeof answer === "string" || answer.length === 0) this.#askLater(known, host, String(answer));
    else this.#take(known, answer);
  }
  #askLater(known: Known, host: string, because: string): void {
    // A known address stays in use: a name server may be away for a moment.
    if (known.addresses.length > 0) return;
    this.owner.notFound(`${host} has no address yet: ${because}`);
    known.cancelRetry = this.ports.clock.startTimer(`name ${host}`, retryMs, () => this.#ask(known));
  }
  #take(known: Known, addresses: readonly string[]): void {
    const [before] = known.addresses;
    // The one that works stays in use as long as it is among them.
    known.addresses =
      before !== undefined && addresses.includes(before)
        ? [before, ...addresses.filter((address) => address !== before)]
        : addresses;
    if (known.addresses[0] !== before) this.owner.found(known.peer, before === undefined);
  }
}

const isName = ({ peer }: Known): boolean => familyOf(peer.endpoint?.host ?? "") === undefined;
