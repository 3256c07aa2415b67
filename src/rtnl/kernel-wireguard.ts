import type { Clock } from "../base/clock.ts";
import { GenericNetlink } from "./generic-netlink.ts";
import type { Wireguard, WireguardPeerState, WireguardSettings } from "./wireguard.ts";
import { getDevice, peersIn, setDevice, setEndpoint, setKeepalive, wireguardFamily } from "./wireguard-messages.ts";

/** Switched off again before it is over. */
const greetingSeconds = 25;

/** {@link Wireguard} of this network namespace. Needs CAP_NET_ADMIN. Opens its socket at first use. */
export class KernelWireguard implements Wireguard {
  #netlink: GenericNetlink | undefined;
  constructor(private readonly clock: Clock) {}

  async configure(linkIndex: number, settings: WireguardSettings): Promise<void> {
    for (const command of setDevice(linkIndex, settings)) await this.#open().order(wireguardFamily, command);
  }
  async moveEndpoint(linkIndex: number, publicKey: Buffer, endpoint: { address: string; port: number }): Promise<void> {
    await this.#open().order(wireguardFamily, setEndpoint(linkIndex, publicKey, endpoint));
  }
  /** A keepalive goes out in the moment in which keepalives are switched on (wg_packet_send_keepalive). */
  async greet(linkIndex: number, publicKey: Buffer, keepaliveSeconds = 0): Promise<void> {
    for (const seconds of new Set([0, keepaliveSeconds || greetingSeconds])) {
      await this.#open().order(wireguardFamily, setKeepalive(linkIndex, publicKey, seconds));
    }
    if (keepaliveSeconds === 0) await this.#open().order(wireguardFamily, setKeepalive(linkIndex, publicKey, 0));
  }
  async peers(linkIndex: number): Promise<readonly WireguardPeerState[]> {
    const found = new Map<string, WireguardPeerState>();
    await this.#open().list(wireguardFamily, getDevice(linkIndex), (answer) => {
      for (const state of peersIn(answer)) {
        const id = state.publicKey.toString("base64");
        // Later parts of a peer hold addresses only.
        if (!found.has(id)) found.set(id, state);
      }
    });
    return [...found.values()];
  }
  close(): void {
    this.#netlink?.close();
    this.#netlink = undefined;
  }
  #open(): GenericNetlink {
    this.#netlink ??= new GenericNetlink(this.clock);
    return this.#netlink;
  }
}
