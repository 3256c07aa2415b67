import type { Technology } from "../base/technology.ts";
import type { SectionChange } from "../config/uci/differences.ts";
import type { NetworkConfig } from "../config/uci/network-config.ts";
import type { Device, LinkHardware } from "../devices/device.ts";
import type { DeviceClaims } from "../devices/device-claims.ts";
import type { IpConfigHolder } from "../network/ip-config.ts";
import type { Network } from "../network/network.ts";
import type { NetworkObserver } from "../network/network-ports.ts";
import type { Profile } from "../profiles/profile.ts";
import type { Rtnl } from "../rtnl/rtnl.ts";
import type { Configuration } from "../services/configuration.ts";
import type { Service, ServiceHost } from "../services/service.ts";

/** Parts of the Manager that a Provider needs. */
export interface ProviderHost extends ServiceHost {
  readonly rtnl: Rtnl;
  readonly claims: DeviceClaims;
  /** Numbers are never used twice in one run. */
  nextServiceSerial(): number;
  /** Finds its Profile, loads its settings and shows it on the bus. */
  registerService(service: Service): void;
  deregisterService(service: Service): void;
  /** The network configuration's use of the link; undefined: it does not name it, and its Services are ours to make. */
  configuredUse(linkName: string): string | undefined;
  readonly hardware: Pick<LinkHardware, "readTraffic">;
  isProhibited(technology: Technology): boolean;
  /** A Network for a link that is no Device's. */
  makeNetwork(observer: NetworkObserver): Network;
  /** Addressing of a Service that is on no Device came, went or changed. */
  addressingChanged(holder: IpConfigHolder, service: Service): void;
  /** The Service's identity in the store changed: the settings of the new one are loaded. */
  rematchService(service: Service): void;
}

/** Makes and drops the Services of one technology. */
export interface Provider {
  readonly technology: Technology;
  /** After the Profiles are there, before the links are. */
  start(): void;
  /** The daemon ends; connections stay as they are. */
  stop?(): void;
  /** A Device is enabled, or about to be; told again, nothing changes. */
  deviceEnabled(device: Device): void;
  /** A Device is gone or disabled: there is nothing to connect through it. */
  deviceDisabled(device: Device): void;
  /** The Services that use the Device, or would. */
  servicesOn(device: Device): readonly Service[];
  /** After each sort, with all Services in their new order. */
  sorted(services: readonly Service[]): void;
  /**
   * The Service that a client's arguments mean; undefined: it would have to be made. Throws DaemonError on senseless
   * ones.
   */
  findSimilar(configuration: Configuration): Service | undefined;
  /** As {@link findSimilar}, and makes a missing one. */
  getService(configuration: Configuration): Service;
  /** A Service on no list: to change a stored entry while that of another Profile is in force. */
  makeTemporary(configuration: Configuration): Service;
  /**
   * The network configuration is another one. Links whose use changed are told as disabled before, and as enabled
   * after.
   */
  configured?(config: NetworkConfig, changes: readonly SectionChange[]): void;
  /** It made the link and is about to remove it: nothing is to begin on it any more. */
  isRemoving?(linkName: string): boolean;
  /** A Profile is on the stack: Services are made for its entries that no Service goes by yet. */
  profilePushed?(profile: Profile): void;
  /** Whether a Service without stored settings has nothing left to be shown for. Absent: it always stays. */
  dropsUnloaded?(service: Service): boolean;
  /**
   * A Service that goes by the entry, for a look at its settings: neither registered nor connected. Undefined: no such
   * entry is ours.
   */
  serviceForEntry?(entry: string): Service | undefined;
}
