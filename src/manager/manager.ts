import type { Clock } from "../base/clock.ts";
import { DaemonError, describeError } from "../base/errors.ts";
import { EventHistory } from "../base/event-history.ts";
import { EventQueue } from "../base/events.ts";
import type { Log } from "../base/log.ts";
import { type PropertyShape, PropertyStore } from "../base/property.ts";
import { type PrimaryTechnology, parseTechnologyList, type Technology } from "../base/technology.ts";
import { DeviceInfo } from "../device-info/device-info.ts";
import type { LinkSelection } from "../device-info/link-names.ts";
import type { Device, DeviceHost, LinkHardware } from "../devices/device.ts";
import { DeviceClaims } from "../devices/device-claims.ts";
import { DevicePaths } from "../devices/device-paths.ts";
import { LinkSwitch } from "../devices/link-switch.ts";
import type { Network } from "../network/network.ts";
import { Automation } from "../policy/automation.ts";
import type { Profile } from "../profiles/profile.ts";
import type { ProfileStack } from "../profiles/profile-stack.ts";
import type { AutomationEvent, ManagerEvent } from "../providers/manager-event.ts";
import type { Provider, ProviderHost } from "../providers/provider.ts";
import type { TechnologyModule } from "../providers/technology-module.ts";
import type { Link, Rtnl } from "../rtnl/rtnl.ts";
import type { PolicyRefusal } from "../services/auto-connect.ts";
import { type ConnectState, isConnected } from "../services/connect-states.ts";
import type { Layer3Ports } from "../services/layer3-plan.ts";
import type { Service } from "../services/service.ts";
import { SettledSuccesses } from "../services/settled-successes.ts";
import type { ProbeHosts } from "../services/validation/probe-hosts.ts";
import type { ProbePorts } from "../services/validation/validation.ts";
import { type ValidationPlan, validationPlan } from "../services/validation/validation-plan.ts";
import { AutoConnector, attempt } from "./auto-connector.ts";
import { automationHost } from "./automation-of-manager.ts";
import { bestServices } from "./connect-to-best.ts";
import { Connectivity } from "./connectivity.ts";
import { connectivityReport } from "./connectivity-report.ts";
import type { DebugControl } from "./debug-control.ts";
import { DnsProxy } from "./dns-proxy.ts";
import { ManagerAnnouncer } from "./manager-announcer.ts";
import { ManagerObservers } from "./manager-observers.ts";
import type { ManagerPorts } from "./manager-ports.ts";
import { ManagerSettings, managerEntry } from "./manager-settings.ts";
import { NetworkConfigurator } from "./network-configurator.ts";
import { Power } from "./power.ts";
import { ProfileEntries } from "./profile-entries.ts";
import { ProfileFollower } from "./profile-follower.ts";
import { ServiceConfigurator } from "./service-configurator.ts";
import { ServiceList, type Sorted } from "./service-list.ts";
import { technologiesOf } from "./technology-control.ts";
import { Throttling } from "./throttling.ts";
import { WakeOnLanFollower } from "./wake-on-lan-follower.ts";

/** More sockets than a laptop or a small server has. */
const mostPreparedLinks = 16;

/** Links that came or went since memory was last given back, before it is worth a pause of ten milliseconds. */
const linksWorthCollecting = 256;

/** What may change a Location, a Modifier or the priority group; asked for once per burst. */
const checkedAfter = [
  "service-state-changed",
  "service-removed",
  "device-removed",
  "modifier-state-changed",
  "location-state-changed",
] as const;

function objectOf(event: ManagerEvent): string {
  if ("path" in event) return event.path;
  return "device" in event ? event.device.path : (event.service?.path ?? "/");
}

