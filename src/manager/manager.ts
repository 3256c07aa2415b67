import type { Clock } from "../base/clock.ts";
import { DaemonError } from "../base/errors.ts";
import type { EventHistory } from "../base/event-history.ts";
import type { EventQueue } from "../base/events.ts";
import type { Log } from "../base/log.ts";
import { type PropertyShape, PropertyStore } from "../base/property.ts";
import { type PrimaryTechnology, parseTechnologyList, type Technology } from "../base/technology.ts";
import { DeviceInfo } from "../device-info/device-info.ts";
import type { LinkSelection } from "../device-info/link-names.ts";
import type { Device } from "../devices/device.ts";
import { DeviceClaims } from "../devices/device-claims.ts";
import { Automation } from "../policy/automation.ts";
import type { Profile } from "../profiles/profile.ts";
import type { ProfileStack } from "../profiles/profile-stack.ts";
import type { AutomationEvent, ManagerEvent } from "../providers/manager-event.ts";
import type { Provider } from "../providers/provider.ts";
import type { TechnologyModule } from "../providers/technology-module.ts";
import type { Link, Rtnl } from "../rtnl/rtnl.ts";
import { isConnected } from "../services/connect-states.ts";
import type { Service } from "../services/service.ts";
import type { ProbeHosts } from "../services/validation/probe-hosts.ts";
import { AutoConnector, attempt } from "./auto-connector.ts";
import { automationHost } from "./automation-of-manager.ts";
import { bestServices } from "./connect-to-best.ts";
import { Connectivity } from "./connectivity.ts";
import { connectivityReport } from "./connectivity-report.ts";
import type { DebugControl } from "./debug-control.ts";
import { DeviceRegistry, type DeviceRegistryHost } from "./device-registry.ts";
import { DnsProxy } from "./dns-proxy.ts";
import { EventFeed } from "./event-feed.ts";
import { ManagerAnnouncer } from "./manager-announcer.ts";
import { ManagerObservers } from "./manager-observers.ts";
import type { ManagerPorts } from "./manager-ports.ts";
import { ManagerSettings, managerEntry } from "./manager-settings.ts";
import { NetworkConfigurator } from "./network-configurator.ts";
import { Power } from "./power.ts";
import { ProfileEntries } from "./profile-entries.ts";
import { ProfileFollower } from "./profile-follower.ts";
import { ServiceConfigurator } from "./service-configurator.ts";
import type { ServiceList, Sorted } from "./service-list.ts";
import { ServiceRegistry, type ServiceRegistryHost } from "./service-registry.ts";
import { technologiesOf } from "./technology-control.ts";
import { Throttling } from "./throttling.ts";

/** What may change a Location, a Modifier or the priority group; asked for once per burst. */
const checkedAfter = [
  "service-state-changed",
  "service-removed",
  "device-removed",
  "modifier-state-changed",
  "location-state-changed",
] as const;

/** Owns Devices, Services and Providers, keeps the Services in order, and connects the best. */
export class Manager {
  readonly clock: Clock;
  readonly log: Log;
  readonly rtnl: Rtnl;
  readonly claims: DeviceClaims;
  readonly profiles: ProfileStack;
  readonly settings = new ManagerSettings();
  /** Host of all Services and Providers. */
  readonly serviceRegistry: ServiceRegistry;
  /** Host of all Devices. */
  readonly deviceRegistry: DeviceRegistry;
  readonly feed: EventFeed;
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
  /** Finds, makes and configures Services for clients. */
  readonly configurator: ServiceConfigurator;
  readonly #autoConnector: AutoConnector;
  readonly #announcer: ManagerAnnouncer;
  readonly #follower: ProfileFollower;
  /** Entries of Profiles, for clients. */
  readonly profileEntries: ProfileEntries;
  #properties: PropertyStore<Manager> | undefined;
  #isRunning = false;

