import type { PropertyShape } from "../base/property.ts";
import { DeviceInfo } from "../device-info/device-info.ts";
import type { Device } from "../devices/device.ts";
import { DeviceClaims } from "../devices/device-claims.ts";
import type { Automation } from "../policy/automation.ts";
import { AutoConnector } from "./auto-connector.ts";
import { automationOf } from "./automation-of-manager.ts";
import { Connectivity } from "./connectivity.ts";
import { DeviceRegistry, type DeviceRegistryHost } from "./device-registry.ts";
import { DnsProxy } from "./dns-proxy.ts";
import { EventFeed } from "./event-feed.ts";
import { ManagerAnnouncer } from "./manager-announcer.ts";
import type { ManagerPorts } from "./manager-ports.ts";
import { ManagerSettings, SettingsControl } from "./manager-settings.ts";
import { NetworkConfigurator } from "./network-configurator.ts";
import { Power } from "./power.ts";
import { ProfileEntries } from "./profile-entries.ts";
import { ProfileFollower } from "./profile-follower.ts";
import { ServiceConfigurator } from "./service-configurator.ts";
import type { ServiceList, Sorted } from "./service-list.ts";
import { ServiceRegistry, type ServiceRegistryHost } from "./service-registry.ts";
import { Throttling } from "./throttling.ts";

/** Makes the parts that decide, starts and stops them, and carries the order of Services to them after each sort. */
export class Manager {
  readonly feed: EventFeed;
  readonly settings: SettingsControl<Manager>;
  /** The Services and Providers. */
  readonly serviceRegistry: ServiceRegistry;
  /** The Devices. */
  readonly deviceRegistry: DeviceRegistry;
  /** The links. */
  readonly deviceInfo: DeviceInfo;
  /** Routes and resolvers. */
  readonly connectivity: Connectivity;
  readonly power: Power;
  readonly dnsProxy = new DnsProxy();
  readonly throttling: Throttling;
  /** The network configuration in UCI. */
  readonly configuration: NetworkConfigurator;
  /** Locations, Modifiers and policies. */
  readonly automation: Automation;
  /** Finds, makes and configures Services for clients. */
  readonly configurator: ServiceConfigurator;
  /** Carries pushes, pops and imports of Profiles to Services and Devices. */
  readonly profileFollower: ProfileFollower;
  /** Entries of Profiles, for clients. */
  readonly profileEntries: ProfileEntries;
  readonly autoConnector: AutoConnector;
  readonly announcer: ManagerAnnouncer;
  #isRunning = false;

  constructor(
    private readonly ports: ManagerPorts,
    shape: PropertyShape<Manager>,
  ) {
    const { clock, quiet, log, profiles, modules } = ports;
    const claims = new DeviceClaims(log);
    const settings = new ManagerSettings();
    this.feed = new EventFeed(clock, log);
    this.connectivity = new Connectivity(ports);
    this.throttling = new Throttling(ports);
    this.serviceRegistry = new ServiceRegistry(ports, this.#serviceHost(settings, claims));
    this.deviceRegistry = new DeviceRegistry(ports, claims, this.#deviceHost(settings));
    this.deviceInfo = new DeviceInfo(this.deviceRegistry);
    const { serviceRegistry, deviceRegistry } = this;
    const isRunning = () => this.#isRunning;
    const parts = { clock, log, profiles, modules, serviceRegistry, deviceRegistry, isRunning };
    this.settings = new SettingsControl<Manager>(settings, this, shape, parts);
    const keeping = { ...parts, settings: this.settings, observers: this.feed.observers };
    this.profileFollower = new ProfileFollower({ ...keeping, entriesChanged: () => this.automation.reload() });
    this.profileEntries = new ProfileEntries(keeping, this.profileFollower);
    this.configurator = new ServiceConfigurator({ ...parts, follower: this.profileFollower });
    this.configuration = new NetworkConfigurator({
      ...{ ...parts, source: ports.configuration, handlers: ports.technologyPorts.handlers },
    });
    this.power = new Power(parts);
    this.autoConnector = new AutoConnector(parts);
    this.announcer = new ManagerAnnouncer({ ...keeping, quiet, feed: this.feed });
    this.automation = automationOf(this, ports);
  }

  get devices(): readonly Device[] {
    return this.deviceRegistry.all;
  }
  get services(): ServiceList {
    return this.serviceRegistry.list;
  }
  get profiles() {
    return this.ports.profiles;
  }
  get debug() {
    return this.ports.debug;
  }

  /** Profiles first, then Providers, then the links: settings are there before anything could use them. */
  async start(): Promise<void> {
    this.profiles.observe(this.profileFollower);
    this.profiles.start();
    this.#isRunning = true;
    for (const provider of this.serviceRegistry.providers) provider.start();
    this.configuration.start();
    await this.ports.rtnl.start();
    this.throttling.start();
    this.automation.start();
    this.feed.queue.whenQuiet("links without a claim", () => this.connectivity.releaseUnused(this.devices));
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
    for (const provider of this.serviceRegistry.providers) provider.stop?.();
    this.services.stop();
    this.announcer.stop();
    this.feed.queue.close();
    this.deviceInfo.close();
    for (const device of this.devices) void device.network?.stop({ release: false, leaveConfigured: true });
    this.profiles.stop();
  }

  #afterSort({ services, changed }: Sorted): void {
    this.connectivity.follow(services, changed);
    this.throttling.follow(this.connectivity.rankedLinks);
    for (const provider of this.serviceRegistry.providers) provider.sorted(services);
    // Before the signals: a connection waits for the network, not for our words.
    if (this.#isRunning && !this.power.isSuspending) this.autoConnector.run(changed);
    this.announcer.servicesSorted();
  }
  #serviceHost(settings: ManagerSettings, claims: DeviceClaims): ServiceRegistryHost {
    return {
      ...this.#sharedHost(settings),
      claims,
      afterSort: (sorted) => this.#afterSort(sorted),
      rehome: (service) => this.profileFollower.rehome(service),
      forgetService: (service) => this.profileEntries.forget(service),
      policyRefusal: (service) => this.automation.policies.refusal(service),
      isExpectingDisconnects: () => !this.#isRunning || this.power.isSuspending,
    };
  }
  #deviceHost(settings: ManagerSettings): DeviceRegistryHost {
    return {
      ...this.#sharedHost(settings),
      services: this.serviceRegistry,
      readSettings: (device) => this.profileFollower.deviceAdded(device),
      listChanged: () => this.announcer.devicesChanged(),
      propertyChanged: (name) => this.settings.properties.touch(name),
    };
  }
  #sharedHost(settings: ManagerSettings) {
    return {
      settings,
      feed: this.feed,
      configuredUse: (link: string) => this.configuration.useOf(link),
      addressingChanged: () => this.automation.askForCheck(),
    };
  }
}
