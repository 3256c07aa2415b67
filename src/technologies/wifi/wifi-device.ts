import type { Cancel } from "../../base/clock.ts";
import { DaemonError, describeError } from "../../base/errors.ts";
import { type PropertyShape, propertyTable } from "../../base/property.ts";
import { Device, type DeviceHost, deviceShape } from "../../devices/device.ts";
import { deviceProperties } from "../../devices/device-properties.ts";
import type { IpSettings } from "../../network/ip-settings.ts";
import type { Link } from "../../rtnl/rtnl.ts";
import type { Service } from "../../services/service.ts";
import type { DisconnectReason } from "../../services/service-device.ts";
import type { Bss, Radio, RadioEnd, RadioObserver, RadioState, Supplicant } from "../../supplicant/supplicant.ts";
import { settingsOf } from "./kept-settings.ts";
import { NetworkSearch } from "./network-search.ts";
import { ScanSchedule } from "./scan-schedule.ts";
import { failureOf } from "./wifi-failures.ts";
import { type WifiPort, WifiService } from "./wifi-service.ts";

/** An access point that does not answer within this time is out of reach (shill's kPendingTimeout). */
const pendingMs = 15_000;
/** NetworkManager has limits of its own (25 s to associate), and says why: this is for one that says nothing. */
const keeperPendingMs = 90_000;

const idleStates: ReadonlySet<RadioState> = new Set(["unknown", "interface_disabled", "disconnected", "inactive"]);

/** View of a radio on its Provider, which knows the networks. */
export interface WifiAir {
  found(device: WifiDevice, bss: Bss): void;
  /** An empty `bssId`: all that the radio heard. */
  gone(device: WifiDevice, bssId: string): void;
  /** The network of an access point that the radio was found connected to; undefined: not one to be kept. */
  networkToAdopt(device: WifiDevice, bssId: string): WifiService | undefined;
  /** Names that are asked for in scans, since nothing else tells that they are there. */
  hiddenSsids(): readonly Buffer[];
}

/** A radio in the hands of the supplicant. */
export class WifiDevice extends Device implements WifiPort, RadioObserver {
  override readonly technology = "wifi";
  #radio: Radio | undefined;
  air: WifiAir | undefined;
  readonly #scans: ScanSchedule;
  readonly #search: NetworkSearch;
  #isScanning = false;
  /** An order to the supplicant is on its way: a connection that ends meanwhile ends because of it. */
  #isOrdering = false;
  #cancelPending: Cancel = () => {};