  constructor(
    private readonly ports: ManagerPorts,
    private readonly shape: PropertyShape<Manager>,
  ) {
    this.clock = ports.clock;
    this.log = ports.log;
    this.rtnl = ports.rtnl;
    this.observers = new ManagerObservers(ports.log);
    this.profiles = ports.profiles;
    this.debug = ports.debug;
    this.technologyOrder = ports.technologyOrder;
    this.claims = new DeviceClaims(ports.log);
    this.feed = new EventFeed(ports.clock, ports.log, this.observers);
    this.connectivity = new Connectivity(ports);
    this.throttling = new Throttling(ports);
    this.configuration = new NetworkConfigurator({
      log: ports.log,
      source: ports.configuration,
      providers: () => this.providers,
      devicesOn: (links) => this.devices.filter(({ name }) => links.has(name)),
      tellProviders: (device) => this.deviceRegistry.tellProviders(device),
    });
    this.automation = new Automation(automationHost(this, ports));
    for (const kind of checkedAfter) this.events.on(kind, () => this.automation.askForCheck());
    this.#autoConnector = new AutoConnector(ports.log);
    this.#announcer = new ManagerAnnouncer(this, (service, because) => {
      this.feed.post({ kind: "default-service-changed", service, because });
      service?.validation.becameDefault();
    });
    this.configurator = new ServiceConfigurator(this);
    this.serviceRegistry = new ServiceRegistry(ports, this.#serviceRegistryHost());
    this.deviceRegistry = new DeviceRegistry(ports, this.claims, this.#deviceRegistryHost());
    this.#follower = new ProfileFollower(this);
    this.profileEntries = new ProfileEntries(this, this.#follower, shape);
    this.deviceInfo = new DeviceInfo(this.#deviceInfoHost());
  }

  get properties(): PropertyStore<Manager> {
    this.#properties ??= new PropertyStore<Manager>(this, this.shape);
    return this.#properties;
  }
  get devices(): readonly Device[] {
    return this.deviceRegistry.all;
  }
  get services(): ServiceList {
    return this.serviceRegistry.list;
  }
  get providers(): readonly Provider[] {
    return this.serviceRegistry.providers;
  }
  get history(): EventHistory {
    return this.feed.history;
  }
  get probeHosts(): ProbeHosts {
    return this.ports.probeHosts;
  }
  get events(): EventQueue<ManagerEvent> {
    return this.feed.queue;
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
    this.events.whenQuiet("links nobody claims", () => this.connectivity.releaseUnused(this.devices));
  }
  /** What is only in memory goes to disk. */
  settle(): void {
    this.serviceRegistry.deferredSaves.flush();
  }
  /** Everything is stored already. Links, addresses and routes stay, so that a restart drops no connection. */
  stop(): void {
    this.#isRunning = false;
    for (const { selectedService } of this.devices) {
      selectedService?.countTraffic();
      selectedService?.validation.stop();
    }
    this.automation.halt();
    this.serviceRegistry.deferredSaves.flush();
    for (const provider of this.providers) provider.stop?.();
    this.services.stop();
    this.#announcer.stop();
    this.events.close();
    this.deviceInfo.close();
    for (const device of this.devices) void device.network?.stop({ release: false, leaveConfigured: true });
    this.profiles.stop();
  }

  /** In a later turn: the best Service of each technology is connected, whatever was tried before. */
  connectToBest(): void {
    queueMicrotask(() => {
      if (!this.#isRunning) return;
      const isTechnologyAutoConnectable = (technology: Technology) =>
        this.serviceRegistry.isTechnologyAutoConnectable(technology);
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
      const device = this.devices.find((candidate) => candidate.link.index === link);
      if (device) this.log.info(`connectivity: ${connectivityReport(device, neighbours, rank)}`);
    }
  }

  requestSort(because: string, service?: Service): void {
    this.services.requestSort(because, service);
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
    this.deviceRegistry.disableProhibited();
    this.deviceRegistry.checkWakeOnLan();
    this.serviceRegistry.reviewValidation();
  }
  profilesChanged(): void {
    this.observers.tell((observer) => observer.profilesChanged());
  }
  entriesChanged(): void {
    this.automation.reload();
  }
  /** Policy tells of itself; in the history as all else. */
  automationHappened(event: AutomationEvent): void {
    this.feed.post(event);
  }
  reviewEntry(entry: string, changed: Profile): void {
    this.#follower.review(entry, changed);
    this.requestSort("an entry was written");
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
    if (name === "ProhibitedTechnologies") this.deviceRegistry.disableProhibited();
    if (name === "WakeOnLanEnabled") this.deviceRegistry.checkWakeOnLan();
    if (name === "CheckPortalList") this.serviceRegistry.reviewValidation();
    this.requestSort(`${name} was set`);
  }
  #serviceRegistryHost(): ServiceRegistryHost {
    return {
      settings: this.settings,
      observers: this.observers,
      feed: this.feed,
      claims: this.claims,
      technologyOrder: () => this.technologyOrder,
      afterSort: (sorted) => this.#afterSort(sorted),
      rehome: (service) => this.#follower.rehome(service),
      forgetService: (service) => this.profileEntries.forget(service),
      configuredUse: (link) => this.configuration.useOf(link),
      policyRefusal: (service) => this.automation.policies.refusal(service),
      isExpectingDisconnects: () => !this.#isRunning || this.power.isSuspending,
      addressingChanged: () => this.automation.askForCheck(),
    };
  }
  #deviceRegistryHost(): DeviceRegistryHost {
    return {
      settings: this.settings,
      observers: this.observers,
      feed: this.feed,
      services: this.serviceRegistry,
      deviceAdded: (device) => this.#follower.deviceAdded(device),
      listChanged: () => this.#announcer.devicesChanged(),
      addressingChanged: () => this.automation.askForCheck(),
      configuredUse: (link) => this.configuration.useOf(link),
    };
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
        this.deviceRegistry.make(link, technology, because),
      deviceAdded: (device: Device) => this.deviceRegistry.add(device),
      deviceRemoved: (device: Device) => this.deviceRegistry.remove(device),
      uninitializedChanged: () => this.properties.touch("UninitializedTechnologies"),
    };
  }
  #afterSort({ services, changed }: Sorted): void {
    this.connectivity.follow(services, changed);
    this.throttling.follow(this.connectivity.rankedLinks);
    for (const provider of this.providers) provider.sorted(services);
    // Before anything is told: what is connected now waits for the network, not for our words.
    if (this.#isRunning && !this.power.isSuspending) this.#autoConnector.run(changed);
    this.#announcer.servicesSorted();
  }
  technologiesWhere(counts: (device: Device) => boolean): readonly Technology[] {
    return technologiesOf(this.devices, counts);
  }
}
