import type { Address, KernelRequest, Snapshot } from "../../rtnl/rtnl.ts";
import type { KernelMemory } from "./apply.ts";
import { addressKey, isOwnAddress } from "./marks.ts";
import type { AddressLifetime, NetworkWish } from "./wish.ts";

/** The kernel tells of a lost carrier at most once a second, and drivers look at theirs every two. */
const longestResetMs = 3_000;
/** The first loss may be a person who pulls the cable. */
const lossesOfHabit = 2;

/** Changes of this run to the kernel that the snapshot does not show. */
export class KernelNotes {
  readonly #putAddresses = new Map<string, Partial<AddressLifetime>>();
  readonly #originalMtus = new Map<number, number>();
  readonly #keptMtus = new Set<number>();
  readonly #mtuSetAtMs = new Map<number, number>();
  /** How often in a row the carrier was lost just after we set the MTU. */
  readonly #lossesByMtu = new Map<number, number>();
  readonly #distrusted = new Set<number>();
  readonly #abandoned = new Set<number>();

  memory(nowMs: number): KernelMemory {
    return {
      nowMs,
      putAddresses: this.#putAddresses,
      originalMtus: this.#originalMtus,
      keptMtus: this.#keptMtus,
      abandonedLinks: this.#abandoned,
      distrustedLinks: this.#distrusted,
    };
  }

  isOwn(address: Address): boolean {
    // Asked of every address that goes, of links that are none of ours too.
    return isOwnAddress(address, address.protocol === undefined && this.#putAddresses.has(addressKey(address)));
  }

  /** Written down before it is sent: the news of it comes before the answer. */
  onRequest(request: KernelRequest, wish: Partial<NetworkWish> | undefined, snapshot: Snapshot, nowMs: number): void {
    if (request.op === "put-address") {
      this.#putAddresses.set(addressKey(request.address), wish?.lifetimes?.[request.address.address] ?? {});
    } else if (request.op === "delete-address") {
      this.#putAddresses.delete(addressKey(request.address));
    } else if (request.op === "set-link") {
      this.#mtuSetAtMs.set(request.link, nowMs);
      this.#onMtu(request.link, wish, snapshot);
    }
  }
  onRefused(request: KernelRequest): void {
    if (request.op === "put-address") this.#putAddresses.delete(addressKey(request.address));
  }
  onAddressRemoved(address: Address): void {
    this.#putAddresses.delete(addressKey(address));
  }
  onLinkRemoved(link: number): void {
    this.#abandoned.delete(link);
    this.#originalMtus.delete(link);
    this.#keptMtus.delete(link);
    this.#mtuSetAtMs.delete(link);
    this.#lossesByMtu.delete(link);
    this.#distrusted.delete(link);
  }

  onCarrierLost(link: number, nowMs: number): void {
    const setAtMs = this.#mtuSetAtMs.get(link) ?? Number.NEGATIVE_INFINITY;
    if (nowMs - setAtMs > longestResetMs) this.#lossesByMtu.delete(link);
    else this.#lossesByMtu.set(link, (this.#lossesByMtu.get(link) ?? 0) + 1);
  }
  /**
   * No network is on the link. Its MTU is given back, unless the carrier was lost: a driver that starts its card anew
   * for each MTU, and takes longer for it than we wait, would do so again and again.
   */
  onReleased(link: number, isCarrierLost: boolean): void {
    if (isCarrierLost && (this.#lossesByMtu.get(link) ?? 0) >= lossesOfHabit) this.#keptMtus.add(link);
    else this.#keptMtus.delete(link);
  }
  onWish(link: number): void {
    this.#keptMtus.delete(link);
  }

  /** The kernel may have dropped routes of this link without a word. */
  distrust(link: number): void {
    this.#distrusted.add(link);
  }
  /** The next pass has seen to that. */
  trustAgain(): void {
    this.#distrusted.clear();
  }
  /** The link's network is gone, and it used the kernel's addresses of router advertisements. */
  abandon(link: number): void {
    this.#abandoned.add(link);
  }
  isAbandoned(link: number): boolean {
    return this.#abandoned.has(link);
  }
  /** A network is about to use it again, or it is not ours any more. */
  reclaim(link: number): void {
    this.#abandoned.delete(link);
  }

  #onMtu(link: number, wish: Partial<NetworkWish> | undefined, snapshot: Snapshot): void {
    const mtu = snapshot.links.get(link)?.mtu;
    if (wish?.settings?.mtu === undefined) this.#originalMtus.delete(link);
    else if (mtu !== undefined && !this.#originalMtus.has(link)) this.#originalMtus.set(link, mtu);
  }
}