/** Owns Devices, Services and Providers, keeps the Services in order, and connects the best. */
export class Manager implements ProviderHost, DeviceHost {
  readonly clock: Clock;
  readonly log: Log;
  readonly rtnl: Rtnl;
  readonly linkSwitch: LinkSwitch;
  readonly claims: DeviceClaims;
  readonly devicePaths = new DevicePaths();
  readonly profiles: ProfileStack;
  readonly settings = new ManagerSettings();
  readonly services: ServiceList;
  readonly history = new EventHistory();
  readonly events: EventQueue<ManagerEvent>;
  readonly deviceInfo: DeviceInfo;
  readonly connectivity: Connectivity;
  readonly power = new Power(this);
  readonly dnsProxy = new DnsProxy();
  readonly throttling: Throttling;
  /** The network configuration in force. */
  readonly configuration: NetworkConfigurator;
  /** Locations, Modifiers and policies. */
  readonly automation: Automation;
  readonly debug: DebugControl;
  readonly observers: ManagerObservers;
  technologyOrder: readonly Technology[];
  readonly #devices: Device[] = [];
  /** Finds, makes and configures Services for clients. */
  readonly configurator: ServiceConfigurator;
  readonly providers: readonly Provider[];
  readonly hardware: LinkHardware;
  readonly #autoConnector: AutoConnector;
  readonly #announcer: ManagerAnnouncer;
  readonly probePorts: ProbePorts;
  readonly #wakeOnLan: WakeOnLanFollower;
  readonly #successes: SettledSuccesses;
  readonly #follower: ProfileFollower;
  /** Entries of Profiles, for clients. */
  readonly profileEntries: ProfileEntries;
  #properties: PropertyStore<Manager> | undefined;
  #nextSerial = 0;
  #isRunning = false;
  #linksSinceRelease = 0;

