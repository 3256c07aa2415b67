import { DaemonError } from "../../base/errors.ts";
import type { SectionChange } from "../../config/uci/differences.ts";
import type { InterfaceConfig, NetworkConfig } from "../../config/uci/network-config.ts";
import type { Device } from "../../devices/device.ts";
import type { HandlerCatalogue } from "../../network/protocols/script/script-protocols.ts";
import type { Provider, ProviderHost } from "../../providers/provider.ts";
import type { Service } from "../../services/service.ts";
import { InterfaceService } from "./interface-service.ts";

/** A Service for each section `interface` of the network configuration, on the link that the section names. */
export class InterfaceProvider implements Provider {
  readonly technology = "ethernet";
  readonly #services = new Map<string, InterfaceService>();
  readonly #devices = new Map<string, Device>();

  constructor(
    private readonly host: ProviderHost,
    private readonly handlers: HandlerCatalogue,
  ) {}

  start(): void {
    this.handlers.onChange(() => {
      for (const service of this.#services.values()) service.handlersChanged();
      for (const device of this.#devices.values()) this.#bind(device);
    });
  }
  deviceEnabled(device: Device): void {
    this.#devices.set(device.name, device);
    this.#bind(device);
  }
  deviceDisabled(device: Device): void {
    if (this.#devices.get(device.name) === device) this.#devices.delete(device.name);
    for (const service of this.#services.values()) if (service.port === device) service.setPort(undefined);
  }
  /**
   * A link has one set of addresses: the section that has it, or else the first that names it. One that could not be
   * set up anyway (a `wan6` with a protocol that is not known) gives way.
   */
  #bind(device: Device): void {
    const wanting = [...this.#services.values()].filter(({ config }) => config.device === device.name);
    const holder =
      wanting.find(({ port, isConnectable }) => port === device && isConnectable) ??
      wanting.find(({ isConnectable }) => isConnectable) ??
      wanting[0];
    for (const service of wanting) {
      if (service !== holder && service.port) service.setPort(undefined);
      service.setRival(service === holder ? undefined : holder?.config.name);
    }
    holder?.setPort(device);
  }
  servicesOn(device: Device): readonly Service[] {
    return [...this.#services.values()].filter(({ port }) => port === device);
  }
  sorted(): void {}
  /** A client's words for a Service never mean one of these; the configuration alone makes them. */
  findSimilar(): undefined {
    return undefined;
  }
  getService(): never {
    throw new DaemonError("NotSupported", "interfaces come from the network configuration");
  }
  makeTemporary(): never {
    throw new DaemonError("NotSupported", "interfaces come from the network configuration");
  }

  configured(config: NetworkConfig, changes: readonly SectionChange[]): void {
    for (const { kind, name, action } of changes) {
      if (kind !== "interface") continue;
      const section = config.interfaces.get(name);
      if (action === "remove" || !section) this.#remove(name);
      else this.#change(section, action);
    }
    for (const device of this.#devices.values()) this.#bind(device);
  }
  #change(section: InterfaceConfig, action: SectionChange["action"]): void {
    const service = this.#services.get(section.name);
    if (!service) this.#add(section);
    else if (action === "rebuild") this.#rebuild(service, section);
    else {
      if (action === "start") service.setWanted(true);
      service.takeConfig(section);
    }
  }
  #add(section: InterfaceConfig): void {
    const service = new InterfaceService(this.host, this.host.nextServiceSerial(), section, this.handlers);
    this.#services.set(section.name, service);
    this.host.registerService(service);
  }
  #rebuild(service: InterfaceService, section: InterfaceConfig): void {
    service.rebuild(section);
    const device = this.#devices.get(section.device ?? "");
    if (service.port !== device) service.setPort(undefined);
  }
  #remove(name: string): void {
    const service = this.#services.get(name);
    if (!service) return;
    this.#services.delete(name);
    service.drop("configuration changed");
    service.setPort(undefined);
    this.host.deregisterService(service);
  }
}
