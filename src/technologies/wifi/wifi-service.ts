import { DaemonError, describeError } from "../../base/errors.ts";
import type { IpSettings } from "../../network/ip-settings.ts";
import type { NetworkOptions } from "../../network/network-ports.ts";
import type { LeaseNetwork } from "../../profiles/lease-keeper.ts";
import type { AutoConnectRefusal } from "../../services/auto-connect.ts";
import { isConnected, isConnecting } from "../../services/connect-states.ts";
import type { Layer3Device } from "../../services/layer3-plan.ts";
import { Service, type ServiceHost } from "../../services/service.ts";
import type { DisconnectReason, ServiceDevice } from "../../services/service-device.ts";
import type { Bss, RadioKey } from "../../supplicant/supplicant.ts";
import { type WifiNetwork, wifiId } from "./wifi-network.ts";
import { airProperties, type WifiFacts, wifiServiceShape } from "./wifi-properties.ts";
import { isRawKey, printableSsid, type SecurityClass, securityOf, strengthOf } from "./wifi-security.ts";

/** A radio, as a network's Service needs it. */
export interface WifiPort extends ServiceDevice {
  /** Enabled, and the supplicant has it. */
  readonly isReady: boolean;
  /** With a keeper of the link: the settings that it configured. Undefined: layer 3 is ours. */
  readonly keptSettings: IpSettings | undefined;
  /** Connected to a network, or about to be. */
  readonly isBusy: boolean;
  /** Associates, and then starts layer 3; another Service on the radio goes to idle. */
  connectService(service: WifiService): void;
  disconnectService(service: WifiService, reason: DisconnectReason): void;
}

/** One name of a network with one class of security, in range or remembered. */
export class WifiService extends Service implements WifiFacts {
  override readonly technology = "wifi";
  readonly ssid: Buffer;
  readonly securityClass: SecurityClass;
  override readonly storageId: string;
  readonly #endpoints = new Map<string, Bss>();
  #port: WifiPort | undefined;
  /** The access point that it is associated with. */
  #current: string | undefined;
  /** Secret; empty: none is known. */
  passphrase = "";
  isHidden = false;
  /** Of a handshake that failed although the passphrase worked before; three in a row count as a wrong one. */
  suspectedFailures = 0;

  constructor(host: ServiceHost, serial: number, network: WifiNetwork) {
    super(host, serial, "wifi", wifiServiceShape);
    this.ssid = network.ssid;
    this.securityClass = network.securityClass;
    this.storageId = wifiId(network);
    this.name = printableSsid(network.ssid);
  }

  /** Access points in range, by their identifiers. */
  get endpoints(): ReadonlyMap<string, Bss> {
    return this.#endpoints;
  }
  /** Where it is connected, or else the strongest; undefined: none is in range. */
  get endpoint(): Bss | undefined {
    const current = this.#current === undefined ? undefined : this.#endpoints.get(this.#current);
    return current ?? [...this.#endpoints.values()].toSorted((a, b) => b.signalDbm - a.signalDbm)[0];
  }
  /** In shill's words; empty: never seen. */
  get security(): string {
    return securityOf(
      [...this.#endpoints.values()].map(({ security }) => security),
      this.securityClass,
    );
  }
  get key(): RadioKey {
    if (this.securityClass === "none") return { kind: "none" };
    if (isRawKey(this.passphrase)) return { kind: "raw", key: Buffer.from(this.passphrase, "hex") };
    return { kind: "passphrase", passphrase: this.passphrase };
  }
  override get securityLevel(): number {
    return { none: 0, wep: 1, psk: 2, "802_1x": 3 }[this.securityClass];
  }
  override get holdsSecret(): boolean {
    return this.passphrase !== "";
  }
  override get networkKey(): string | undefined {
    return this.securityClass === "psk" ? this.passphrase : undefined;
  }
  override get isConnectable(): boolean {
    return this.securityClass === "none" || (this.securityClass === "psk" && this.passphrase !== "");
  }
  override get lacking(): string {
    if (this.isConnectable) return "";
    const missing = {
      none: "",
      wep: "WEP is not supported",
      psk: "it needs a passphrase",
      "802_1x": "802.1X is not supported",
    };
    return missing[this.securityClass];
  }
  override get isVisible(): boolean {
    return this.#endpoints.size > 0 || isConnected(this.state) || isConnecting(this.state);
  }
  override get strengthPercent(): number {
    const { endpoint } = this;
    return endpoint ? strengthOf(endpoint.signalDbm) : 0;
  }
  override get technologyRefusal(): AutoConnectRefusal | undefined {
    if (!this.#port) return "no device";
    if (!this.#port.isReady) return "device is disabled";
    if (this.#endpoints.size === 0 && !this.isHidden) return "connection medium unavailable";
    return this.#port.isBusy ? "busy" : undefined;
  }

  override get leaseNetwork(): LeaseNetwork {
    return this;
  }
  override saveAfterConnect(): void {
    super.saveAfterConnect();
    try {
      this.host.layer3.storeLeases(this);
    } catch (error) {
      this.host.log.warn(`${this.logName}: its lease is not stored: ${describeError(error)}`);
    }
  }

  override technologyChanged(): void {
    for (const name of airProperties) this.properties.touch(name);
  }
  setPort(port: WifiPort | undefined): void {
    if (this.#port === port) return;
    this.#port = port;
    this.setDevice(port);
  }
  putEndpoint(bss: Bss): void {
    this.#endpoints.set(bss.id, bss);
    this.technologyChanged();
  }
  dropEndpoint(id: string): void {
    if (this.#endpoints.delete(id)) this.technologyChanged();
  }
  setCurrentEndpoint(id: string | undefined): void {
    this.#current = id;
    this.technologyChanged();
  }

  /** Another program's settings are taken as they are: no DHCP of ours beside its own. */
  override networkOptions(device: Layer3Device): NetworkOptions {
    const options = super.networkOptions(device);
    const kept = this.#port?.keptSettings;
    return kept ? { link: options.link, given: { link: kept }, isKept: true } : options;
  }
  override startConnect(): void {
    if (!this.#port) throw new DaemonError("Failure", "no radio is there, or it is disabled");
    this.#port.connectService(this);
  }
  override startDisconnect(reason: DisconnectReason): void {
    this.#port?.disconnectService(this, reason);
    this.advance("disconnected", reason);
  }
}