  constructor(
    private readonly ports: ManagerPorts,
    private readonly shape: PropertyShape<Manager>,
  ) {
    this.clock = ports.clock;
    this.log = ports.log;
    this.rtnl = ports.rtnl;
    this.observers = new ManagerObservers(ports.log);
    this.linkSwitch = new LinkSwitch(ports.rtnl, ports.clock);
    this.profiles = ports.profiles;
    this.debug = ports.debug;
    this.technologyOrder = ports.technologyOrder;
    this.claims = new DeviceClaims(ports.log);
    this.events = new EventQueue<ManagerEvent>(ports.clock, (where, error) =>
      this.log.error(`a handler of ${where} failed`, { error }),
    );
    this.services = new ServiceList(
      () => this.technologyOrder,
      (sorted) => this.#afterSort(sorted),
    );
    this.connectivity = new Connectivity(ports);
    const linkName = (index: number) => ports.rtnl.snapshot.links.get(index)?.name;
    this.probePorts = { clock: ports.clock, http: ports.http, random: ports.random, linkName };
    this.throttling = new Throttling(ports);
    this.#wakeOnLan = new WakeOnLanFollower({
      log: ports.log,
      wakeOnLan: ports.wakeOnLan,
      isWakeOnLanEnabled: () => this.settings.isWakeOnLanEnabled,
      whenQuiet: (check) => this.events.whenQuiet("wake-on-lan", check),
    });
    this.configuration = new NetworkConfigurator({
      log: ports.log,
      source: ports.configuration,
      providers: () => this.providers,
      devicesOn: (links) => this.#devices.filter(({ name }) => links.has(name)),
      tellProviders: (device) => this.#tellProviders(device),
    });
    this.automation = new Automation(automationHost(this, ports));
    for (const kind of checkedAfter) this.events.on(kind, () => this.automation.askForCheck());
    this.#autoConnector = new AutoConnector(ports.log);
    this.#announcer = new ManagerAnnouncer(this, (service, because) => {
      this.#post({ kind: "default-service-changed", service, because });
      service?.validation.becameDefault();
    });
    this.#successes = new SettledSuccesses(ports.clock);
    this.configurator = new ServiceConfigurator(this);
    this.hardware = ports;
    this.providers = ports.modules.flatMap((module) => module.makeProviders(this, ports.technologyPorts));
    this.#follower = new ProfileFollower(this);
    this.profileEntries = new ProfileEntries(this, this.#follower, shape);
    this.deviceInfo = new DeviceInfo(this.#deviceInfoHost());
  }

  get properties(): PropertyStore<Manager> {
    this.#properties ??= new PropertyStore<Manager>(this, this.shape);
    return this.#properties;
  }
  get devices(): readonly Device[] {
    return this.#devices;
  }
  get modules(): readonly TechnologyModule[] {
    return this.ports.modules;
  }
  get links(): LinkSelection {
    return this.ports.links;
  }
  get isRunning(): boolean {
    return this.#isRunning;
  }
  /** The first Service if it is connected. */
  get defaultService(): Service | undefined {
    const first = this.services.all[0];
    return first && isConnected(first.state) ? first : undefined;
  }

  /** Profiles first, then Providers, then the links: settings are there before anything could use them. */
  async start(): Promise<void> {
    this.profiles.observe(this.#follower);
    this.profiles.start();
    this.#isRunning = true;
    for (const provider of this.providers) provider.start();
    this.configuration.start();
    await this.rtnl.start();
    this.throttling.start();
    this.automation.start();
    this.events.whenQuiet("links nobody claims", () => this.connectivity.releaseUnused(this.#devices));
  }
  /** What is only in memory goes to disk. */
  settle(): void {
    this.#successes.flush();
  }
  /** Everything is stored already. Links, addresses and routes stay, so that a restart drops no connection. */
  stop(): void {
    this.#isRunning = false;
    for (const { selectedService } of this.#devices) {
      selectedService?.countTraffic();
      selectedService?.validation.stop();
    }
    this.automation.halt();
    this.#successes.flush();
    this.services.stop();
    this.#announcer.stop();
    this.events.close();
    this.deviceInfo.close();
    for (const device of this.#devices) void device.network?.stop({ release: false, leaveConfigured: true });
    this.profiles.stop();
  }

  get probeHosts(): ProbeHosts {
    return this.ports.probeHosts;
  }
  /** In a later turn: the best Service of each technology is connected, whatever was tried before. */
  connectToBest(): void {
    queueMicrotask(() => {
      if (!this.#isRunning) return;
      const isTechnologyAutoConnectable = (technology: Technology) => this.isTechnologyAutoConnectable(technology);
      const rules = { technologyOrder: this.technologyOrder, isTechnologyAutoConnectable };
      for (const service of bestServices(this.services.all, rules)) {
        attempt(service.logName, () => service.connectAsBest(), this.log);
      }
    });
  }
  /** Writes to the log how each connected link stands. */
  async reportConnectivity(): Promise<void> {
    for (const [rank, link] of this.connectivity.rankedLinks.entries()) {
      const neighbours = await this.rtnl.neighbours(link);
      const device = this.#devices.find((candidate) => candidate.link.index === link);
      if (device) this.log.info(`connectivity: ${connectivityReport(device, neighbours, rank)}`);
    }
  }

  /** Undefined: there is no support for the technology. */
  providerOf(technology: Technology): Provider | undefined {
    return this.providers.find((provider) => provider.technology === technology);
  }

  // Services (ServiceHost, ProviderHost)

  nextServiceSerial(): number {
    return this.#nextSerial++;
  }
  configuredUse(linkName: string): string | undefined {
    return this.configuration.useOf(linkName);
  }
  registerService(service: Service): void {
    this.rematchService(service);
    this.services.add(service);
    this.observers.tell((observer) => observer.serviceAdded(service));
    this.#post({ kind: "service-added", service, because: service.logName });
  }
  deregisterService(service: Service): void {
    this.services.remove(service);
    this.observers.tell((observer) => observer.serviceRemoved(service));
    this.#post({ kind: "service-removed", service, because: service.logName });
  }
  rematchService(service: Service): void {
    if (!this.#follower.rehome(service)) service.entry.load(undefined);
  }
  settleSoon(service: Service): void {
    this.#successes.add(service);
  }
  requestSort(because: string, service?: Service): void {
    this.services.requestSort(because, service);
  }
  stateChanged(service: Service, before: ConnectState, because: string): void {
    this.#post({ kind: "service-state-changed", service, because: `${before} -> ${service.state}: ${because}` });
  }
  isTechnologyAutoConnectable(technology: Technology): boolean {
    return !this.settings.includes("noAutoConnectTechnologies", technology);
  }
  profileRank(profile: Profile): number {
    return this.profiles.rank(profile);
  }
  policyRefusal(service: Service): PolicyRefusal | undefined {
    return this.automation.policies.refusal(service);
  }
  isExpectingDisconnects(): boolean {
    return !this.#isRunning || this.power.isSuspending;
  }
  get layer3(): Layer3Ports {
    return this.ports.layer3;
  }
  validationPlan(service: Service): ValidationPlan {
    return validationPlan(service, this.settings.includes("checkPortalList", service.technology), this.probeHosts);
  }

  // Devices (DeviceHost)

  isProhibited(technology: PrimaryTechnology): boolean {
    return this.settings.includes("prohibitedTechnologies", technology);
  }
  saveDevice(device: Device): void {
    this.profiles.profileForDevices()?.store.write(device.storageId, device.properties.rows());
  }
  enabledChanged(device: Device): void {
    if (device.isEnabled && !device.isLeftAlone) this.#prepare(device);
    else if (!device.isEnabled) this.ports.leaveLink(device.link.index);
    this.#post({ kind: "device-enabled-changed", device, because: device.isEnabled ? "enabled" : "disabled" });
    this.#announcer.devicesChanged();
    this.#tellProviders(device);
    this.#wakeOnLan.check(device);
    this.#requestSortOf(device, "a Device was enabled or disabled");
    // The prohibition may have come while it was being enabled.
    if (device.isEnabled) this.#disableIfProhibited(device);
  }
  /** What was under way may settle after the link is gone: then nothing is to come back. */
  #tellProviders(device: Device): void {
    const isUsable = device.isEnabled && this.#devices.includes(device);
    for (const provider of this.providers) {
      if (isUsable) provider.deviceEnabled(device);
      else provider.deviceDisabled(device);
    }
  }
  linkChanged(device: Device): void {
    this.#wakeOnLan.check(device);
    this.#requestSortOf(device, "carrier changed");
    for (const service of this.#servicesOn(device)) service.technologyChanged();
    this.#post({ kind: "carrier-changed", device, because: device.hasCarrier ? "carrier" : "no carrier" });
  }
  makeNetwork(device: Device): Network {
    return this.ports.makeNetwork(device);
  }
  forgetLink(linkIndex: number): void {
    this.ports.forgetLink(linkIndex);
  }
  readinessChanged(device: Device, because: string): void {
    this.#requestSortOf(device, because);
  }
  leftAloneBecause(link: Link): string | undefined {
    return this.ports.leftAloneBecause(link);
  }
  addressesChanged(device: Device): void {
    this.#requestSortOf(device, "somebody changed the addresses of a link");
  }
  addressing(device: Device, because: string): void {
    this.#post({ kind: "addressing", device, because });
  }
  addressConflict(device: Device, because: string): void {
    this.#post({ kind: "address-conflict", device, because });
  }
  wayOutChanged(device: Device): void {
    this.#requestSortOf(device, "somebody changed the default route of a link");
  }
  ipConfigsChanged(device: Device): void {
    this.automation.askForCheck();
    this.observers.tell((observer) => observer.ipConfigsChanged(device));
    this.#requestSortOf(device, "addressing changed");
  }

  /** Clients lost track (the bus was restarted): the Manager's properties and the states of all Services are told again. */
  retellAll(): void {
    for (const name of this.properties.shape.names) this.properties.retell(name);
    for (const service of this.services.all) service.properties.retell("State");
  }

  /** Every property change of a client ends here: stored first, then in force. */
  setProperty(name: string, value: unknown): void {
    if (this.properties.set(name, value, () => this.saveSettings())) this.#afterSetting(name);
  }
  /** A client takes a link for itself. Throws InvalidArguments. */
  claimLink(name: string): void {
    this.deviceInfo.claim(name);
    this.properties.touch("ClaimedDevices");
  }
  releaseLink(name: string): void {
    this.deviceInfo.release(name);
    this.properties.touch("ClaimedDevices");
  }

  /** Settings read from a Profile take effect like those that a client sets, without being stored again. */
  settingsRestored(): void {
    if (!this.#isRunning) return;
    for (const device of this.#devices) {
      this.#disableIfProhibited(device);
      this.#wakeOnLan.check(device);
    }
    for (const service of this.services.all) service.validation.review();
  }
  profilesChanged(): void {
    this.observers.tell((observer) => observer.profilesChanged());
  }
  entriesChanged(): void {
    this.automation.reload();
  }
  /** Policy tells of itself; in the history as all else. */
  automationHappened(event: AutomationEvent): void {
    this.#post(event);
  }
  reviewEntry(entry: string, changed: Profile): void {
    this.#follower.review(entry, changed);
    this.requestSort("an entry was written");
  }
  forgetService(service: Service): void {
    this.profileEntries.forget(service);
  }
  /** Throws InvalidArguments; an empty list makes all technologies equal. */
  setServiceOrder(list: string): void {
    const order = parseTechnologyList(list);
    if (!order) throw new DaemonError("InvalidArguments", `"${list.slice(0, 100)}" is not a list of technologies`);
    this.technologyOrder = order;
    this.requestSort("the order of technologies was set");
  }

  /** The settings in force, into the Profile that keeps them. */
  saveSettings(): void {
    this.profiles.profileForDevices()?.store.write(managerEntry, this.properties.rows());
  }
  #afterSetting(name: string): void {
    if (name === "ProhibitedTechnologies") for (const device of this.#devices) this.#disableIfProhibited(device);
    if (name === "WakeOnLanEnabled") for (const device of this.#devices) this.#wakeOnLan.check(device);
    if (name === "CheckPortalList") for (const service of this.services.all) service.validation.review();
    this.requestSort(`${name} was set`);
  }
  /** Without touching what is stored of them: they come back with the prohibition's end and a restart. */
  #disableIfProhibited(device: Device): void {
    if (this.isProhibited(device.technology)) device.setEnabled(false, { isPersistent: false }).catch(() => {});
  }

  #deviceInfoHost() {
    const { clock, log, rtnl, links } = this.ports;
    return {
      clock,
      log,
      rtnl,
      links,
      readFacts: (name: string) => this.ports.readFacts(name),
      whenSetUp: (link: number, done: () => void) => this.ports.whenSetUp?.(link, done),
      makeDevice: (link: Link, technology: PrimaryTechnology, because: string) =>
        this.#makeDevice(link, technology, because),
      deviceAdded: (device: Device) => this.#addDevice(device),
      deviceRemoved: (device: Device) => this.#removeDevice(device),
      uninitializedChanged: () => this.properties.touch("UninitializedTechnologies"),
    };
  }
  #makeDevice(link: Link, technology: PrimaryTechnology, because: string): Device | undefined {
    const kind = this.ports.modules.find(({ devices }) => devices?.technology === technology)?.devices;
    // Without a hardware address there is nothing to remember settings by.
    if (link.mac === undefined && !kind?.mayLackMac) return undefined;
    return kind?.make(this, link, because, this.ports.technologyPorts);
  }
  #addDevice(device: Device): void {
    this.#devices.push(device);
    this.#follower.deviceAdded(device);
    this.observers.tell((observer) => observer.deviceAdded(device));
    this.#post({ kind: "device-added", device, because: device.technologyReason });
    this.#linksChanged();
    if (!device.isEnabledPersistently || this.isProhibited(device.technology)) return;
    for (const provider of this.providers) provider.deviceEnabled(device);
    // Said by the Device; the link may be gone again before it could be set up.
    device.setEnabled(true, { isPersistent: false }).catch(() => {});
  }
  #removeDevice(device: Device): void {
    this.#devices.splice(this.#devices.indexOf(device), 1);
    this.#wakeOnLan.forget(device);
    for (const provider of this.providers) provider.deviceDisabled(device);
    this.observers.tell((observer) => observer.deviceRemoved(device));
    this.#post({ kind: "device-removed", device, because: "the link is gone" });
    this.#linksChanged();
  }

  /** A few sockets are kept open for cables to come; a machine with a thousand links opens each when its cable is in. */
  #prepare(device: Device): void {
    if (this.#devices.length > mostPreparedLinks) return;
    try {
      this.ports.prepareLink(device);
    } catch (error) {
      this.log.debug(() => `${device.name}: not prepared: ${describeError(error)}`);
    }
  }
  /** Without a Service on it (a disabled Device has none) the order is not concerned. */
  #requestSortOf(device: Device, because: string): void {
    for (const service of this.#servicesOn(device)) this.requestSort(because, service);
  }
  #servicesOn(device: Device): readonly Service[] {
    return this.providers.flatMap((provider) => provider.servicesOn(device));
  }
  #linksChanged(): void {
    this.#announcer.devicesChanged();
    if (++this.#linksSinceRelease < linksWorthCollecting) return;
    this.events.whenQuiet("memory of a burst", () => {
      this.#linksSinceRelease = 0;
      this.ports.releaseMemory();
    });
  }
  #afterSort({ services, changed }: Sorted): void {
    this.connectivity.follow(services, changed);
    this.throttling.follow(this.connectivity.rankedLinks);
    for (const provider of this.providers) provider.sorted(services);
    // Before anything is told: what is connected now waits for the network, not for our words.
    if (this.#isRunning && !this.power.isSuspending) this.#autoConnector.run(changed);
    this.#announcer.servicesSorted();
  }
  #post(event: ManagerEvent): void {
    const object = objectOf(event);
    const entry = { at: this.clock.wallTime(), kind: event.kind, object, because: event.because };
    this.history.note(entry);
    this.observers.tell((observer) => observer.happened(entry));
    this.events.post(event);
  }

  technologiesWhere(counts: (device: Device) => boolean): readonly Technology[] {
    return technologiesOf(this.#devices, counts);
  }
}
