import type { FoundConflict } from "../network/address-conflicts.ts";
import type { IpConfig, IpConfigHolder, IpConfigIdentity } from "../network/ip-config.ts";
import type { IpSettings } from "../network/ip-settings.ts";
import type { Network } from "../network/network.ts";
import type { NetworkFailure, NetworkObserver } from "../network/network-ports.ts";
import type { Link } from "../rtnl/rtnl.ts";
import type { Service } from "../services/service.ts";
import type { ServiceDevice } from "../services/service-device.ts";
import type { LinkTraffic } from "../services/traffic-counters.ts";
import type { LinkHardware } from "./device.ts";
import { ipConfigPath } from "./device-paths.ts";

/** Parts of the floors above that a virtual Device needs. */
export interface VirtualDeviceHost {
  readonly hardware: Pick<LinkHardware, "readTraffic">;
  makeNetwork(observer: NetworkObserver): Network;
  addressingChanged(holder: IpConfigHolder, service: Service): void;
}

/** The connection that the link is made for. */
export interface VirtualDeviceUser {
  /** `first`: for the first time since the start. */
  addressed(first: boolean): void;
  addressingFailed(reason: NetworkFailure, detail: string): void;
}

/**
 * A link that one Service has made for itself (a tunnel): it has a Network as a Device has, but no hardware address, no
 * claims and no settings, and is no object on the bus.
 */
export class VirtualDevice implements NetworkObserver, ServiceDevice, IpConfigHolder {
  readonly path = "/";
  readonly hasForeignWayOut = false;
  readonly linkSpeedKbps = 0;
  readonly network: Network;

  constructor(
    private readonly host: VirtualDeviceHost,
    private readonly service: Service,
    private readonly user: VirtualDeviceUser,
    private readonly link: Link,
  ) {
    this.network = host.makeNetwork(this);
  }

  get linkName(): string {
    return this.link.name;
  }
  readLinkSpeed(): void {}
  readTraffic(): LinkTraffic | undefined {
    return this.host.hardware.readTraffic(this.linkName);
  }

  /** `settings`: those of the link's own protocol, under the Service's static ones. */
  start(settings: IpSettings): void {
    const { index, name, mtu, mac = "" } = this.link;
    this.network.start({ link: { index, name, mtu, mac }, static: this.service.staticIp });
    this.network.setSource("link", settings);
    this.service.setDevice(this);
    this.service.setNetwork(this.network);
    this.changed();
  }
  setSettings(settings: IpSettings): void {
    this.network.setSource("link", settings);
  }
  /** Removes all addresses and routes of ours from the link. */
  stop(): void {
    void this.network.stop({ release: true });
    this.service.setNetwork(undefined);
    this.service.setIpConfigPath(undefined);
    this.service.setDevice(undefined);
    this.host.addressingChanged(this, this.service);
  }

  get ipConfigs(): readonly IpConfig[] {
    return this.network.ipConfigs;
  }
  ipConfigPath(of: IpConfigIdentity): string {
    return ipConfigPath(this.linkName, of);
  }

  // NetworkObserver

  changed(): void {
    this.host.addressingChanged(this, this.service);
    const [first] = this.network.ipConfigIdentities;
    this.service.setIpConfigPath(first && this.ipConfigPath(first));
    this.service.networkChanged();
  }
  connected(first: boolean): void {
    this.user.addressed(first);
  }
  failed(reason: NetworkFailure, detail: string): void {
    this.user.addressingFailed(reason, detail);
  }
  conflicted(_conflict: FoundConflict): void {}
  conflictOver(): void {}
}
