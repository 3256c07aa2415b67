import { DaemonError } from "../../base/errors.ts";
import type { Device } from "../../devices/device.ts";
import type { Profile } from "../../profiles/profile.ts";
import type { Provider, ProviderHost } from "../../providers/provider.ts";
import type { AutoConnectRefusal } from "../../services/auto-connect.ts";
import type { Configuration } from "../../services/configuration.ts";
import { isActive } from "../../services/connect-states.ts";
import type { Service } from "../../services/service.ts";
import type { Bss } from "../../supplicant/supplicant.ts";
import { type WifiAir, WifiDevice } from "./wifi-device.ts";
import { networkOfBss, networkOfConfiguration, networkOfEntry, type WifiNetwork, wifiId } from "./wifi-network.ts";
import { WifiService } from "./wifi-service.ts";

/** More networks than a radio hears in a city; a flood of made-up ones must not fill the list. */
const mostNetworksInRange = 500;

/** Stored ones, those in range, and those that clients made without storing them. */
const mostNetworks = 20_000;

/** Refusals to connect that are none to go on with a connection that is there. */
const concernsNewConnections: ReadonlySet<AutoConnectRefusal> = new Set([
  "auto-connect is off",
  "technology not auto connectable",
]);

/** Networks in the air: known from access points in range, or from Profiles. */
export class WifiProvider implements Provider, WifiAir {
  readonly technology = "wifi";
  readonly #services = new Map<string, WifiService>();
  readonly #devices = new Set<WifiDevice>();
  /** Which network an access point belongs to, by radio and identifier. */
  readonly #byBss = new Map<string, WifiService>();

  constructor(private readonly host: ProviderHost) {}

  start(): void {
    for (const profile of this.host.profiles.profiles) this.profilePushed(profile);
  }

  deviceEnabled(device: Device): void {
    if (!(device instanceof WifiDevice) || this.#devices.has(device)) return;
    device.air = this;
    this.#devices.add(device);
    // Without having seen it: a hidden network may be asked for.
    for (const service of this.#services.values()) if (!service.device) service.setPort(device);
    // The supplicant may have been quicker.
    for (const bss of device.bsses) this.found(device, bss);
  }
  deviceDisabled(device: Device): void {
    if (!(device instanceof WifiDevice) || !this.#devices.delete(device)) return;
    this.#dropEndpoints(device);
    device.air = undefined;
    for (const service of [...this.#services.values()]) {
      if (service.device === device) service.setPort([...this.#devices][0]);
    }
  }
  servicesOn(device: Device): readonly Service[] {
    return [...this.#services.values()].filter((service) => service.device === device);
  }
  sorted(): void {}

  // WifiAir

  found(device: WifiDevice, bss: Bss): void {
    const key = keyOf(device, bss.id);
    const network = networkOfBss(bss);
    const before = this.#byBss.get(key);
    const service = network && this.#networkInRange(network);
    if (before && before !== service) this.#dropEndpoint(key, bss.id);
    if (!service) return;
    const [wasVisible, strength] = [service.isVisible, service.strengthPercent];
    this.#byBss.set(key, service);
    // Another radio that hears it, too, takes no connection over.
    if (!isActive(service.state)) service.setPort(device);
    service.putEndpoint(bss);
    if (!wasVisible) this.host.requestSort("a network came in range", service);
    else if (service.strengthPercent !== strength) this.host.requestSort("a signal changed", service);
  }
  gone(device: WifiDevice, bssId: string): void {
    if (bssId === "") this.#dropEndpoints(device);
    else this.#dropEndpoint(keyOf(device, bssId), bssId);
  }
  /**
   * With a keeper of the link: the network that it has connected. Else one that may be connected, by itself or not: a
   * person may have disconnected it meanwhile, or a Profile be gone.
   */
  networkToAdopt(device: WifiDevice, bssId: string): WifiService | undefined {
    const service = this.#byBss.get(keyOf(device, bssId));
    if (device.keeper !== undefined) return service;
    if (!service?.profile || service.connection.isExplicitlyDisconnected || this.host.policyRefusal(service))
      return undefined;
    const { autoConnectRefusal: refusal } = service;
    return refusal === undefined || concernsNewConnections.has(refusal) ? service : undefined;
  }
  hiddenSsids(): readonly Buffer[] {
    return [...this.#services.values()].filter(({ isHidden }) => isHidden).map(({ ssid }) => ssid);
  }

  #dropEndpoints(device: WifiDevice): void {
    const prefix = keyOf(device, "");
    for (const key of [...this.#byBss.keys()]) {
      if (key.startsWith(prefix)) this.#dropEndpoint(key, key.slice(prefix.length));
    }
  }
  #dropEndpoint(key: string, bssId: string): void {
    const service = this.#byBss.get(key);
    this.#byBss.delete(key);
    service?.dropEndpoint(bssId);
    if (!service || service.isVisible) return;
    if (service.profile) this.host.requestSort("a network went out of range", service);
    else this.#remove(service);
  }
  #remove(service: WifiService): void {
    this.#services.delete(service.storageId);
    this.host.deregisterService(service);
  }

  /** Undefined: there are too many already. */
  #networkInRange(network: WifiNetwork): WifiService | undefined {
    const known = this.#services.get(wifiId(network));
    if (known) return known;
    return this.#byBss.size < mostNetworksInRange ? this.#make(network) : undefined;
  }
  /** Throws Failure where a client has made more than any user needs. */
  #make(network: WifiNetwork): WifiService {
    if (this.#services.size >= mostNetworks) throw new DaemonError("Failure", "too many networks are known already");
    const service = new WifiService(this.host, this.host.nextServiceSerial(), network);
    this.#services.set(service.storageId, service);
    service.setPort([...this.#devices][0]);
    this.host.registerService(service);
    return service;
  }

  findSimilar(configuration: Configuration): WifiService | undefined {
    return this.#services.get(wifiId(networkOfConfiguration(configuration)));
  }
  getService(configuration: Configuration): WifiService {
    return this.findSimilar(configuration) ?? this.#make(networkOfConfiguration(configuration));
  }
  makeTemporary(configuration: Configuration): WifiService {
    return new WifiService(this.host, this.host.nextServiceSerial(), networkOfConfiguration(configuration));
  }
  serviceForEntry(entry: string): WifiService | undefined {
    const network = networkOfEntry(entry);
    return network && new WifiService(this.host, this.host.nextServiceSerial(), network);
  }
  profilePushed({ store }: Profile): void {
    for (const entry of store.entries()) {
      const network = networkOfEntry(entry);
      if (network && !this.#services.has(wifiId(network))) this.#make(network);
    }
  }
  /** A network neither in range nor stored is not shown. */
  dropsUnloaded(service: Service): boolean {
    if (!(service instanceof WifiService) || service.isVisible) return false;
    this.#services.delete(service.storageId);
    return true;
  }
}

const keyOf = (device: WifiDevice, bssId: string): string => `${device.path} ${bssId}`;
