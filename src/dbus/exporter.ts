import type { HistoryEntry } from "../base/events.ts";
import type { Dispatcher, ExportedObject } from "../bus/bus.ts";
import type { Device } from "../devices/device.ts";
import type { ManagerObserver } from "../manager/event-feed.ts";
import type { IpConfig, IpConfigHolder } from "../network/ip-config.ts";
import type { Activatable } from "../policy/activatable.ts";
import { policyNames } from "../policy/link-policies.ts";
import { Location } from "../policy/location.ts";
import { Modifier } from "../policy/modifier.ts";
import type { Profile } from "../profiles/profile.ts";
import type { Service } from "../services/service.ts";
import type { AccessPolicy } from "./access.ts";
import { Adaptor, type AnyAdaptor, type Settable } from "./adaptor.ts";
import { automationInterface, conditionsInterface } from "./automation-interface.ts";
import { configInterface } from "./config-interface.ts";
import { ConfiguredInterfaceView, configuredInterface } from "./configured-interface.ts";
import { deviceInterfaces, deviceReasonsInterface, ownDeviceShape } from "./device-interface.ts";
import type { InterfaceTable } from "./interface-table.ts";
import { IpConfigView, ipConfigInterface } from "./ip-config-interface.ts";
import { locationInterface } from "./location-interface.ts";
import { logInterface } from "./log-interface.ts";
import { managerInterface } from "./manager-interface.ts";
import {
  type DaemonView,
  eventsInterface,
  fairleadManagerInterface,
  OwnManagerProperties,
} from "./manager-reasons-interface.ts";
import { modifierInterface } from "./modifier-interface.ts";
import { OwnProperties } from "./own-properties.ts";
import { PolicyView, policyInterface } from "./policy-interface.ts";
import { profileExchangeInterface } from "./profile-exchange-interface.ts";
import { ProfileView, profileInterface } from "./profile-interface.ts";
import { ownServiceShape, serviceInterfaces, serviceReasonsInterface } from "./service-interface.ts";

interface OnBus {
  readonly object: ExportedObject;
  readonly adaptors: readonly AnyAdaptor[];
}

/** In the history, and not as a signal of their own: ObjectManager and the property Powered have told them already. */
const toldOtherwise: ReadonlySet<string> = new Set([
  "device-added",
  "device-removed",
  "device-enabled-changed",
  "service-added",
  "service-removed",
]);

/** After these the properties of policies are others. */
const concernsPolicies: ReadonlySet<string> = new Set(["policy-changed", "priority-group-changed"]);

/**
 * Puts the daemon's objects on the bus and takes them off again. Lower floors do not know which objects are exported.
 */
export class Exporter implements ManagerObserver {
  readonly #onBus = new Map<object, OnBus>();
  readonly #ipConfigs = new Map<IpConfigHolder, Map<number, IpConfigView>>();
  readonly #profiles = new Map<Profile, ProfileView>();
  readonly #activatables = new Set<Activatable>();
  #policies: readonly PolicyView[] = [];
  #events: Adaptor<DaemonView> | undefined;

  constructor(
    private readonly dispatcher: Dispatcher,
    private readonly view: DaemonView,
    private readonly access: AccessPolicy,
  ) {}

