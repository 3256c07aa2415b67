import type { Cancel } from "../../base/clock.ts";
import { DaemonError, describeError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { networkBlock } from "../network-block.ts";
import type {
  Bss,
  KeptAddressing,
  Radio,
  RadioEnd,
  RadioKey,
  RadioNetwork,
  RadioObserver,
  RadioState,
} from "../supplicant.ts";
import { bssOf } from "./listed-bss.ts";
import { nmReasons, nmStates, radioStateOf } from "./nm-interfaces.ts";
import type { NmLink, NmLinks } from "./nm-links.ts";
import type { NodeWifi, PreparedNetwork } from "./node-wifi.ts";

export const keeperName = "NetworkManager";

export interface NodeWifiRadioPorts {
  readonly links: Pick<NmLinks, "of" | "follow">;
  readonly nodeWifi: NodeWifi;
  readonly log: Log;
  detached(): void;
}

/** The network that an order of ours is about. */
interface Awaited {
  readonly ssid: Buffer;
  /** Undefined: nmcli has one, or makes it. */
  profile: string | undefined;
  /** Active when NetworkManager was asked; empty: none. Undefined: it was not asked yet. */
  profileBefore: string | undefined;
}

/** WPA3 is decided by the access points; names of no other radio are asked for in a scan. */
const capabilities = { sae: true, mostScanSsids: 0 };
/** IEEE 802.11, 9.4.1.7: the handshake took too long, as it does with another passphrase; or the station leaves. */
const reasons = { handshakeTimeout: 15, leaving: 3 } as const;

/** A link of NetworkManager's: followed on the bus, ordered about by node-wifi. */
export class NodeWifiRadio implements Radio {
  readonly bsses = new Map<string, Bss>();
  readonly keeper = keeperName;
  state: RadioState = "unknown";
  currentBss: string | undefined;
  addressing: KeptAddressing | undefined;
  isReady = false;
  #isDetached = false;
  #isScanning = false;
  /** Ours is under way, and NetworkManager has not begun it: its news are of another connection. */
  #awaited: Awaited | undefined;
  /** The connection ended by itself, so there is none to leave: another program may be joining another network. */
  #isOver = false;
  #isLeaving = false;
  /** Counts orders: the result of an earlier one is dropped. */
  #attempt = 0;
  readonly #cancelFollow: Cancel;

  constructor(
    readonly linkName: string,
    private readonly observer: RadioObserver,
    private readonly ports: NodeWifiRadioPorts,
  ) {
    this.#cancelFollow = ports.links.follow(linkName, () => this.onLink());
  }

  /** NetworkManager's news may concern the link. */
  onLink(): void {
    if (this.#isDetached) return;
    const link = this.ports.links.of(this.linkName);
    if (!link?.isManaged) this.#lose(link ? `${keeperName} does not manage it` : `${keeperName} is gone`);
    else if (!this.isReady) this.#begin(link);
    else this.#follow(link);
  }

  async scan(_ssids: readonly Buffer[]): Promise<void> {
    this.#checkReady();
    if (this.#isScanning) throw new DaemonError("InProgress");
    this.#isScanning = true;
    void this.#list(true).then((isSuccessful) => {
      this.#isScanning = false;
      if (this.isReady) this.observer.scanDone(isSuccessful);
    });
  }
  async connect(network: RadioNetwork): Promise<void> {
    // The bounds of names and keys are those of IEEE 802.11, for every keeper.
    networkBlock(network, capabilities);
    this.#checkReady();
    const attempt = ++this.#attempt;
    const awaited: Awaited = { ssid: network.ssid, profile: undefined, profileBefore: undefined };
    this.#awaited = awaited;
    const prepared = await this.ports.nodeWifi.prepare(this.linkName, this.#wanted(network));
    if (attempt !== this.#attempt) return;
    awaited.profileBefore = this.ports.links.of(this.linkName)?.profile ?? "";
    if (prepared.kind === "profile") awaited.profile = prepared.uuid;
    void this.#activate(attempt, prepared, secretOf(network.key));
  }
  async disconnect(): Promise<void> {
    this.#attempt++;
    const isOver = this.#isOver && !this.#awaited;
    this.#awaited = undefined;
    if (!this.isReady || isOver) return;
    this.#isLeaving = true;
    try {
      await this.ports.nodeWifi.disconnect(this.linkName);
    } catch (error) {
      this.ports.log.warn(`${this.linkName}: ${keeperName} does not disconnect it: ${describeError(error)}`);
    } finally {
      this.#isLeaving = false;
    }
  }
  /** A connection stays: it is NetworkManager's. */
  async detach(): Promise<void> {
    if (this.#isDetached) return;
    this.#isDetached = true;
    this.#cancelFollow();
    this.ports.detached();
    this.#forget();
  }

  #checkReady(): void {
    if (!this.isReady) throw new DaemonError("Failure", `${this.linkName}: ${keeperName} does not have it`);
  }
  #wanted({ ssid, key, isHidden }: RadioNetwork) {
    const named = [...this.bsses.values()].filter((bss) => bss.ssid.equals(ssid)).toSorted(byStrength);
    const [best] = isHidden ? [] : named;
    const isWpa3Only =
      named.length > 0 && named.every(({ security }) => !security.rsn.concat(security.wpa).includes("wpa-psk"));
    const secured = isWpa3Only ? "sae" : "wpa-psk";
    return {
      ssid: ssid.toString("hex"),
      ...(best && { bssid: best.bssid }),
      keyManagement: key.kind === "none" ? "none" : secured,
    } as const;
  }
  async #activate(attempt: number, prepared: PreparedNetwork, secret: string | undefined): Promise<void> {
    try {
      await this.ports.nodeWifi.activate(this.linkName, prepared, secret);
    } catch (error) {
      if (attempt !== this.#attempt || this.#isDetached) return;
      this.ports.log.info(`${this.linkName}: ${describeError(error)}`);
      // NetworkManager ends an attempt that it began, and tells why.
      if (this.#awaited) this.#end({ reason: 0, isLocal: false, from: this.state });
      this.#awaited = undefined;
    }
  }

  #begin(link: NmLink): void {
    this.isReady = true;
    this.observer.ready(capabilities);
    this.#follow(link);
    void this.#list(false);
  }
  #follow(link: NmLink): void {
    if (this.#awaited && !this.#isAwaited(link, this.#awaited)) return;
    this.#awaited = undefined;
    const isOver = link.state < nmStates.prepare || link.state > nmStates.activated;
    if (isOver) this.#onOver(link);
    else if (link.state === nmStates.needAuth && link.reason === nmReasons.supplicantDisconnect) {
      this.#tellEnd({ reason: reasons.handshakeTimeout, isLocal: false, from: "4way_handshake" });
    } else this.#onUnderWay(link);
  }
  #isAwaited({ state, profile, bssid }: NmLink, { ssid, ...awaited }: Awaited): boolean {
    if (awaited.profileBefore === undefined || state < nmStates.prepare || state > nmStates.activated) return false;
    if (awaited.profile !== undefined) return profile === awaited.profile;
    // nmcli makes the profile of an open network, or takes one that is there.
    const isThere = state >= nmStates.ipConfig && this.bsses.get(bssid ?? "")?.ssid.equals(ssid) === true;
    return isThere || (profile !== undefined && profile !== awaited.profileBefore);
  }
  #onUnderWay(link: NmLink): void {
    this.#isOver = false;
    this.#setAddressing(link.addressing);
    this.#setBss(link.state >= nmStates.ipConfig ? link.bssid : undefined);
    this.#become(radioStateOf(link.state));
  }
  #onOver(link: NmLink): void {
    this.#setAddressing(undefined);
    if (isActive(this.state)) this.#end({ ...endOf(link.reason), isLocal: this.#isLeaving, from: this.state });
    else this.#become(radioStateOf(link.state));
  }
  #end(end: RadioEnd): void {
    this.#isOver = true;
    this.#tellEnd(end);
    this.#setBss(undefined);
    this.#become("disconnected");
  }
  #tellEnd(end: RadioEnd): void {
    this.observer.associationEnded(end);
  }
  #lose(because: string): void {
    if (!this.isReady) return;
    this.#forget();
    this.observer.lost(because);
  }

  /** False: the list could not be had; the known access points stay. */
  async #list(isFresh: boolean): Promise<boolean> {
    try {
      const listed = await this.ports.nodeWifi.list(this.linkName, isFresh);
      if (this.isReady) this.#takeList(listed.flatMap((point) => bssOf(point) ?? []));
      return true;
    } catch (error) {
      this.ports.log.debug(() => `${this.linkName}: no list of access points: ${describeError(error)}`);
      return false;
    }
  }
  #takeList(heard: readonly Bss[]): void {
    const ids = new Set(heard.map(({ id }) => id));
    for (const id of [...this.bsses.keys()]) {
      if (ids.has(id)) continue;
      this.bsses.delete(id);
      this.observer.bssGone(id);
    }
    // The current access point first: otherwise the others are told while the connected one is unknown.
    for (const bss of heard.toSorted((a, b) => Number(b.id === this.currentBss) - Number(a.id === this.currentBss))) {
      const isNew = !this.bsses.has(bss.id);
      this.bsses.set(bss.id, bss);
      if (isNew) this.observer.bssFound(bss);
      else this.observer.bssChanged(bss);
    }
  }
  #setAddressing(addressing: KeptAddressing | undefined): void {
    if (JSON.stringify(addressing) === JSON.stringify(this.addressing)) return;
    this.addressing = addressing;
    this.observer.addressingChanged?.();
  }
  #setBss(id: string | undefined): void {
    if (id === this.currentBss) return;
    this.currentBss = id;
    this.observer.currentBssChanged(id);
    // One that is not known yet: a hidden network, or NetworkManager heard it by itself.
    if (id !== undefined && this.bsses.size > 0 && !this.bsses.has(id)) void this.#list(false);
  }
  #become(state: RadioState): void {
    const before = this.state;
    if (state === before) return;
    this.state = state;
    this.observer.stateChanged(state, before);
  }
  #forget(): void {
    this.#attempt++;
    this.isReady = false;
    this.#isScanning = false;
    this.#awaited = undefined;
    this.#isOver = false;
    this.bsses.clear();
    this.currentBss = undefined;
    this.addressing = undefined;
    this.state = "unknown";
  }
}

