import type { Log } from "../../../base/log.ts";
import {
  AddressConflictWatch,
  type ConflictDetection,
  type ConflictObserver,
  type ConflictPorts,
  type OnDispute,
} from "../address-conflict.ts";
import type { ProtocolLink } from "../handler.ts";
import type { LinkChannels } from "./channels.ts";
import { broadcastMac } from "./messenger.ts";

/** RFC 5227 for one address of a link, on an ARP socket; without that socket the address is used unwatched. */
export class AddressGuard {
  readonly #watch: AddressConflictWatch;

  constructor(
    private readonly link: ProtocolLink,
    private readonly channels: LinkChannels,
    private readonly log: Log,
    readonly mode: ConflictDetection,
    outside: Omit<ConflictPorts, "send">,
    observer: ConflictObserver,
    onDispute: OnDispute = "give-up",
  ) {
    const send = (packet: Buffer) => void this.channels.channel("arp").send(broadcastMac, packet);
    const { clock } = outside;
    const ports = { clock, random: () => outside.random(), isOwnMac: (mac: string) => outside.isOwnMac(mac), send };
    this.#watch = new AddressConflictWatch(ports, link.mac, link.name, observer, onDispute);
  }

  get disputes(): number {
    return this.#watch.disputes;
  }
  /** The strict order. False: it cannot be done here. */
  check(address: string): boolean {
    if (!this.#listen(address)) return false;
    this.#watch.probe(address, "before-use");
    return true;
  }
  /** For an address in use: probes it unless it is watched already. */
  watch(address: string): void {
    if (this.mode === "off" || this.#watch.address === address) return;
    if (this.#listen(address)) this.#watch.probe(address, "parallel");
  }
  /** The network may be another one by now: probes the watched address anew. */
  again(): void {
    const { address } = this.#watch;
    if (address !== undefined) this.#watch.probe(address, "parallel");
  }
  /** For an address that has been in use all along. */
  hold(address: string): void {
    if (this.mode !== "off" && this.#listen(address)) this.#watch.hold(address);
  }
  stop(): void {
    this.#watch.stop();
    this.channels.unlisten("arp", this);
  }

  #listen(address: string): boolean {
    try {
      this.channels.channel("arp").watchAddress(address);
      this.channels.listen("arp", this, (packet) => this.#watch.onPacket(packet));
      return true;
    } catch (error) {
      this.log.warn(`${this.link.name}: no conflict detection: ${String(error)}`);
      return false;
    }
  }
}
