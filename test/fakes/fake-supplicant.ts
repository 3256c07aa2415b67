import { DaemonError } from "../../src/base/errors.ts";
import { networkBlock } from "../../src/supplicant/network-block.ts";
import type {
  Bss,
  BssSecurity,
  Radio,
  RadioCapabilities,
  RadioEnd,
  RadioNetwork,
  RadioObserver,
  RadioState,
  Supplicant,
} from "../../src/supplicant/supplicant.ts";

export type FakeSecurity = "open" | "psk" | "sae" | "psk+sae" | "wep";

export interface FakeAccessPoint {
  readonly ssid: string | Buffer;
  readonly bssid: string;
  readonly security: FakeSecurity;
  readonly passphrase?: string;
  readonly signalDbm?: number;
  readonly frequencyMhz?: number;
}

const securities: Readonly<Record<FakeSecurity, BssSecurity>> = {
  open: { wpa: [], rsn: [], isPrivate: false },
  wep: { wpa: [], rsn: [], isPrivate: true },
  psk: { wpa: [], rsn: ["wpa-psk"], isPrivate: true },
  sae: { wpa: [], rsn: ["sae"], isPrivate: true },
  "psk+sae": { wpa: [], rsn: ["wpa-psk", "sae"], isPrivate: true },
};

/** IEEE 802.11, 9.4.1.9. */
const challengeFailed = 15;
/** IEEE 802.11, 9.4.1.7. */
const reasons = { leaving: 3, handshakeTimeout: 15 } as const;

/**
 * Radios and the air in memory. The effects of an order come in later microtasks, as from another process; scans end at
 * once, and associations fail as those of a real supplicant do.
 */
export class FakeSupplicant implements Supplicant {
  readonly #radios = new Set<FakeRadioLink>();
  readonly #points = new Map<string, FakeAccessPoint>();
  isThere = true;
  /** Every network that was asked for, in order. */
  readonly asked: RadioNetwork[] = [];
  /** The network that each link is connected to, which outlives the port. */
  readonly joined = new Map<string, string>();

  attach(linkName: string, observer: RadioObserver): Radio {
    const radio = new FakeRadioLink(linkName, observer, this);
    this.#radios.add(radio);
    if (this.isThere) queueMicrotask(() => radio.begin());
    return radio;
  }
  close(): void {
    this.#radios.clear();
  }
  remove(radio: FakeRadioLink): void {
    this.#radios.delete(radio);
  }

