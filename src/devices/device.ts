import type { Clock } from "../base/clock.ts";
import { DaemonError, describeError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { PropertyShape, PropertyStore, type PropertyTable } from "../base/property.ts";
import type { PrimaryTechnology } from "../base/technology.ts";
import { describeConflict, type FoundConflict } from "../network/address-conflicts.ts";
import type { IpConfig, IpConfigIdentity } from "../network/ip-config.ts";
import { addressesOf } from "../network/ip-settings.ts";
import { isForeignDefault } from "../network/kernel/marks.ts";
import type { Network } from "../network/network.ts";
import type { NetworkFailure, NetworkObserver, NetworkOptions, StopOptions } from "../network/network-ports.ts";
import type { Link } from "../rtnl/rtnl.ts";
import { isConnecting } from "../services/connect-states.ts";
import type { Service } from "../services/service.ts";
import type { DisconnectReason, ServiceDevice } from "../services/service-device.ts";
import type { LinkTraffic } from "../services/traffic-counters.ts";
import type { Activation, ClaimableDevice, DeviceClaims, DeviceUser } from "./device-claims.ts";
import { DeviceEnabling, type EnableOptions } from "./device-enabling.ts";
import { type DevicePaths, ipConfigPath } from "./device-paths.ts";
import { LinkActivation, type LinkActivationHost } from "./link-activation.ts";

/** Parts of the floors above that a Device needs. */
export interface DeviceHost extends LinkActivationHost {
  readonly clock: Clock;
  readonly log: Log;
  readonly claims: DeviceClaims;
  readonly devicePaths: DevicePaths;
  isProhibited(technology: PrimaryTechnology): boolean;
  /** Stores the settings of the Device in the Profile for devices; throws DaemonError and then nothing has changed. */
  saveDevice(device: Device): void;
  /** Powered has reached the requested value, or failed to. */
  enabledChanged(device: Device): void;
  /** Carrier, address or usability changed: providers and the order look again. */
  linkChanged(device: Device): void;
  ipConfigsChanged(device: Device): void;
  /** Another program added an address to its link, or took one away. */
  addressesChanged(device: Device): void;
  /** Another host has an address of its link, or has it no more. */
  addressConflict(device: Device, because: string): void;
  /** The present step of its Network. */
  addressing(device: Device, because: string): void;
  /** Another program put a default route on its link, or took it away. */
  wayOutChanged(device: Device): void;
  /** A Network for this link that tells the Device of its changes. */
  makeNetwork(device: Device): Network;
  /** Prepares the first question for the link's next carrier; see {@link import("../network/standbys.ts").Standbys}. */
  standBy(options: NetworkOptions): void;
  standDown(linkIndex: number): void;
  /** The layer below the link (a supplicant, a modem) is ready to connect, or is not any more. */
  readinessChanged(device: Device, because: string): void;
  /** The link is gone for good: its sockets can be closed. */
  forgetLink(linkIndex: number): void;
  readonly hardware: LinkHardware;
}

/** Facts of a link in sysfs beyond the kernel's news. Read only on demand. */
export interface LinkHardware {
  readFacts(linkName: string): { readonly busType?: string | undefined };
  /** Undefined: the driver does not say. */
  readSpeedMbps(linkName: string): number | undefined;
  /** The kernel's counters of the link; undefined when it is gone. */
  readTraffic(linkName: string): LinkTraffic | undefined;
}

/**
 * One link that Fairlead manages. It knows link matters only (up, down, carrier, which Service is on it); addressing
 * belongs to its Network. The link goes up and down only through its claim.
 */
export abstract class Device implements Activation, DeviceUser, NetworkObserver, ServiceDevice {
  abstract readonly technology: PrimaryTechnology;
  /** The wish, stored as Powered. */
  isEnabledPersistently = true;
  #link: Link;
  #isDisposed = false;
  readonly #enabling: DeviceEnabling;
  readonly #activation: LinkActivation;
  #linkSpeedKbps = 0;
  #selectedService: Service | undefined;
  #network: Network | undefined;
  /**
   * The address that stays when the present one is changed; identifies settings. A made-up link has none of its own: it
   * goes by the address that it came with, or its settings would change hands while they are in force.
   */
  readonly permanentMac: string;
  /** Undefined: to be looked for. */
  #hasForeignWayOut: boolean | undefined;
  #properties: PropertyStore<Device> | undefined;
  readonly claimable: ClaimableDevice;
  /** D-Bus object path; the same for the life of the Device. */
  readonly path: string;

  constructor(
    protected readonly host: DeviceHost,
    link: Link,
    /** Why DeviceInfo took the link for this technology. */
    readonly technologyReason: string,
  ) {
    this.#link = link;
    this.permanentMac = link.permanentMac ?? this.mac;
    this.path = host.devicePaths.take(link);
    this.claimable = host.claims.device(link.name);
    // A user that waits for the link may have it once the Device is enabled.
    this.claimable.setDisabled(true);
    this.claimable.setInKernel(this);
    this.claimable.addUser(this);
    this.claimable.setCarrier(link.hasCarrier);
    this.#activation = new LinkActivation(host, () => this.#link);
    this.#enabling = this.#makeEnabling();
  }

  abstract get shape(): PropertyShape<Device>;

  get properties(): PropertyStore<Device> {
    this.#properties ??= new PropertyStore<Device>(this, this.shape);
    return this.#properties;
  }
  get name(): string {
    return this.#link.name;
  }
  /** The machine is about to sleep; resolves when the Device is ready for it. A cable has nothing to prepare. */
  async beforeSleep(): Promise<void> {}
  /** It is awake: another network may be at the other end of the cable, so a server has to confirm the lease. */
  afterSleep(): void {
    this.#network?.renew();
  }
  get linkName(): string {
    return this.#link.name;
  }
  get link(): Link {
    return this.#link;
  }
  get mac(): string {
    return this.#link.mac ?? "";
  }
  /**
   * Identifies settings and leases: the permanent address, as in shill, and the name as well where the address is not
   * the link's own. A VLAN has that of the link below it, and their leases are not to be taken for each other's.
   */
  get hardwareId(): string {
    const digits = this.permanentMac.replaceAll(":", "").toLowerCase();
    const isShared = sharesAddress.has(this.#link.kind ?? "") || /^0*$/.test(digits);
    return isShared ? `${digits}_${this.name}` : digits;
  }
  get storageId(): string {
    return `device_${this.hardwareId}`;
  }
  get hasCarrier(): boolean {
    return this.#link.hasCarrier;
  }
  get isEnabled(): boolean {
    return this.#enabling.isEnabled;
  }
  /** Enabled, and not about to be disabled: a Device on its way down must not be connected. */
  get isUsable(): boolean {
    return this.#enabling.isUsable;
  }
  /** Why the link stays as it was found until a person connects it; undefined: it is ours to use. */
  get leftAloneBecause(): string | undefined {
    return this.#activation.leftAloneBecause;
  }
  get isLeftAlone(): boolean {
    return this.leftAloneBecause !== undefined;
  }
  /** It would be left alone also if it were no part of another link. */
  get isForOthers(): boolean {
    return this.#activation.isForOthers;
  }
  /**
   * Reason of the layer below the link (a modem, say) against connecting now; undefined: none, or there is no such
   * layer.
   */
  get notReadyBecause(): string | undefined {
    return undefined;
  }
  /** 0: unknown, or no carrier. */
  get linkSpeedKbps(): number {
    return this.hasCarrier ? this.#linkSpeedKbps : 0;
  }
  readLinkSpeed(): void {
    this.#linkSpeedKbps = (this.host.hardware.readSpeedMbps(this.name) ?? 0) * 1000;
  }
  readTraffic(): LinkTraffic | undefined {
    return this.host.hardware.readTraffic(this.name);
  }
  /** "pci", "usb", or empty: another bus, or no hardware at all. */
  get busType(): string {
    // Links that the kernel makes up have a kind and no bus: with a thousand of them sysfs is not asked in vain.
    const busType = this.#link.kind === undefined ? this.host.hardware.readFacts(this.name).busType : undefined;
    return busType === "pci" || busType === "usb" ? busType : "";
  }
  get hasForeignWayOut(): boolean {
    this.#hasForeignWayOut ??= this.host.rtnl.snapshot.routes({ link: this.#link.index }).some(isForeignDefault);
    return this.#hasForeignWayOut;
  }
  get selectedService(): Service | undefined {
    return this.#selectedService;
  }
  get network(): Network | undefined {
    return this.#network;
  }
  /** IPv4 first. */
  get ipConfigs(): readonly IpConfig[] {
    return this.#network?.ipConfigs ?? [];
  }
  /** All addresses in use, of both families, as CIDR text. */
  get addresses(): readonly string[] {
    const { ipv4, ipv6 } = this.#network?.effective ?? {};
    return [...addressesOf(ipv4), ...addressesOf(ipv6)].map(
      ({ address, prefixLength }) => `${address}/${prefixLength}`,
    );
  }
  get ipConfigPaths(): readonly string[] {
    return this.#network?.ipConfigIdentities.map((identity) => this.ipConfigPath(identity)) ?? [];
  }
  ipConfigPath(of: IpConfigIdentity): string {
    return ipConfigPath(this.name, of);
  }

  /** Takes the kernel's present facts of the link; the index stays the same for the life of a Device. */
  update(link: Link): void {
    const before = this.#link;
    this.#link = link;
    if (before.mac !== link.mac) this.macChanged();
    if (before.hasCarrier !== link.hasCarrier) {
      this.claimable.setCarrier(link.hasCarrier);
      // The first call sends first: a lost carrier is news for clients, a new one for the DHCP server.
      if (link.hasCarrier) this.host.linkChanged(this);
      this.carrierChanged();
      if (!link.hasCarrier) this.host.linkChanged(this);
    } else if (before.master !== link.master) {
      this.#masterChanged();
      this.host.linkChanged(this);
    }
  }
  /**
   * To servers and neighbours the link is another host now: agreements in the name of the former one do not hold.
   * Nothing is given back in that name, which is not on the wire any more.
   */
  protected macChanged(): void {
    this.properties.touch("Address");
    const service = this.#selectedService;
    const isOnLayer3 = this.#network !== undefined && this.#network.state !== "idle";
    if (!service || !isOnLayer3) {
      // Also addresses and routes that outlive a short loss of carrier.
      void this.#network?.stop({ release: false });
      return;
    }
    if (!this.hasCarrier) {
      this.dropConnection("MAC address changed");
      return;
    }
    service.connection.networkLost(`the MAC address is ${this.mac} now`);
    this.startNetwork(service);
  }
  /** Another program put a default route on the link, or took it away. */
  wayOutChanged(): void {
    this.#hasForeignWayOut = undefined;
    this.host.wayOutChanged(this);
  }
  /** The link became, or is no longer, part of another one. Packets that arrive at a port go to that other link. */
  #masterChanged(): void {
    if (this.#link.master !== undefined) this.dropConnection("left alone");
    this.#reviewActivation();
  }
  /** Another program added an address to the link, or took one away: our attempt yields, a connection stays. */
  addressesChanged(): void {
    const service = this.#selectedService;
    if (service && isConnecting(service.state) && this.isLeftAlone) this.dropConnection("left alone");
    this.#reviewActivation();
    this.host.addressesChanged(this);
  }
  protected abstract carrierChanged(): void;
  /** Looks for networks; a cable has nothing to look for. Found ones are told by their Provider. */
  requestScan(): void {}
  /** Chooses the MAC address of a USB adapter (shill's device-api.txt). Throws IllegalOperation on other hardware. */
  setMacAddressSource(_source: string): void {
    throw new DaemonError("IllegalOperation", `${this.name} is no USB adapter`);
  }

  /** A person wants it: a link that was left alone is ours from now on, and goes up. */
  take(): void {
    if (this.isLeftAlone) this.#activation.isOurs = true;
    this.#reviewActivation();
  }
  /** Starts layer 3 for the Service; another one on the Device goes to idle. */
  connectService(service: Service): void {
    this.take();
    this.selectService(service);
    if (this.startNetwork(service)) service.advance("configure", this.mediumIsUp);
  }
  /**
   * The first question of this Service's layer 3 is to leave with the carrier, before anything else is done about it.
   */
  standBy(service: Service): void {
    this.host.standBy(service.networkOptions(this));
  }
  standDown(): void {
    this.host.standDown(this.#link.index);
  }
  /** The reason that a Service on it is told when layer 3 begins. */
  protected get mediumIsUp(): string {
    return `carrier on ${this.name}`;
  }
  disconnectService(service: Service, reason: DisconnectReason): void {
    if (this.#selectedService !== service) return;
    // The lease is given back only when a person ends it: the same network will want the same address.
    this.stopNetwork({ release: service.connection.isExplicitlyDisconnected, isCarrierLost: this.isShortLoss(reason) });
    service.setNetwork(undefined);
    this.selectService(undefined);
  }

  /**
   * A client or a Profile wants it on or off. Resolves when settled; errors: docs/contract/shill.md, Devices. A link
   * that is left alone is not set up or down by it unless `isExplicit`: the request named this Device, and not each of
   * its technology.
   */
  async setEnabled(enable: boolean, options: EnableOptions): Promise<void> {
    if (enable && this.host.isProhibited(this.technology)) {
      throw new DaemonError("PermissionDenied", `Technology ${this.technology} is prohibited.`);
    }
    await this.#enabling.set(enable, options);
  }
  #makeEnabling(): DeviceEnabling {
    const device = this;
    return new DeviceEnabling({
      name: this.name,
      log: this.host.log,
      get isEnabledPersistently() {
        return device.isEnabledPersistently;
      },
      set isEnabledPersistently(enable) {
        device.isEnabledPersistently = enable;
      },
      save: () => this.host.saveDevice(this),
      accepted: (isExplicit) => {
        this.#activation.isExplicitRequest = isExplicit;
      },
      reapply: (enable) => this.#applyToLeftAlone(enable),
      begin: async () => {
        this.claimable.enable();
        await this.claimable.claim(this);
      },
      end: async () => {
        this.dropConnection("device disabled");
        await this.claimable.disable();
      },
      abandon: () => this.claimable.setDisabled(true),
      settled: () => this.#onEnabledSettled(),
    });
  }
  /** The Device is enabled or disabled already; a link that is left alone need not have followed yet. */
  async #applyToLeftAlone(enable: boolean): Promise<void> {
    if (!this.#activation.isExplicitRequest || !this.isLeftAlone) return;
    if (enable) await this.activate();
    else await this.deactivate();
  }
  #onEnabledSettled(): void {
    // A Device that is gone prepares nothing: nothing would clear it away.
    if (this.#isDisposed) return;
    this.properties.touch("Powered");
    this.enabledSettled();
    this.host.enabledChanged(this);
  }
  /** Called when the Device is enabled or disabled, before anything is connected on it. */
  protected enabledSettled(): void {}

  setProperty(name: string, value: unknown): void {
    this.properties.set(name, value, () => this.host.saveDevice(this));
  }
  clearProperty(name: string): void {
    this.properties.clear(name, () => this.host.saveDevice(this));
  }

  /** The link's Service changes; the old one goes to idle unless it failed. */
  selectService(service: Service | undefined): void {
    if (this.#selectedService === service) return;
    const old = this.#selectedService;
    this.#selectedService = service;
    old?.setNetwork(undefined);
    old?.setIpConfigPath(undefined);
    old?.drop("another Service takes the link");
    this.properties.touch("SelectedService");
  }

  /** Ends the connection of this Device; its Service goes to idle without a failure. */
  dropConnection(reason: DisconnectReason): void {
    const service = this.#selectedService;
    service?.drop(reason);
    this.stopNetwork({ release: false, isCarrierLost: this.isShortLoss(reason) });
    this.selectService(undefined);
  }
  /** A link that was set down has lost its routes already. */
  protected isShortLoss(reason: DisconnectReason): boolean {
    return reason === "carrier lost" && this.#link.isUp;
  }
  /** No connection is to come back: addresses and routes held after a lost carrier go at once. */
  giveUp(): void {
    this.stopNetwork({ release: false });
  }

  /**
   * Starts layer 3 for the selected Service; the same Network object serves the link for the Device's life. False when
   * the kernel, asked for something on the way, had news that ended it all again: the cable is out.
   */
  protected startNetwork(service: Service): boolean {
    this.#network ??= this.host.makeNetwork(this);
    // The first packet leaves in here; everything else can wait until it is on its way.
    this.#network.start(service.networkOptions(this));
    if (this.#selectedService !== service) return false;
    service.setNetwork(this.#network);
    this.changed();
    return true;
  }
  protected stopNetwork(how: StopOptions): void {
    void this.#network?.stop(how);
    this.changed();
  }

  /** NetworkObserver: the addressing objects came, went or changed. */
  changed(): void {
    this.host.ipConfigsChanged(this);
    this.properties.touch("IPConfigs");
    this.properties.touch("Addresses");
    this.#selectedService?.setIpConfigPath(this.ipConfigPaths[0]);
    this.#selectedService?.networkChanged();
    // A Network that lost its address looks for another one; until then its Service is not connected.
    const { state, primaryFamily, conflict, lostBecause } = this.#network ?? {};
    if (state !== "connected" || primaryFamily !== undefined) return;
    this.#selectedService?.connection.networkLost(
      conflict ? describeConflict(conflict) : (lostBecause ?? "the address is lost"),
    );
  }
  stepped(text: string): void {
    this.host.addressing(this, text);
  }
  conflicted(conflict: FoundConflict): void {
    this.#tellConflict(describeConflict(conflict));
  }
  conflictOver(because: string): void {
    this.#tellConflict(because);
  }
  #tellConflict(because: string): void {
    this.#selectedService?.explain(because);
    this.host.addressConflict(this, because);
  }
  connected(first: boolean): void {
    this.#activation.isOurs = true;
    this.#selectedService?.networkConnected(first ? "addressing is in place" : "addressing changed");
  }
  failed(reason: NetworkFailure, detail: string): void {
    const service = this.#selectedService;
    service?.fail(failureWords[reason], detail);
    this.selectService(undefined);
    this.changed();
  }

  /** The kernel lost the link, or the Device is given away; nothing of it is written any more. */
  dispose(reason: DisconnectReason): void {
    this.dropConnection(reason);
    this.#isDisposed = true;
    this.#enabling.gone();
    this.claimable.setInKernel(undefined);
    this.host.forgetLink(this.#link.index);
    this.host.devicePaths.free(this.path);
    void this.claimable.removeUser(this).finally(() => this.host.claims.collect(this.name));
  }

  /** We set the link up, and not another program. */
  protected get isSetUp(): boolean {
    return this.#activation.isSetUp;
  }
  // Activation: the effect of a claim on the link.
  async activate(): Promise<void> {
    await this.#activation.activate();
  }
  async deactivate(): Promise<void> {
    await this.#activation.deactivate();
  }
  /** A link that was left alone may be ours now: then it goes up, as that of every enabled Device. */
  #reviewActivation(): void {
    if (!this.isUsable || this.isSetUp || this.isLeftAlone) return;
    this.activate().catch((error: unknown) =>
      this.host.log.warn(`${this.name}: could not be set up: ${describeError(error)}`),
    );
  }
}

/** Kinds of link that have the hardware address of a link below them. */
const sharesAddress: ReadonlySet<string> = new Set(["vlan", "ipvlan", "ipvtap", "bridge"]);

/** In the words of shill's doc/service-api.txt. */
const failureWords: Readonly<Record<NetworkFailure, string>> = {
  "dhcp-failed": "dhcp-failed",
  "protocol-failed": "connect-failed",
  "authentication-refused": "ppp-auth-failed",
  "no-ip-configuration": "connect-failed",
  "address-refused": "internal-error",
};

/** Makes the shape of a Device class from the common table and its own. */
export const deviceShape = <T extends Device>(...tables: readonly PropertyTable<T>[]): PropertyShape<Device> =>
  new PropertyShape<T>(Object.assign({}, ...tables) as PropertyTable<T>) as unknown as PropertyShape<Device>;
