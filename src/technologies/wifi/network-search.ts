import type { Cancel, Clock } from "../../base/clock.ts";
import type { WifiService } from "./wifi-service.ts";

/** One scan alone misses an access point now and then, more so beside the traffic of a connection. */
const mostScans = 2;
/** The supplicant refuses a scan while it scans by itself, or while it associates. */
const askAgainMs = 1_000;
/** As long as an access point has to answer: no radio needs more for its channels. */
const limitMs = 15_000;

interface SearchPorts {
  readonly clock: Clock;
  readonly linkName: string;
  scan(): void;
  missed(service: WifiService): void;
}

/** One network that no access point is known of is looked for, while the radio keeps the connection that it has. */
export class NetworkSearch {
  #wanted: WifiService | undefined;
  #scansLeft = 0;
  #cancelLimit: Cancel = () => {};
  #cancelAgain: Cancel = () => {};

  constructor(private readonly ports: SearchPorts) {}

  get wanted(): WifiService | undefined {
    return this.#wanted;
  }
  begin(service: WifiService): void {
    const { clock, linkName } = this.ports;
    this.end();
    this.#wanted = service;
    this.#scansLeft = mostScans;
    this.#cancelLimit = clock.startTimer(`wifi-search ${linkName}`, limitMs, () => this.#miss(service));
    this.ports.scan();
  }
  onScanDone(isSuccessful: boolean): void {
    const wanted = this.#wanted;
    if (!wanted) return;
    if (isSuccessful) this.#scansLeft--;
    if (this.#scansLeft === 0) this.#miss(wanted);
    else this.#scanAgain(isSuccessful ? 0 : askAgainMs);
  }
  /** Without a word to the network. */
  end(): void {
    this.#wanted = undefined;
    this.#cancelLimit();
    this.#cancelAgain();
  }
  #scanAgain(afterMs: number): void {
    this.#cancelAgain();
    const name = `wifi-search-again ${this.ports.linkName}`;
    this.#cancelAgain = this.ports.clock.startTimer(name, afterMs, () => this.ports.scan());
  }
  #miss(wanted: WifiService): void {
    this.end();
    this.ports.missed(wanted);
  }
}
