import type { Device } from "../../devices/device.ts";
import type { Provider, ProviderHost } from "../../providers/provider.ts";
import { isConnected } from "../../services/connect-states.ts";
import type { Service } from "../../services/service.ts";
import { isDeadEnd, orderOf } from "../../services/service-order.ts";
import { EthernetDevice } from "./ethernet-device.ts";
import { type EthernetPort, EthernetService, ethernetIdOf, genericEthernetId } from "./ethernet-service.ts";

/**
 * The best whether it leads out or not: that is also a matter of StaticIPConfig, which the identity brings along. A
 * cable that became a dead end by it would hand it on, and get it back, without end.
 */
function bestCable(services: readonly Service[]): EthernetService | undefined {
  const isCable = (service: Service): service is EthernetService => service instanceof EthernetService;
  const first = services.find(isCable);
  const deadEnd = services.find((service) => isCable(service) && isDeadEnd(service));
  if (!first || !deadEnd || !isCable(deadEnd)) return first;
  return orderOf(first, deadEnd, { technologyOrder: [], ignoreWayOut: true }) <= 0 ? first : deadEnd;
}

/**
 * One Service per cable socket that is enabled, and always at least one. The best of them carries the identity
 * `ethernet_any`, so that "the Ethernet settings" follow whichever cable is in use (docs/contract/shill.md, Cables).
 */
export class EthernetProvider implements Provider {
  readonly technology = "ethernet";
  readonly #services = new Set<EthernetService>();
  /** The one with the identity `ethernet_any`; undefined between the loss of its Device and the next sort. */
  #generic: EthernetService | undefined;
  readonly #byDevice = new Map<EthernetDevice, EthernetService>();

  constructor(private readonly host: ProviderHost) {}

  start(): void {
    this.#make(genericEthernetId, undefined);
  }

  deviceEnabled(device: Device): void {
    if (!(device instanceof EthernetDevice) || this.#byDevice.has(device)) return;
    if (this.host.configuredUse(device.name) !== undefined) return;
    const bare = this.#generic?.port === undefined ? this.#generic : undefined;
    if (bare) {
      bare.setPort(device);
      this.host.rematchService(bare);
    }
    const service = bare ?? this.#make(ethernetIdOf(device), device);
    this.#byDevice.set(device, service);
    if (bare) this.host.requestSort("a cable's Service has a Device", service);
  }

  deviceDisabled(device: Device): void {
    if (!(device instanceof EthernetDevice)) return;
    const service = this.#byDevice.get(device);
    if (!service) return;
    this.#byDevice.delete(device);
    // The last one stays, as the place where a person finds the Ethernet settings.
    if (this.#services.size === 1) {
      service.setPort(undefined);
      this.#takeIdentity(service, genericEthernetId);
    } else this.#letGo(service);
    this.host.requestSort("a cable's Service lost its Device", service);
  }

  sorted(services: readonly Service[]): void {
    const first = bestCable(services);
    if (!first || first.isGeneric) return;
    const generic = this.#generic;
    if (generic?.port) this.#handOver(generic, generic.port);
    else if (generic) this.#drop(generic);
    this.#promote(first);
  }

  /** Another cable is the best: this one keeps its settings, unless there are settings for just this socket. */
  #handOver(service: EthernetService, port: EthernetPort): void {
    if (service.entry.hasUntakenSettings()) {
      this.#takeIdentity(service, ethernetIdOf(port));
      return;
    }
    service.ownWhatIsProven();
    service.rename(ethernetIdOf(port));
    this.#generic = undefined;
    if (service.hasOwnSettings) this.host.saveSoon(service);
  }
  /** Connected, or with settings of its own, it is not set up anew because another cable fell out. */
  #promote(service: EthernetService): void {
    service.rename(genericEthernetId);
    this.#generic = service;
    const { holder, terms } = service.entry.standing();
    const isSettled = service.hasOwnSettings || isConnected(service.state);
    if (!isSettled || holder !== service.profile || terms !== service.terms) {
      this.host.rematchService(service);
      return;
    }
    service.ownWhatIsProven();
    this.host.saveSoon(service);
  }
  /** The next best one may have settings of its own, which take the place of these in the generic entry. */
  #letGo(service: EthernetService): void {
    if (service.isGeneric) {
      service.ownWhatIsProven();
      if (service.hasOwnSettings) service.entry.saveIfPossible();
    }
    service.setPort(undefined);
    this.#drop(service);
  }

  /** For any arguments "the Ethernet Service" is the best one; there is always one. */
  getService(): EthernetService {
    const [service] = this.#generic ? [this.#generic] : this.#services;
    return service ?? this.#make(genericEthernetId, undefined);
  }
  findSimilar(): EthernetService {
    return this.getService();
  }
  makeTemporary(): EthernetService {
    return new EthernetService(this.host, this.host.nextServiceSerial(), genericEthernetId, undefined);
  }
  serviceForEntry(entry: string): EthernetService {
    return new EthernetService(this.host, this.host.nextServiceSerial(), entry, undefined);
  }
  servicesOn(device: Device): readonly Service[] {
    const service = device instanceof EthernetDevice ? this.#byDevice.get(device) : undefined;
    return service ? [service] : [];
  }

  #make(storageId: string, device: EthernetDevice | undefined): EthernetService {
    const service = new EthernetService(this.host, this.host.nextServiceSerial(), storageId, device);
    this.#services.add(service);
    if (service.isGeneric) this.#generic = service;
    this.host.registerService(service);
    return service;
  }
  #drop(service: EthernetService): void {
    this.#services.delete(service);
    if (this.#generic === service) this.#generic = undefined;
    this.host.deregisterService(service);
  }
  #takeIdentity(service: EthernetService, storageId: string): void {
    if (service.storageId === storageId) return;
    service.rename(storageId);
    if (service.isGeneric) this.#generic = service;
    else if (this.#generic === service) this.#generic = undefined;
    this.host.rematchService(service);
  }
}
