import { DaemonError } from "../../base/errors.ts";
import type { Device } from "../../devices/device.ts";
import type { Modem, ModemObserver, Modems } from "../../modem/modem.ts";
import type { Profile } from "../../profiles/profile.ts";
import type { Provider, ProviderHost } from "../../providers/provider.ts";
import { type Configuration, textOf } from "../../services/configuration.ts";
import type { Service } from "../../services/service.ts";
import { CellularDevice } from "./cellular-device.ts";
import { CellularService, cellularId, iccidOfEntry } from "./cellular-service.ts";

/** One Service for each SIM: in a modem, or known from a Profile. */
export class CellularProvider implements Provider, ModemObserver {
  readonly technology = "cellular";
  /** By number of the SIM. */
  readonly #services = new Map<string, CellularService>();
  readonly #devices = new Set<CellularDevice>();

  constructor(
    private readonly host: ProviderHost,
    private readonly modems: Modems,
  ) {}

  start(): void {
    for (const profile of this.host.profiles.profiles) this.profilePushed(profile);
    this.modems.observe(this);
  }

  deviceEnabled(device: Device): void {
    if (!(device instanceof CellularDevice) || this.#devices.has(device)) return;
    this.#devices.add(device);
    if (device.modem) this.#follow(device.modem);
  }
  deviceDisabled(device: Device): void {
    if (!(device instanceof CellularDevice) || !this.#devices.delete(device)) return;
    for (const service of this.servicesOn(device)) {
      const { modem } = service as CellularService;
      if (modem) this.#follow(modem);
    }
  }
  servicesOn(device: Device): readonly Service[] {
    return [...this.#services.values()].filter((service) => service.device === device);
  }
  sorted(): void {}

  // ModemObserver

  modemAdded(modem: Modem): void {
    this.#follow(modem);
    this.#deviceOf(modem)?.modemAdded();
  }
  modemChanged(modem: Modem, before: Modem): void {
    if (before.sim?.iccid && before.sim.iccid !== modem.sim?.iccid) this.#leave(before, "another SIM is in its modem");
    this.#follow(modem);
    this.#deviceOf(modem)?.modemChanged(modem, before);
  }
  modemRemoved(modem: Modem, because: string): void {
    this.#leave(modem, because);
  }
  #deviceOf({ netPorts }: Modem): CellularDevice | undefined {
    return [...this.#devices].find((device) => netPorts.includes(device.name));
  }

  #follow(modem: Modem): void {
    const iccid = modem.sim?.iccid;
    if (!iccid) return;
    const service = this.#services.get(iccid) ?? this.#make(iccid);
    const before = service.technologyRefusal;
    const strength = service.strengthPercent;
    service.setModem(modem, this.#deviceOf(modem));
    if (service.technologyRefusal !== before) this.host.requestSort("a modem changed", service);
    else if (service.strengthPercent !== strength) this.host.requestSort("a signal changed", service);
  }
  /** The SIM is out of this modem. One without stored settings has nothing left to be shown for. */
  #leave(modem: Modem, because: string): void {
    const service = this.#services.get(modem.sim?.iccid ?? "");
    // The same SIM may be in another modem already.
    if (service?.modem?.id !== modem.id) return;
    service.leaveModem(because);
    if (service.profile) this.host.requestSort(because, service);
    else {
      this.#services.delete(service.iccid);
      this.host.deregisterService(service);
    }
  }
  #make(iccid: string): CellularService {
    const service = this.#new(iccid);
    this.#services.set(iccid, service);
    this.host.registerService(service);
    return service;
  }
  #new(iccid: string): CellularService {
    return new CellularService(this.host, this.host.nextServiceSerial(), iccid);
  }

  findSimilar(configuration: Configuration): CellularService | undefined {
    return this.#services.get(iccidOf(configuration));
  }
  getService(configuration: Configuration): CellularService {
    return this.findSimilar(configuration) ?? this.#make(iccidOf(configuration));
  }
  makeTemporary(configuration: Configuration): CellularService {
    return this.#new(iccidOf(configuration));
  }
  serviceForEntry(entry: string): CellularService | undefined {
    const iccid = iccidOfEntry(entry);
    return iccid === undefined ? undefined : this.#new(iccid);
  }
  profilePushed({ store }: Profile): void {
    for (const entry of store.entries()) {
      const iccid = iccidOfEntry(entry);
      if (iccid !== undefined && !this.#services.has(iccid)) this.#make(iccid);
    }
  }
  dropsUnloaded(service: Service): boolean {
    if (!(service instanceof CellularService) || service.isVisible) return false;
    this.#services.delete(service.iccid);
    return true;
  }
}

/** Throws InvalidArguments. */
function iccidOf(configuration: Configuration): string {
  const iccid = iccidOfEntry(cellularId(textOf(configuration, "Cellular.ICCID") ?? ""));
  if (iccid === undefined) throw new DaemonError("InvalidArguments", "Cellular.ICCID says which SIM is meant");
  return iccid;
}
