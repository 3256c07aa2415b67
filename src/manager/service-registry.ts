import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { countsAs, isPrimary, type Technology } from "../base/technology.ts";
import type { Device, LinkHardware } from "../devices/device.ts";
import type { DeviceClaims } from "../devices/device-claims.ts";
import type { IpConfigHolder } from "../network/ip-config.ts";
import type { Network } from "../network/network.ts";
import type { NetworkObserver } from "../network/network-ports.ts";
import type { Profile } from "../profiles/profile.ts";
import type { ProfileStack } from "../profiles/profile-stack.ts";
import type { Provider, ProviderHost } from "../providers/provider.ts";
import type { Rtnl } from "../rtnl/rtnl.ts";
import type { PolicyRefusal } from "../services/auto-connect.ts";
import { type ConnectState, isActive, isConnected } from "../services/connect-states.ts";
import { DeferredSaves } from "../services/deferred-saves.ts";
import type { Layer3Ports } from "../services/layer3-plan.ts";
import type { Service } from "../services/service.ts";
import type { ProbePorts } from "../services/validation/validation.ts";
import { type ProbeHosts, type ValidationPlan, validationPlan } from "../services/validation/validation-plan.ts";
import type { EventFeed } from "./event-feed.ts";
import type { ManagerPorts } from "./manager-ports.ts";
import type { ManagerSettings } from "./manager-settings.ts";
import { ServiceList, type Sorted } from "./service-list.ts";

/** The other parts of the Manager, as far as Services and Providers reach them. */
export interface ServiceRegistryHost {
  readonly settings: ManagerSettings;
  readonly feed: EventFeed;
  readonly claims: DeviceClaims;
  afterSort(sorted: Sorted): void;
  /** Loads the Service's settings from the Profile that has them; false: none has. */
  rehome(service: Service): boolean;
  forgetService(service: Service): void;
  configuredUse(linkName: string): string | undefined;
  policyRefusal(service: Service): PolicyRefusal | undefined;
  isExpectingDisconnects(): boolean;
  addressingChanged(): void;
}

/** Holds the Services and the Providers that make them, and is the host of both. */
export class ServiceRegistry implements ProviderHost {
  readonly clock: Clock;
  readonly log: Log;
  readonly rtnl: Rtnl;
  readonly claims: DeviceClaims;
  readonly profiles: ProfileStack;
  readonly settings: ManagerSettings;
  readonly layer3: Layer3Ports;
  readonly probePorts: ProbePorts;
  readonly hardware: Pick<LinkHardware, "readTraffic">;
  readonly list: ServiceList;
  readonly providers: readonly Provider[];
  /** Writes that wait until a connection is made. */
  readonly deferredSaves: DeferredSaves;
  #nextSerial = 0;

  constructor(
    private readonly ports: ManagerPorts,
    private readonly host: ServiceRegistryHost,
  ) {
    const { clock, log, rtnl, profiles, layer3, http, random } = ports;
    this.clock = clock;
    this.log = log;
    this.rtnl = rtnl;
    this.profiles = profiles;
    this.layer3 = layer3;
    this.claims = host.claims;
    this.hardware = ports;
    this.settings = host.settings;
    this.probePorts = { clock, http, random, linkName: (index) => rtnl.snapshot.links.get(index)?.name };
    this.deferredSaves = new DeferredSaves(clock);
    this.list = new ServiceList(ports.technologyOrder, (sorted) => host.afterSort(sorted));
    this.providers = ports.modules.flatMap((module) => module.makeProviders(this, ports.technologyPorts));
  }

  /** Undefined: there is no support for the technology. */
  providerOf(technology: Technology): Provider | undefined {
    return this.providers.find((provider) => provider.technology === technology);
  }
  servicesOn(device: Device): readonly Service[] {
    return this.providers.flatMap((provider) => provider.servicesOn(device));
  }
  /** Without a Service on it (a disabled Device has none) the order is not concerned. */
  requestSortOf(device: Device, because: string): void {
    for (const service of this.servicesOn(device)) this.requestSort(because, service);
  }
  nextServiceSerial(): number {
    return this.#nextSerial++;
  }
  configuredUse(linkName: string): string | undefined {
    return this.host.configuredUse(linkName);
  }
  registerService(service: Service): void {
    this.rematchService(service);
    this.list.add(service);
    this.host.feed.observers.tell((observer) => observer.serviceAdded(service));
    this.host.feed.post({ kind: "service-added", service, because: service.logName });
  }
  deregisterService(service: Service): void {
    this.list.remove(service);
    this.host.feed.observers.tell((observer) => observer.serviceRemoved(service));
    this.host.feed.post({ kind: "service-removed", service, because: service.logName });
  }
  rematchService(service: Service): void {
    if (!this.host.rehome(service)) service.entry.load(undefined);
  }
  saveSoon(service: Service): void {
    this.deferredSaves.add(service);
  }
  requestSort(because: string, service?: Service): void {
    this.list.requestSort(because, service);
  }
  stateChanged(service: Service, before: ConnectState, because: string): void {
    const what = `${before} -> ${service.state}: ${because}`;
    this.host.feed.post({ kind: "service-state-changed", service, because: what });
  }
  isTechnologyAutoConnectable(technology: Technology): boolean {
    return !this.settings.includes("noAutoConnectTechnologies", technology);
  }
  profileRank(profile: Profile): number {
    return this.profiles.rank(profile);
  }
  policyRefusal(service: Service): PolicyRefusal | undefined {
    return this.host.policyRefusal(service);
  }
  isExpectingDisconnects(): boolean {
    return this.host.isExpectingDisconnects();
  }
  forgetService(service: Service): void {
    this.host.forgetService(service);
  }
  get probeHosts(): ProbeHosts {
    return this.ports.probeHosts;
  }
  validationPlan(service: Service): ValidationPlan {
    const isWanted = this.settings.includes("checkPortalList", countsAs(service.technology));
    return validationPlan(service, isWanted, this.ports.probeHosts);
  }
  get underlay(): Service | undefined {
    return this.list.all.find(({ technology, state }) => isPrimary(countsAs(technology)) && isConnected(state));
  }
  isProhibited(technology: Technology): boolean {
    return this.settings.includes("prohibitedTechnologies", technology);
  }
  makeNetwork(observer: NetworkObserver): Network {
    return this.ports.makeNetwork(observer);
  }
  addressingChanged(holder: IpConfigHolder, service: Service): void {
    this.host.addressingChanged();
    this.host.feed.observers.tell((observer) => observer.ipConfigsChanged(holder));
    this.requestSort("addressing changed", service);
  }
  /**
   * Services without a Device that could be disabled: tunnels. They connect again when a client asks, or may do so by
   * themselves.
   */
  disconnectProhibited(): void {
    for (const service of this.list.all) {
      const { technology, state } = service;
      if (!isPrimary(technology) && this.isProhibited(technology) && isActive(state))
        service.disconnect("technology prohibited");
    }
  }
  /** Disconnects each of them as a person would. Nothing to do for technologies that have Devices. */
  disconnectTechnology(technology: string): void {
    for (const service of this.list.all) {
      if (isPrimary(service.technology) || service.technology !== technology) continue;
      service.connection.isExplicitlyDisconnected = true;
      if (isActive(service.state)) service.disconnect("technology disabled");
    }
  }
  /** The settings of validation changed. */
  reviewValidation(): void {
    for (const service of this.list.all) service.validation.review();
  }
}