  /** The access points in range of every radio. */
  get points(): readonly FakeAccessPoint[] {
    return [...this.#points.values()];
  }
  /** An access point appears, or tells something else of itself. Radios hear of it with their next scan. */
  switchOn(point: FakeAccessPoint): void {
    this.#points.set(point.bssid, point);
  }
  /** Stations that are associated with it lose it. */
  switchOff(bssid: string): void {
    this.#points.delete(bssid);
    for (const radio of this.#radios) radio.onPointGone(bssid);
  }
  /** The process ends, and is not started again. */
  kill(): void {
    this.isThere = false;
    this.joined.clear();
    for (const radio of this.#radios) radio.onGone();
  }
  start(): void {
    this.isThere = true;
    for (const radio of this.#radios) radio.begin();
  }
}

const fakeCapabilities: RadioCapabilities = { sae: true, mostScanSsids: 3 };

class FakeRadioLink implements Radio {
  readonly bsses = new Map<string, Bss>();
  state: RadioState = "unknown";
  currentBss: string | undefined;
  isReady = false;
  #isDetached = false;
  #attempt = 0;
  #isScanning = false;

  constructor(
    readonly linkName: string,
    private readonly observer: RadioObserver,
    private readonly supplicant: FakeSupplicant,
  ) {}

  begin(): void {
    if (this.#isDetached || this.isReady) return;
    this.isReady = true;
    this.observer.ready(fakeCapabilities);
    const joined = this.supplicant.joined.get(this.linkName);
    this.#setBss(joined);
    this.#become(joined === undefined ? "disconnected" : "completed");
    if (joined === undefined) return;
    queueMicrotask(() => this.#updateBsses());
  }
  onGone(): void {
    if (!this.isReady) return;
    this.#forget();
    this.observer.lost("the supplicant is gone");
  }
  onPointGone(bssid: string): void {
    if (this.currentBss !== idOf(bssid)) return;
    this.#attempt++;
    queueMicrotask(() => this.#end({ reason: reasons.leaving, isLocal: false, from: this.state }));
  }

  async scan(_ssids: readonly Buffer[]): Promise<void> {
    this.#checkReady();
    if (this.#isScanning) throw new DaemonError("InProgress");
    this.#isScanning = true;
    queueMicrotask(() => this.#finishScan());
  }
  async connect(network: RadioNetwork): Promise<void> {
    this.#checkReady();
    networkBlock(network, fakeCapabilities);
    this.supplicant.asked.push(network);
    if (this.currentBss !== undefined) this.#end({ reason: reasons.leaving, isLocal: true, from: this.state });
    const attempt = ++this.#attempt;
    queueMicrotask(() => this.#associate(network, attempt));
  }
  async disconnect(): Promise<void> {
    this.#attempt++;
    if (!this.isReady) return;
    if (this.currentBss !== undefined) this.#end({ reason: reasons.leaving, isLocal: true, from: this.state });
    else this.#become("disconnected");
  }
  async detach(): Promise<void> {
    this.#isDetached = true;
    this.#forget();
    this.supplicant.joined.delete(this.linkName);
    this.supplicant.remove(this);
  }

  #checkReady(): void {
    if (!this.isReady) throw new DaemonError("Failure", `${this.linkName}: the supplicant does not have it`);
  }
  #finishScan(): void {
    if (!this.isReady) return;
    this.#isScanning = false;
    this.#updateBsses();
    this.observer.scanDone(true);
  }
  #updateBsses(): void {
    const heard = new Map(this.supplicant.points.map((point) => [idOf(point.bssid), bssOf(point)]));
    for (const id of [...this.bsses.keys()]) {
      if (heard.has(id)) continue;
      this.bsses.delete(id);
      this.observer.bssGone(id);
    }
    for (const [id, bss] of heard) {
      const isNew = !this.bsses.has(id);
      this.bsses.set(id, bss);
      if (isNew) this.observer.bssFound(bss);
      else this.observer.bssChanged(bss);
    }
  }
  #associate(network: RadioNetwork, attempt: number): void {
    if (attempt !== this.#attempt || !this.isReady) return;
    const point = this.supplicant.points.find(
      (candidate) => Buffer.from(candidate.ssid).equals(network.ssid) && speaks(candidate, network),
    );
    if (point) this.#shakeHands(point, network);
    else {
      // It goes on looking for it, as a real one does, and so finds out that it is gone.
      this.#become("scanning");
      this.#updateBsses();
    }
  }
  #shakeHands(point: FakeAccessPoint, network: RadioNetwork): void {
    const isSae = point.security === "sae" || point.security === "psk+sae";
    this.#become("authenticating");
    if (isSae && !isRightKey(point, network)) {
      const refused = { reason: 0, status: challengeFailed, isLocal: false, from: "authenticating" } as const;
      return void queueMicrotask(() => this.#end(refused));
    }
    this.#become("associating");
    this.#setBss(idOf(point.bssid));
    this.#become("associated");
    if (point.security !== "open") this.#become("4way_handshake");
    if (isRightKey(point, network)) this.#become("completed");
    else queueMicrotask(() => this.#end({ reason: reasons.handshakeTimeout, isLocal: false, from: this.state }));
  }
  #end(end: RadioEnd): void {
    if (!this.isReady) return;
    this.observer.associationEnded(end);
    this.#setBss(undefined);
    this.#become("disconnected");
  }
  #setBss(id: string | undefined): void {
    if (id === this.currentBss) return;
    this.currentBss = id;
    this.observer.currentBssChanged(id);
  }
  #become(state: RadioState): void {
    const before = this.state;
    if (state === before) return;
    this.state = state;
    if (state === "completed" && this.currentBss !== undefined) {
      this.supplicant.joined.set(this.linkName, this.currentBss);
    } else this.supplicant.joined.delete(this.linkName);
    this.observer.stateChanged(state, before);
  }
  #forget(): void {
    this.#attempt++;
    this.isReady = false;
    this.#isScanning = false;
    this.bsses.clear();
    this.currentBss = undefined;
    this.state = "unknown";
  }
}

const idOf = (bssid: string): string => `/bss/${bssid.replaceAll(":", "")}`;

function bssOf({ ssid, bssid, security, signalDbm = -50, frequencyMhz = 2412 }: FakeAccessPoint): Bss {
  return {
    id: idOf(bssid),
    ssid: Buffer.from(ssid),
    bssid,
    mode: "infrastructure",
    security: securities[security],
    signalDbm,
    frequencyMhz,
  };
}

/** Whether the access point offers the kind of key at all. */
function speaks({ security }: FakeAccessPoint, { key }: RadioNetwork): boolean {
  if (security === "open") return key.kind === "none";
  if (security === "wep") return false;
  return key.kind === "passphrase" || (key.kind === "raw" && security !== "sae");
}
const isRightKey = ({ security, passphrase }: FakeAccessPoint, { key }: RadioNetwork): boolean =>
  security === "open" || (key.kind === "passphrase" && key.passphrase === passphrase) || key.kind === "raw";
