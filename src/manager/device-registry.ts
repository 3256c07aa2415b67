import type { Cancel, Clock } from "../base/clock.ts";
import { describeError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { PrimaryTechnology } from "../base/technology.ts";
import type { DeviceInfoHost } from "../device-info/device-info.ts";
import type { LinkSelection } from "../device-info/link-names.ts";
import type { Device, DeviceHost, LinkHardware } from "../devices/device.ts";
import type { DeviceClaims } from "../devices/device-claims.ts";
import { DevicePaths } from "../devices/device-paths.ts";
import { LinkSwitch } from "../devices/link-switch.ts";
import type { Network } from "../network/network.ts";
import type { NetworkOptions } from "../network/network-ports.ts";
import type { Link, Rtnl } from "../rtnl/rtnl.ts";
import type { LinkFacts } from "../system/sysfs.ts";
import type { EventFeed } from "./event-feed.ts";
import type { ManagerPorts } from "./manager-ports.ts";
import type { ManagerSettings } from "./manager-settings.ts";
import type { ServiceRegistry } from "./service-registry.ts";
import { WakeOnLanFollower } from "./wake-on-lan-follower.ts";

/** More sockets than a laptop or a small server has. */
const mostPreparedLinks = 16;

/** Links that came or went since memory was last given back, before it is worth a pause of ten milliseconds. */
const linksWorthCollecting = 256;

/** The other parts of the Manager, as far as Devices reach them. */
export interface DeviceRegistryHost {
  readonly settings: ManagerSettings;
  readonly feed: EventFeed;
  readonly services: ServiceRegistry;
  /** Reads the Device's settings from the Profiles. */
  readSettings(device: Device): void;
  /** Devices came, went, or were switched. */
  listChanged(): void;
  /** A property of the Manager may have another value. */
  propertyChanged(name: "ClaimedDevices" | "UninitializedTechnologies"): void;
  addressingChanged(): void;
  configuredUse(linkName: string): string | undefined;
}

/** Holds the Devices and is their host. DeviceInfo reports to it which links are Devices. */
export class DeviceRegistry implements DeviceHost, DeviceInfoHost {
  readonly clock: Clock;
  readonly log: Log;
  readonly rtnl: Rtnl;
  readonly links: LinkSelection;
  readonly linkSwitch: LinkSwitch;
  readonly claims: DeviceClaims;
  readonly devicePaths = new DevicePaths();
  readonly hardware: LinkHardware;
  readonly #devices: Device[] = [];
  readonly #wakeOnLan: WakeOnLanFollower;
  #linksSinceRelease = 0;

  constructor(
    private readonly ports: ManagerPorts,
    claims: DeviceClaims,
    private readonly host: DeviceRegistryHost,
  ) {
    const { clock, log, rtnl, links, wakeOnLan } = ports;
    this.clock = clock;
    this.log = log;
    this.rtnl = rtnl;
    this.links = links;
    this.claims = claims;
    this.linkSwitch = new LinkSwitch(rtnl, clock);
    this.hardware = ports;
    this.#wakeOnLan = new WakeOnLanFollower({
      log,
      wakeOnLan,
      isWakeOnLanEnabled: () => host.settings.isWakeOnLanEnabled,
      whenQuiet: (check) => host.feed.queue.whenQuiet("wake-on-lan", check),
    });
  }

  get all(): readonly Device[] {
    return this.#devices;
  }

  // DeviceInfoHost
  readFacts(linkName: string): LinkFacts {
    return this.ports.readFacts(linkName);
  }
  whenSetUp(linkIndex: number, done: () => void): Cancel | undefined {
    return this.ports.whenSetUp?.(linkIndex, done);
  }
  makeDevice(link: Link, technology: PrimaryTechnology, because: string): Device | undefined {
    const kind = this.ports.modules.find(({ devices }) => devices?.technology === technology)?.devices;
    // Without a hardware address there is nothing to remember settings by.
    if (link.mac === undefined && !kind?.mayLackMac) return undefined;
    return kind?.make(this, link, because, this.ports.technologyPorts);
  }
  deviceAdded(device: Device): void {
    this.#devices.push(device);
    this.host.readSettings(device);
    this.host.feed.observers.tell((observer) => observer.deviceAdded(device));
    this.host.feed.post({ kind: "device-added", device, because: device.technologyReason });
    this.#listChanged();
    if (!device.isEnabledPersistently || this.isProhibited(device.technology)) return;
    if (!this.#isGoing(device)) for (const provider of this.host.services.providers) provider.deviceEnabled(device);
    // Said by the Device; the link may be gone again before it could be set up.
    device.setEnabled(true, { isPersistent: false }).catch(() => {});
  }
  deviceRemoved(device: Device): void {
    this.#devices.splice(this.#devices.indexOf(device), 1);
    this.#wakeOnLan.forget(device);
    for (const provider of this.host.services.providers) provider.deviceDisabled(device);
    this.host.feed.observers.tell((observer) => observer.deviceRemoved(device));
    this.host.feed.post({ kind: "device-removed", device, because: "the link is gone" });
    this.#listChanged();
  }
  uninitializedChanged(): void {
    this.host.propertyChanged("UninitializedTechnologies");
  }
  claimsChanged(): void {
    this.host.propertyChanged("ClaimedDevices");
  }

  /** An enabling under way may settle after the link is gone: then the Device must not come back. */
  tellProviders(device: Device): void {
    const isUsable = device.isEnabled && this.#devices.includes(device) && !this.#isGoing(device);
    for (const provider of this.host.services.providers) {
      if (isUsable) provider.deviceEnabled(device);
      else provider.deviceDisabled(device);
    }
  }
  #isGoing({ name }: Device): boolean {
    return this.host.services.providers.some((provider) => provider.isRemoving?.(name));
  }
  /** Without touching their stored settings: they come back with the prohibition's end and a restart. */
  disableProhibited(): void {
    for (const device of this.#devices) this.#disableIfProhibited(device);
  }
  checkWakeOnLan(): void {
    for (const device of this.#devices) this.#wakeOnLan.check(device);
  }

  // DeviceHost
  isProhibited(technology: PrimaryTechnology): boolean {
    return this.host.settings.includes("prohibitedTechnologies", technology);
  }
  saveDevice(device: Device): void {
    this.ports.profiles.profileForDevices()?.store.write(device.storageId, device.properties.rows());
  }
  enabledChanged(device: Device): void {
    if (device.isEnabled && !device.isLeftAlone) this.#prepare(device);
    else if (!device.isEnabled) this.ports.leaveLink(device.link.index);
    const because = device.isEnabled ? "enabled" : "disabled";
    this.host.feed.post({ kind: "device-enabled-changed", device, because });
    this.host.listChanged();
    this.tellProviders(device);
    this.#wakeOnLan.check(device);
    this.#requestSortOf(device, "a Device was enabled or disabled");
    // The prohibition may have come while it was being enabled.
    if (device.isEnabled) this.#disableIfProhibited(device);
  }
  linkChanged(device: Device): void {
    this.#wakeOnLan.check(device);
    this.#requestSortOf(device, "carrier changed");
    for (const service of this.host.services.servicesOn(device)) service.technologyChanged();
    const because = device.hasCarrier ? "carrier" : "no carrier";
    this.host.feed.post({ kind: "carrier-changed", device, because });
  }
  makeNetwork(device: Device): Network {
    return this.ports.makeNetwork(device);
  }
  standBy(options: NetworkOptions): void {
    if (this.#devices.length <= mostPreparedLinks) this.ports.standbys.prepare(options);
    else this.standDown(options.link.index);
  }
  standDown(linkIndex: number): void {
    this.ports.standbys.cancel(linkIndex);
  }
  forgetLink(linkIndex: number): void {
    this.ports.forgetLink(linkIndex);
  }
  leftAloneBecause(link: Link): string | undefined {
    return this.ports.leftAloneBecause(link);
  }
  configuredUse(linkName: string): string | undefined {
    return this.host.configuredUse(linkName);
  }
  readinessChanged(device: Device, because: string): void {
    this.#requestSortOf(device, because);
  }
  addressesChanged(device: Device): void {
    this.#requestSortOf(device, "another program changed the addresses of a link");
  }
  addressing(device: Device, because: string): void {
    this.host.feed.post({ kind: "addressing", device, because });
  }
  addressConflict(device: Device, because: string): void {
    this.host.feed.post({ kind: "address-conflict", device, because });
  }
  wayOutChanged(device: Device): void {
    this.#requestSortOf(device, "another program changed the default route of a link");
  }
  ipConfigsChanged(device: Device): void {
    this.host.addressingChanged();
    this.host.feed.observers.tell((observer) => observer.ipConfigsChanged(device));
    this.#requestSortOf(device, "addressing changed");
  }

  #disableIfProhibited(device: Device): void {
    if (this.isProhibited(device.technology)) device.setEnabled(false, { isPersistent: false }).catch(() => {});
  }
  /**
   * A few sockets are kept open for cables to come; a machine with a thousand links opens each when its cable is in.
   */
  #prepare(device: Device): void {
    if (this.#devices.length > mostPreparedLinks) return;
    try {
      this.ports.prepareLink(device);
    } catch (error) {
      this.log.debug(() => `${device.name}: not prepared: ${describeError(error)}`);
    }
  }
  #requestSortOf(device: Device, because: string): void {
    this.host.services.requestSortOf(device, because);
  }
  #listChanged(): void {
    this.host.listChanged();
    if (++this.#linksSinceRelease < linksWorthCollecting) return;
    this.host.feed.queue.whenQuiet("memory of a burst", () => {
      this.#linksSinceRelease = 0;
      this.ports.releaseMemory();
    });
  }
}
