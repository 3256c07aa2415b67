import type { Cancel } from "../base/clock.ts";
import { DaemonError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { NmLinks } from "./node-wifi/nm-links.ts";
import { keeperName } from "./node-wifi/node-wifi-radio.ts";
import type { Bss, KeptAddressing, Radio, RadioNetwork, RadioObserver, RadioState, Supplicant } from "./supplicant.ts";

/**
 * Which program drives radios: the setting `wifi.backend`. `auto`: wpa_supplicant, unless NetworkManager has the radio.
 */
export const wifiBackends = ["auto", "wpa_supplicant", "node-wifi"] as const;
export type WifiBackend = (typeof wifiBackends)[number];

interface ChosenPorts {
  readonly wpa: Supplicant;
  readonly nodeWifi: Supplicant;
  /** Which links NetworkManager has. */
  readonly links: Pick<NmLinks, "known" | "isManaged" | "follow">;
  readonly log: Log;
}

/**
 * The setting `auto`: each radio is in the hands of wpa_supplicant, unless NetworkManager has it; then of node-wifi. It
 * changes hands when NetworkManager comes, goes, or gives the link up.
 */
export class ChosenSupplicant implements Supplicant {
  constructor(private readonly ports: ChosenPorts) {}

  get isThere(): boolean {
    return this.ports.wpa.isThere || this.ports.nodeWifi.isThere;
  }
  async keeperOf(linkName: string): Promise<string | undefined> {
    await this.ports.links.known();
    return this.ports.links.isManaged(linkName) ? keeperName : undefined;
  }
  attach(linkName: string, observer: RadioObserver): Radio {
    return new ChosenRadio(linkName, observer, this.ports);
  }
  close(): void {
    this.ports.wpa.close();
    this.ports.nodeWifi.close();
  }
}

/** One link, in whichever hands it is. */
class ChosenRadio implements Radio {
  #inner: Radio | undefined;
  #isKept = false;
  #isDetached = false;
  readonly #cancelFollow: Cancel;

  constructor(
    private readonly linkName: string,
    private readonly observer: RadioObserver,
    private readonly ports: ChosenPorts,
  ) {
    this.#cancelFollow = ports.links.follow(linkName, () => this.#choose());
    void ports.links.known().then(() => this.#choose());
  }

  get isReady(): boolean {
    return this.#inner?.isReady ?? false;
  }
  get state(): RadioState {
    return this.#inner?.state ?? "unknown";
  }
  get bsses(): ReadonlyMap<string, Bss> {
    return this.#inner?.bsses ?? new Map();
  }
  get currentBss(): string | undefined {
    return this.#inner?.currentBss;
  }
  get keeper(): string | undefined {
    return this.#inner?.keeper;
  }
  get addressing(): KeptAddressing | undefined {
    return this.#inner?.addressing;
  }
  scan(ssids: readonly Buffer[]): Promise<void> {
    return this.#present().scan(ssids);
  }
  connect(network: RadioNetwork): Promise<void> {
    return this.#present().connect(network);
  }
  async disconnect(): Promise<void> {
    await this.#inner?.disconnect();
  }
  async detach(): Promise<void> {
    this.#isDetached = true;
    this.#cancelFollow();
    await this.#inner?.detach();
  }

  #present(): Radio {
    if (!this.#inner) throw new DaemonError("Failure", `${this.linkName}: it is not known yet which program has it`);
    return this.#inner;
  }
  #choose(): void {
    if (this.#isDetached) return;
    const isKept = this.ports.links.isManaged(this.linkName);
    if (this.#inner && isKept === this.#isKept) return;
    this.#isKept = isKept;
    const because = isKept ? `${keeperName} has the radio` : `${keeperName} does not have the radio`;
    this.ports.log.info(`${this.linkName}: ${because}: it is driven by ${isKept ? "node-wifi" : "wpa_supplicant"}`);
    const before = this.#inner;
    const wasReady = before?.isReady === true;
    void before?.detach();
    if (wasReady) this.observer.lost(because);
    const { wpa, nodeWifi } = this.ports;
    this.#inner = (isKept ? nodeWifi : wpa).attach(this.linkName, this.observer);
  }
}