const byStrength = (a: Bss, b: Bss): number => b.signalDbm - a.signalDbm;
const secretOf = (key: RadioKey): string | undefined => {
  if (key.kind === "none") return undefined;
  return key.kind === "raw" ? key.key.toString("hex") : key.passphrase;
};
const isActive = (state: RadioState): boolean =>
  !["unknown", "interface_disabled", "disconnected", "inactive"].includes(state);

/** Reasons of NetworkManager in the words of the port. */
function endOf(reason: number): Omit<RadioEnd, "isLocal" | "from"> {
  switch (reason) {
    case nmReasons.noSecrets:
      return { reason: reasons.handshakeTimeout };
    case nmReasons.ipConfigUnavailable:
    case nmReasons.ipConfigExpired:
    case nmReasons.dhcpStartFailed:
    case nmReasons.dhcpError:
    case nmReasons.dhcpFailed:
      return { reason: 0, told: "no-address" };
    case nmReasons.ssidNotFound:
    case nmReasons.supplicantTimeout:
      return { reason: 0, told: "not-found" };
    case nmReasons.supplicantDisconnect:
      return { reason: reasons.leaving };
    case nmReasons.connectionRemoved:
    case nmReasons.userRequested:
    case nmReasons.newActivation:
      return { reason: 0, told: "chosen-elsewhere" };
    default:
      return { reason: 0, told: "ended-by-keeper" };
  }
}