  constructor(
    host: DeviceHost,
    link: Link,
    technologyReason: string,
    private readonly supplicant: Supplicant,
  ) {
    super(host, link, technologyReason);
    this.#scans = new ScanSchedule(host.clock, link.name, () => this.#scan());
    this.#search = new NetworkSearch({
      clock: host.clock,
      linkName: link.name,
      scan: () => this.#scan(),
      missed: (service) => this.#missed(service),
    });
  }

  override get shape(): PropertyShape<Device> {
    return wifiShape;
  }
  get isReady(): boolean {
    return this.isUsable && (this.#radio?.isReady ?? false);
  }
  /** The program that owns the link with its addresses and routes; undefined: the link is ours. */
  get keeper(): string | undefined {
    return this.#radio?.keeper;
  }
  get keptSettings(): IpSettings | undefined {
    const { addressing } = this.#radio ?? {};
    return this.keeper !== undefined && addressing ? settingsOf(addressing) : undefined;
  }
  /** A network is selected or looked for, or its keeper joins one by itself. */
  get isBusy(): boolean {
    const isIdle = this.keeper === undefined || idleStates.has(this.#radio?.state ?? "unknown");
    return this.selectedService !== undefined || this.#search.wanted !== undefined || !isIdle;
  }
  override get leftAloneBecause(): string | undefined {
    return this.keeper === undefined ? super.leftAloneBecause : `${this.keeper} has the link, and configures it`;
  }
  /** NetworkManager gives each network another address, and tells when it is connected with it. */
  protected override macChanged(): void {
    if (this.keeper === undefined) super.macChanged();
    else this.properties.touch("Address");
  }
  /** Addresses of the link's keeper come and go with the connection that it makes for us. */
  override addressesChanged(): void {
    if (this.keeper === undefined) super.addressesChanged();
    else this.host.addressesChanged(this);
  }
  /** Access points that it hears now. */
  get bsses(): Iterable<Bss> {
    return this.#radio?.bsses.values() ?? [];
  }
  get isScanning(): boolean {
    return this.#isScanning;
  }
  get scanIntervalSeconds(): number {
    return this.#scans.intervalSeconds;
  }
  set scanIntervalSeconds(seconds: number) {
    this.#scans.intervalSeconds = seconds;
  }
  protected override get mediumIsUp(): string {
    return `associated on ${this.name}`;
  }

  /** The supplicant has the link from when it is set up until it is set down. A keeper does both itself. */
  override async activate(): Promise<void> {
    const isKept = (await this.supplicant.keeperOf?.(this.name)) !== undefined;
    if (!isKept) await super.activate();
    if (isKept || this.isSetUp) this.#radio ??= this.supplicant.attach(this.name, this);
  }
  override async deactivate(): Promise<void> {
    const isKept = this.keeper !== undefined;
    await this.#detach();
    if (!isKept) await super.deactivate();
  }
  override dispose(reason: DisconnectReason): void {
    void this.#detach();
    super.dispose(reason);
  }
  async #detach(): Promise<void> {
    const radio = this.#radio;
    this.#radio = undefined;
    this.#endScans("device disabled");
    this.#cancelPending();
    for (const id of radio?.bsses.keys() ?? []) this.air?.gone(this, id);
    await radio?.detach();
  }
  /** Association is the supplicant's news, which comes with its reason. */
  protected override carrierChanged(): void {}

  /** A client asks for a scan. */
  override requestScan(): void {
    this.#scan();
  }
  override afterSleep(): void {
    super.afterSleep();
    if (!this.selectedService) this.#scans.restart();
  }

  override connectService(service: Service): void {
    if (!(service instanceof WifiService)) return;
    const radio = this.#radio;
    if (!radio?.isReady) throw new DaemonError("Failure", `${this.name} is not ready to connect`);
    this.#endSearch("another Service takes the link");
    if (this.#mustBeHeardFirst(service)) this.#lookFor(service);
    else this.#join(service, radio);
  }
  /**
   * A network that is out of range must not cost the connection that is there. A keeper's scans ask for no names, so
   * that a hidden network is never heard in them.
   */
  #mustBeHeardFirst(service: WifiService): boolean {
    return !this.#hears(service) && !(service.isHidden && (this.keeper !== undefined || !this.selectedService));
  }
  #hears({ endpoints }: WifiService): boolean {
    return [...endpoints.keys()].some((id) => this.#radio?.bsses.has(id));
  }
  #lookFor(service: WifiService): void {
    const kept = this.selectedService ? ", which keeps its connection until it is heard" : "";
    service.advance("associate", `looking for it on ${this.name}${kept}`);
    this.#search.begin(service);
  }
  #missed(service: WifiService): void {
    service.fail("out-of-range", `no access point of it is heard on ${this.name}`);
    service.advance("disconnected", service.connection.reason);
  }
  #endSearch(reason: DisconnectReason): void {
    const { wanted } = this.#search;
    this.#search.end();
    wanted?.drop(reason);
  }
  #onHeard(): void {
    const { wanted } = this.#search;
    if (!wanted || !this.#radio?.isReady || !this.#hears(wanted)) return;
    this.#search.end();
    this.#join(wanted, this.#radio);
  }
  #join(service: WifiService, radio: Radio): void {
    const before = this.#selected;
    if (before && before !== service) this.#replace(before);
    this.selectService(service);
    this.#scans.stop();
    const because = `asking for it on ${this.name}`;
    service.advance("associate", because);
    service.explain(because);
    this.#startPending(service);
    void this.#order(service, () =>
      radio.connect({ ssid: service.ssid, key: service.key, isHidden: service.isHidden }),
    );
  }
  /** Layer 3 of the former Service ends at once: the addresses are of no use on another network. */
  #replace(before: WifiService): void {
    this.stopNetwork({ release: false });
    before.setCurrentEndpoint(undefined);
  }
  async #order(service: WifiService, send: () => Promise<void>): Promise<void> {
    this.#isOrdering = true;
    try {
      await send();
    } catch (error) {
      if (this.selectedService === service) this.#fail(service, "connect-failed", describeError(error));
    } finally {
      this.#isOrdering = false;
    }
  }
  override disconnectService(service: Service, reason: DisconnectReason): void {
    if (this.#search.wanted === service) this.#search.end();
    if (this.selectedService !== service) return;
    this.#cancelPending();
    super.disconnectService(service, reason);
    if (service instanceof WifiService) service.setCurrentEndpoint(undefined);
    this.#leave();
  }
  /** Nothing is selected any more: the radio looks around again. */
  #leave(): void {
    const radio = this.#radio;
    if (!radio) return;
    this.#isOrdering = true;
    void radio.disconnect().finally(() => {
      this.#isOrdering = false;
      if (!this.selectedService) this.#adopt();
      if (!this.selectedService) this.#scans.restart();
    });
  }

  #startPending(service: WifiService): void {
    this.#cancelPending();
    const limitMs = this.keeper === undefined ? pendingMs : keeperPendingMs;
    this.#cancelPending = this.host.clock.startTimer(`wifi-pending ${this.name}`, limitMs, () => {
      const from = this.#radio?.state ?? "unknown";
      const { error, details } = failureOf({ reason: 0, isLocal: false, from }, service);
      this.#fail(service, error, `no connection within ${limitMs / 1000} s${details === "" ? "" : `: ${details}`}`);
    });
  }
  /** The Service leaves the radio with a reason, and may be tried again. */
  #fail(service: WifiService, error: string, details: string): void {
    if (this.selectedService !== service) return;
    this.#cancelPending();
    service.fail(error, details);
    this.stopNetwork({ release: false });
    service.setCurrentEndpoint(undefined);
    this.selectService(undefined);
    // As in shill, failure is a short signal: the network can be connected again at once.
    service.advance("disconnected", details === "" ? error : `${error}: ${details}`);
    this.#leave();
  }

  // RadioObserver

  ready(): void {
    this.#scans.restart();
    this.properties.touch("Scanning");
    // The keeper gave the link up.
    if (this.keeper === undefined && !this.isSetUp) void super.activate();
    this.host.readinessChanged(this, `${this.keeper ?? "the supplicant"} has the radio`);
  }
  lost(because: string): void {
    this.#endScans("supplicant gone");
    this.#cancelPending();
    this.air?.gone(this, "");
    const service = this.#selected;
    if (service) {
      service.explain(because);
      this.stopNetwork({ release: false });
      service.setCurrentEndpoint(undefined);
      service.drop("supplicant gone");
      this.selectService(undefined);
    }
    this.host.readinessChanged(this, because);
  }
  bssFound(bss: Bss): void {
    this.air?.found(this, bss);
    this.#onHeard();
    this.#adopt();
  }
  bssChanged(bss: Bss): void {
    this.air?.found(this, bss);
    this.#onHeard();
  }
  bssGone(id: string): void {
    this.air?.gone(this, id);
  }
  scanDone(isSuccessful: boolean): void {
    this.#isScanning = false;
    this.properties.touch("Scanning");
    this.#search.onScanDone(isSuccessful);
  }
  currentBssChanged(id: string | undefined): void {
    this.#selected?.setCurrentEndpoint(id);
  }
  protected override enabledSettled(): void {
    this.#adopt();
  }
  /** A restart of the daemon drops no connection: the supplicant went on, and its connection is ours. */
  #adopt(): void {
    const { state, currentBss } = this.#radio ?? {};
    if (this.selectedService || this.#isOrdering || state !== "completed" || currentBss === undefined) return;
    const service = this.air?.networkToAdopt(this, currentBss);
    if (!service) return;
    this.selectService(service);
    this.#scans.stop();
    service.advance("associate", `found connected on ${this.name}`);
    service.setCurrentEndpoint(currentBss);
    this.#onAssociated(service);
  }
  stateChanged(state: RadioState): void {
    const service = this.#selected;
    if (!service) this.#adopt();
    else if (state === "completed") this.#onAssociated(service);
    else if (state === "associated" && this.keeper !== undefined) this.#onKeeperConfigures(service, this.keeper);
  }
  /** The keeper's own time limits hold from here on. */
  #onKeeperConfigures(service: WifiService, keeper: string): void {
    this.#cancelPending();
    service.advance("configure", `${keeper} asks for an address`);
  }
  addressingChanged(): void {
    const service = this.#selected;
    const settings = this.keptSettings;
    if (!service || !settings || this.#radio?.state !== "completed") return;
    if (service.network) service.network.setSource("link", settings);
    else this.#onAssociated(service);
  }
  #onAssociated(service: WifiService): void {
    this.#cancelPending();
    service.suspectedFailures = 0;
    // The keeper tells its addresses when it has them.
    if (this.keeper !== undefined && !this.keptSettings) return;
    // Another access point of the same network, or new keys: layer 3 is there already.
    if (service.network) this.network?.renew();
    else if (this.startNetwork(service)) service.advance("configure", this.mediumIsUp);
  }
  associationEnded(end: RadioEnd): void {
    const service = this.#selected;
    if (!service || this.#isOrdering) return;
    // Refused before the handshake: the supplicant tries other access points, until the time is over.
    if (service.state === "association" && end.from === "associating") return;
    // The Service stays disconnected, as if a client of ours had disconnected it.
    if (end.told === "chosen-elsewhere") service.connection.isExplicitlyDisconnected = true;
    const { error, details } = failureOf(end, service);
    this.#fail(service, error, details);
  }

  get #selected(): WifiService | undefined {
    return this.selectedService instanceof WifiService ? this.selectedService : undefined;
  }
  #endScans(because: DisconnectReason): void {
    this.#scans.stop();
    this.#endSearch(because);
    this.#isScanning = false;
    this.properties.touch("Scanning");
  }
  #scan(): void {
    const radio = this.#radio;
    if (!radio?.isReady || this.#isScanning) return;
    this.#isScanning = true;
    this.properties.touch("Scanning");
    const { wanted } = this.#search;
    // The driver takes a few names only: the one that is looked for comes first.
    const names = [...(wanted?.isHidden ? [wanted.ssid] : []), ...(this.air?.hiddenSsids() ?? [])];
    radio.scan(names).catch((error: unknown) => {
      this.host.log.debug(() => `${this.name}: no scan: ${describeError(error)}`);
      this.scanDone(false);
    });
  }
}

const wifiProperties = propertyTable<WifiDevice>()({
  Scanning: { signature: "b", doc: "Whether it looks for access points now.", get: (device) => device.isScanning },
  ScanInterval: {
    signature: "q",
    doc: "Seconds between scans while nothing is connected; 0: only when asked to.",
    get: (device) => device.scanIntervalSeconds,
    set: (device, value) => {
      device.scanIntervalSeconds = value;
    },
    persist: {
      default: 60,
      restore: (device, value) => {
        device.scanIntervalSeconds = value;
      },
    },
  },
});

export const wifiShape: PropertyShape<Device> = deviceShape<WifiDevice>(deviceProperties, wifiProperties);
