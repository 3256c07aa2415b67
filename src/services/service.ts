import type { Clock } from "../base/clock.ts";
import { DaemonError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { type PropertyShape, PropertyStore } from "../base/property.ts";
import { countsAs, isPrimary, type Technology } from "../base/technology.ts";
import type { Network } from "../network/network.ts";
import type { NetworkOptions } from "../network/network-ports.ts";
import { emptyStaticIp, type StaticIp } from "../network/static-ip.ts";
import type { LeaseNetwork } from "../profiles/lease-keeper.ts";
import type { Profile } from "../profiles/profile.ts";
import type { ProfileStack } from "../profiles/profile-stack.ts";
import { timeSince1601 } from "./attempts.ts";
import { type AutoConnectRefusal, autoConnectRefusal, type PolicyRefusal } from "./auto-connect.ts";
import { type Configuration, settingsOf } from "./configuration.ts";
import type { ConfiguredInterface } from "./configured-interface.ts";
import { type ConnectInput, type ConnectState, isActive, isConnected } from "./connect-states.ts";
import type { EapCredentials } from "./eap-credentials.ts";
import { type Layer3Device, type Layer3Host, layer3Plan } from "./layer3-plan.ts";
import { type ConnectionOwner, ServiceConnection } from "./service-connection.ts";
import type { DisconnectReason, ServiceDevice } from "./service-device.ts";
import { type EntryOwner, ServiceEntry } from "./service-entry.ts";
import { type ConfigurationSource, type OrderFacts, orderProperties } from "./service-order.ts";
import { TrafficCounters } from "./traffic-counters.ts";
import { ServiceValidation, type Validated } from "./validation/service-validation.ts";
import type { ProbePorts } from "./validation/validation.ts";
import type { ValidationPlan } from "./validation/validation-plan.ts";

/** Parts of the floors above that a Service needs. */
export interface ServiceHost extends Layer3Host {
  readonly clock: Clock;
  readonly log: Log;
  /**
   * Asks for one coalesced sort; asking often costs nothing. Without a Service: a fact that holds for all has changed.
   */
  requestSort(because: string, service?: Service): void;
  /** Calls its `saveAfterConnect` in the next turn. */
  saveSoon(service: Service): void;
  /** Called after the state and its properties are in place, before clients hear of them. */
  stateChanged(service: Service, before: ConnectState, because: string): void;
  isTechnologyAutoConnectable(technology: Technology): boolean;
  profileRank(profile: Profile): number;
  readonly profiles: Pick<ProfileStack, "profiles" | "byPath" | "profileForNew" | "profileForDevices" | "findEntry">;
  /** Deletes the Service's stored settings; another Profile's take over, or the Service is unloaded. */
  forgetService(service: Service): void;
  /** How to find out whether the internet is behind the network, before the Service counts as online. */
  validationPlan(service: Service): ValidationPlan;
  readonly probePorts: ProbePorts;
  /** The best connected Service that needs no other one below it; undefined: nothing is connected. */
  readonly underlay: Service | undefined;
  /** Stopping or suspending: connections that end now are no failures and not counted. */
  isExpectingDisconnects(): boolean;
  /** Why the policy in force lets it hold no connection now; undefined: it may. */
  policyRefusal(service: Service): PolicyRefusal | undefined;
}

/**
 * A network that a person can connect to. It has a connection with a state and its reason, settings that live in a
 * Profile, and, while connected, a Network. Subclasses know how their technology connects.
 */
export abstract class Service implements OrderFacts, EntryOwner, ConnectionOwner, Validated {
  abstract readonly technology: Technology;
  abstract readonly storageId: string;
  /** Without private data, e.g. `wifi_3`. */
  readonly logName: string;
  #properties: PropertyStore<Service> | undefined;
  #entry: ServiceEntry | undefined;

  // Settings; the table in service-properties.ts names them and marks the stored ones.
  autoConnect = false;
  /** AutoConnect was set on purpose, by a person or by a first success: then it is stored. */
  isAutoConnectRetained = false;
  checkPortal = "auto";
  guid = "";
  name = "";
  priority = 0;
  ephemeralPriority = 0;
  configurationSource: ConfigurationSource = "Unknown";
  hasManagedCredentials = false;
  meteredOverride: boolean | undefined;
  proxyConfig = "";
  saveCredentials = true;
  uiData = "";
  isLinkMonitorDisabled = false;
  staticIp: StaticIp = emptyStaticIp;
  hasEverConnected = false;
  trafficCounterResetTime = 0n;
  readonly traffic = new TrafficCounters();
  readonly validation = new ServiceValidation(this);

  readonly connection: ServiceConnection;
  profile: Profile | undefined;
  terms: Profile | undefined;
  #device: ServiceDevice | undefined;
  #network: Network | undefined;
  #ipConfigPath: string | undefined;

  constructor(
    readonly host: ServiceHost,
    readonly serial: number,
    technology: Technology,
    /** The common properties, and those of the technology. */
    readonly shape: PropertyShape<Service>,
  ) {
    this.logName = `${technology}_${serial}`;
    this.connection = new ServiceConnection(this);
    this.name = technology;
  }

  /** Made at first use: by then the subclass is complete. */
  get properties(): PropertyStore<Service> {
    this.#properties ??= new PropertyStore<Service>(this, this.shape);
    return this.#properties;
  }

  /** Its entries in Profiles. Made at first use, as the properties are. */
  get entry(): ServiceEntry {
    this.#entry ??= this.makeEntry();
    return this.#entry;
  }
  protected makeEntry(): ServiceEntry {
    return new ServiceEntry<EntryOwner>(this);
  }

  /** For people, in errors; logs have {@link logLabel}. */
  get label(): string {
    const link = this.#device?.linkName;
    return link === undefined || link === this.name ? this.name : `${this.name} on ${link}`;
  }
  /** For log lines: without private data, with the link that a person knows. */
  get logLabel(): string {
    const link = this.#device?.linkName;
    return link === undefined ? this.logName : `${this.logName} on ${link}`;
  }
  /** D-Bus object path; never used again in one run. */
  get path(): string {
    return `/service/${this.serial}`;
  }
  get state(): ConnectState {
    return this.connection.state;
  }
  get device(): ServiceDevice | undefined {
    return this.#device;
  }
  /** As the bus shows it; undefined: the property is absent. */
  get devicePath(): string | undefined {
    return this.#device?.path;
  }
  get network(): Network | undefined {
    return this.#network;
  }
  /** Index of the link with its addresses, its Device's or one made for it alone; undefined: none. */
  get layer3Link(): number | undefined {
    return this.#network?.layer3Link;
  }
  /** Path of the IPConfig object that clients are shown first. */
  get ipConfigPath(): string | undefined {
    return this.#ipConfigPath;
  }
  get hasFailed(): boolean {
    return this.state === "failure" || this.connection.attempts.hasFailed;
  }
  get hasWayOut(): boolean {
    return this.#network?.hasDefaultRoute || this.#device?.hasForeignWayOut || false;
  }
  get profileRank(): number {
    const holder = this.terms ?? this.profile;
    return holder ? this.host.profileRank(holder) : -1;
  }
  get securityLevel(): number {
    return 0;
  }
  /** Its credentials for 802.1X; undefined: it has no 802.1X. */
  get eap(): EapCredentials | undefined {
    return undefined;
  }
  /** The network's password, for clients that may read it; undefined: the technology has none. Secret. */
  get networkKey(): string | undefined {
    return undefined;
  }
  /** Whether it holds a value that only its owner may read. */
  get holdsSecret(): boolean {
    return this.eap !== undefined && (this.eap.password !== "" || this.eap.pin !== "");
  }
  /** Inferred where the technology can tell; see {@link meteredOverride}. */
  get isMetered(): boolean {
    return this.meteredOverride ?? this.network?.isTethered ?? false;
  }
  abstract get isConnectable(): boolean;
  /** The missing part that makes it not connectable, as a sentence without its end; empty: nothing, or it has no name. */
  get lacking(): string {
    return "";
  }
  abstract get isVisible(): boolean;
  abstract get strengthPercent(): number;
  /** The technology's reason against connecting now without being asked. */
  abstract get technologyRefusal(): AutoConnectRefusal | undefined;
  /** The section of the network configuration that it stands for; undefined: none. */
  get configured(): ConfiguredInterface | undefined {
    return undefined;
  }
  /** Whether Profiles keep it once it worked. */
  get isStored(): boolean {
    return true;
  }
  /** Whether it ends with the carrier of its link. */
  get needsCarrier(): boolean {
    return true;
  }
  /** Whether a DHCP server is asked. */
  get wantsDhcp(): boolean {
    return true;
  }
  /** Itself, where its leases are its own and not those of the link that it is connected on. */
  get leaseNetwork(): LeaseNetwork | undefined {
    return undefined;
  }
  /** Whether a person may switch AutoConnect off. */
  get isAutoConnectFixed(): boolean {
    return false;
  }
  /** Whether it is a part of the machine: users bring own settings for it only where an administrator agrees. */
  get isMachines(): boolean {
    return false;
  }
  /** The machine's Profile has an entry for it even if it says nothing yet. */
  get isKeptUnasked(): boolean {
    return false;
  }
  /** Whether it stays when a client forgets it. */
  get isPermanent(): boolean {
    return false;
  }
  get autoConnectDefault(): boolean {
    return false;
  }
  /** Whether a first success is reason enough to connect it without being asked from then on. */
  protected get connectsItselfAfterSuccess(): boolean {
    return true;
  }

  giveUp(): void {}
  abstract startConnect(): void;
  abstract startDisconnect(reason: DisconnectReason): void;

  /**
   * Whether nothing but its medium (the carrier of a cable) is missing for it to connect by itself; told after each
   * sort that looks at it.
   */
  awaitMedium(_isAllThatIsMissing: boolean): void {}

  /** Layer 3 is in place; told again when it changed, each time after {@link networkChanged}. */
  networkConnected(because: string): void {
    this.advance("configured", because);
    this.validation.review();
  }
  get validationPlan(): ValidationPlan {
    return this.host.validationPlan(this);
  }
  get probePorts(): ProbePorts {
    return this.host.probePorts;
  }
  probeUrlChanged(): void {
    this.properties.touch("ProbeUrl");
  }

  /** See {@link ServiceConnection.connect}. */
  connect(because: string): void {
    this.connection.connect(because);
  }
  /** See {@link ServiceConnection.disconnect}. */
  disconnect(reason: DisconnectReason): void {
    this.connection.disconnect(reason);
  }
  /** See {@link ServiceConnection.drop}. */
  drop(reason: DisconnectReason): void {
    this.connection.drop(reason);
  }
  /** See {@link ServiceConnection.advance}. */
  advance(input: ConnectInput, because: string): void {
    this.connection.advance(input, because);
  }
  /** See {@link ServiceConnection.fail}. */
  fail(error: string, details: string): void {
    this.connection.fail(error, details);
  }
  /** A new reason for an unchanged state. */
  explain(because: string): void {
    this.connection.reason = because;
  }
  get policyRefusal(): PolicyRefusal | undefined {
    return this.host.policyRefusal(this);
  }
  stateChanged(before: ConnectState, because: string): void {
    if (!isConnected(this.state)) this.validation.stop();
    this.host.stateChanged(this, before, because);
  }
  stateTold(_before: ConnectState): void {}
  failureTold(_error: string, _details: string): void {}
  /** A network that worked once is worth connecting to again, unless a person said otherwise. */
  becameConnected(): void {
    this.hasEverConnected = true;
    if (!this.isAutoConnectRetained && !this.isAutoConnectFixed) {
      this.autoConnect ||= this.connectsItselfAfterSuccess;
      this.isAutoConnectRetained = true;
    }
    // A Service that is in no Profile yet is worth keeping now.
    if (this.isStored) this.profile ??= this.host.profiles.profileForNew();
    this.host.saveSoon(this);
    this.properties.touch("AutoConnect");
    this.properties.touch("Profile");
  }

  /** Why it may not connect by itself now; undefined: it may. */
  get autoConnectRefusal(): AutoConnectRefusal | undefined {
    const { host } = this;
    return autoConnectRefusal({
      autoConnect: this.autoConnect,
      isTechnologyAllowed: host.isTechnologyAutoConnectable(this.technology),
      isConnectable: this.isConnectable,
      state: this.state,
      isExplicitlyDisconnected: this.connection.isExplicitlyDisconnected,
      isThrottled: this.connection.attempts.isThrottled,
      lacksUnderlay: !isPrimary(countsAs(this.technology)) && host.underlay === undefined,
      hadBadPassphraseJustNow: this.connection.hadBadPassphraseJustNow,
      policyRefusal: this.policyRefusal,
      technologyRefusal: this.technologyRefusal,
    });
  }

  /** The machine is about to sleep; resolves when the Service is ready for it. */
  async beforeSleep(): Promise<void> {}
  /** After resume and profile changes: earlier attempts no longer count. */
  forgive(): void {
    this.connection.isExplicitlyDisconnected = false;
    this.connection.attempts.forgive();
  }

  setDevice(device: ServiceDevice | undefined): void {
    this.#device = device;
    this.properties.touchGroup("device");
  }
  setNetwork(network: Network | undefined): void {
    const isOther = network !== this.#network;
    if (isOther && this.#network) this.countTraffic();
    this.#network = network;
    if (isOther) this.traffic.count(network && this.#device?.readTraffic());
    this.networkChanged();
  }
  /** Brings the counters up to date and, if they grew, stores them soon. */
  countTraffic(): void {
    const before = this.traffic.total;
    this.traffic.count(this.#network && this.#device?.readTraffic());
    if (this.traffic.total !== before) this.host.saveSoon(this);
  }
  resetTraffic(): void {
    this.countTraffic();
    this.traffic.reset();
    this.trafficCounterResetTime = timeSince1601(this.host.clock.wallTime());
    this.properties.touch("TrafficCounterResetTime");
    this.host.saveSoon(this);
  }
  setIpConfigPath(path: string | undefined): void {
    this.#ipConfigPath = path;
    this.properties.touch("IPConfig");
  }
  /** The Network's settings are others than before. */
  networkChanged(): void {
    this.properties.touchGroup("network");
    this.validation.review();
  }
  /** The technology's facts (carrier, signal) are others than before. */
  technologyChanged(): void {
    this.properties.touchGroup("technology");
  }

  /** Layer 3 that it asks for on this Device. */
  networkOptions(device: Layer3Device): NetworkOptions {
    return layer3Plan(device, this, this.host);
  }
  /** Takes effect at once on a live connection. */
  setStaticIp(staticIp: StaticIp): void {
    this.staticIp = staticIp;
    this.#network?.setStatic(staticIp);
  }

  /** A client sets a property: stored before it is announced, or refused and nothing has changed. */
  setProperty(name: string, value: unknown): void {
    if (this.properties.set(name, value, () => this.entry.saveChange([name]))) this.#afterChange(name);
  }
  clearProperty(name: string): void {
    if (this.properties.clear(name, () => this.entry.saveChange([name]))) this.#afterChange(name);
  }
  /**
   * Several settings as one change: refused ones are left out, the others are stored by `commit` before clients hear of
   * them. The first refusal is thrown at the end; an error of the store leaves everything as it was.
   */
  configure(configuration: Configuration, commit = () => this.entry.saveChange(configuration.keys())): void {
    const { changed, refusal } = this.properties.setAll(settingsOf(this.properties, configuration), commit);
    for (const name of changed) this.#afterChange(name);
    if (refusal !== undefined) throw refusal;
  }
  #afterChange(name: string): void {
    if (this.shape.group("validation").includes(name)) this.validation.review();
    // With other addressing another question is to leave at the next carrier, or none.
    const isStandbyConcerned = name === "StaticIPConfig" && !this.#network;
    if (orderProperties.has(name) || isStandbyConcerned) this.host.requestSort(`${name} was set`, this);
  }

  /** Deferred until after a connection: the entry is written, and the driver is asked for the speed of the link. */
  saveAfterConnect(): void {
    this.entry.saveIfPossible();
    this.#device?.readLinkSpeed();
    for (const name of ["UplinkSpeedKbps", "DownlinkSpeedKbps"]) this.properties.touch(name);
  }
  /** Settings that last while a Profile is on the stack, and are stored nowhere. */
  forgetPassing(): void {
    this.ephemeralPriority = 0;
    this.isLinkMonitorDisabled = false;
    for (const name of ["EphemeralPriority", "LinkMonitorDisable"]) this.properties.touch(name);
  }
  /** A person forgets it. NotImplemented where the technology always has one. */
  remove(): void {
    if (this.isPermanent) throw new DaemonError("NotImplemented", `${this.label} cannot be removed`);
    this.host.forgetService(this);
  }
  /**
   * Forget it all, in memory: the settings go back to their defaults and the connection ends. Nothing is deleted on
   * disk.
   */
  unload(): void {
    this.entry.load(undefined);
    this.hasEverConnected = false;
    if (isActive(this.state)) this.disconnect("no Profile has it any more");
    this.forgive();
  }
  /** Called after another entry was loaded. */
  onEntryLoaded(): void {
    // Even if the entry denies it: it is connected now.
    if (isConnected(this.state)) this.hasEverConnected = true;
    this.#network?.setStatic(this.staticIp);
    this.validation.review();
  }
  requestSort(because: string): void {
    this.host.requestSort(because, this);
  }
}