  /** Exports the Manager at `/`; the others follow as they come. */
  start(): void {
    const { manager } = this.view;
    this.#events = this.#adaptor(this.view, eventsInterface);
    this.#export(manager, "/", [
      this.#adaptor(manager, managerInterface, manager.settings),
      this.#adaptor(this.view, fairleadManagerInterface, new OwnManagerProperties(this.view)),
      this.#adaptor(this.view.log, logInterface),
      this.#adaptor(manager.configuration, configInterface),
      this.#events,
      this.#adaptor(manager.automation, automationInterface, manager.automation),
      this.#adaptor(manager.automation, conditionsInterface),
    ]);
    manager.feed.observers.add(this);
    this.automationChanged();
    this.#policies = policyNames.map((name) => new PolicyView(name, manager.automation));
    for (const view of this.#policies) this.#export(view, view.path, [this.#adaptor(view, policyInterface, view)]);
  }

  serviceAdded(service: Service): void {
    this.#export(service, service.path, [
      this.#adaptor(service, serviceInterfaces.of(service.shape), service),
      this.#adaptor(service, serviceReasonsInterface, new OwnProperties(service, ownServiceShape)),
      ...this.#interfaceOf(service),
    ]);
  }
  #interfaceOf({ configured }: Service): readonly AnyAdaptor[] {
    return configured ? [this.#adaptor(configured, configuredInterface, new ConfiguredInterfaceView(configured))] : [];
  }
  serviceRemoved(service: Service): void {
    this.#remove(service);
  }
  deviceAdded(device: Device): void {
    this.#export(device, device.path, [
      this.#adaptor(device, deviceInterfaces.of(device.shape), device),
      this.#adaptor(device, deviceReasonsInterface, new OwnProperties(device, ownDeviceShape)),
    ]);
  }
  deviceRemoved(device: Device): void {
    for (const view of this.#ipConfigs.get(device)?.values() ?? []) this.#remove(view);
    this.#ipConfigs.delete(device);
    this.#remove(device);
  }
  ipConfigsChanged(holder: IpConfigHolder): void {
    const before = this.#ipConfigs.get(holder) ?? new Map<number, IpConfigView>();
    const now = new Map(holder.ipConfigs.map((config) => [config.id, config]));
    for (const [id, view] of before) {
      if (now.has(id)) continue;
      before.delete(id);
      this.#remove(view);
    }
    for (const [id, config] of now) {
      const view = before.get(id);
      if (view) view.update(config);
      else before.set(id, this.#addIpConfig(holder.ipConfigPath(config), config));
    }
    if (before.size > 0) this.#ipConfigs.set(holder, before);
    else this.#ipConfigs.delete(holder);
  }
  #addIpConfig(path: string, config: IpConfig): IpConfigView {
    const view = new IpConfigView(config);
    this.#export(view, path, [this.#adaptor(view, ipConfigInterface, view)]);
    return view;
  }
  profilesChanged(): void {
    const { manager } = this.view;
    const now = new Set(manager.profiles.profiles);
    for (const profile of this.#profiles.keys()) if (!now.has(profile)) this.#removeProfile(profile);
    for (const profile of now) if (!this.#profiles.has(profile)) this.#addProfile(profile);
  }
  automationChanged(): void {
    const { locations, modifiers } = this.view.manager.automation;
    const now = new Set<Activatable>([...locations.all, ...modifiers.all]);
    for (const gone of this.#activatables) {
      if (now.has(gone)) continue;
      this.#activatables.delete(gone);
      this.#remove(gone);
    }
    for (const object of now) {
      if (this.#activatables.has(object)) continue;
      this.#activatables.add(object);
      this.#export(object, object.path, [this.#adaptorOf(object)]);
    }
  }
  #adaptorOf(object: Activatable): AnyAdaptor {
    if (object instanceof Location) return this.#adaptor(object, locationInterface, object);
    if (object instanceof Modifier) return this.#adaptor(object, modifierInterface, object);
    throw new Error(`${object.path} has no interface`);
  }
  happened({ kind, object, because }: HistoryEntry): void {
    if (concernsPolicies.has(kind)) for (const view of this.#policies) view.refresh();
    if (toldOtherwise.has(kind)) return;
    this.#events?.emit("Event", [kind, object, new Map([["Because", { signature: "s", value: because }]])]);
  }

  #addProfile(profile: Profile): void {
    const view = new ProfileView(profile, this.view.manager);
    this.#profiles.set(profile, view);
    this.#export(view, profile.path, [
      this.#adaptor(view, profileInterface, view),
      this.#adaptor(view, profileExchangeInterface),
    ]);
  }
  #removeProfile(profile: Profile): void {
    const view = this.#profiles.get(profile);
    this.#profiles.delete(profile);
    if (view) this.#remove(view);
  }

  #adaptor<T>(of: T, table: InterfaceTable<T>, settable?: Settable): Adaptor<T> {
    return new Adaptor(of, table, this.access, settable);
  }
  #export(of: object, path: string, adaptors: readonly AnyAdaptor[]): void {
    const object = this.dispatcher.export(
      path,
      adaptors.map((adaptor) => adaptor.exportedInterface),
    );
    for (const adaptor of adaptors) adaptor.attach(object);
    this.#onBus.set(of, { object, adaptors });
  }
  #remove(of: object): void {
    const entry = this.#onBus.get(of);
    if (!entry) return;
    this.#onBus.delete(of);
    for (const adaptor of entry.adaptors) adaptor.detach();
    entry.object.remove();
  }
}
