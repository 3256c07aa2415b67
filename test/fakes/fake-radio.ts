import { DaemonError } from "../../src/base/errors.ts";
import type { PropertyShape } from "../../src/base/property.ts";
import { Device, deviceShape } from "../../src/devices/device.ts";
import { deviceProperties } from "../../src/devices/device-properties.ts";
import type { EntryRows, ProfileStore } from "../../src/profiles/store.ts";
import type { Provider, ProviderHost } from "../../src/providers/provider.ts";
import type { TechnologyModule } from "../../src/providers/technology-module.ts";
import { Service } from "../../src/services/service.ts";
import type { DisconnectReason } from "../../src/services/service-device.ts";
import { serviceShape } from "../../src/services/service-properties.ts";

/** A technology beside the real ones; `onProvider` is given the Provider that a machine makes of it. */
export const fakeRadio = (onProvider: (radio: FakeRadio) => void = () => {}): TechnologyModule => ({
  services: [{ technology: "wifi", shape: serviceShape }],
  devices: {
    technology: "wifi",
    shape: fakeRadioDeviceShape,
    make: (host, link, because) => new FakeRadioDevice(host, link, because),
  },
  makeProviders: (host) => {
    const radio = new FakeRadio(host);
    onProvider(radio);
    return [radio];
  },
});

/** Networks in the air, in memory: known from a Profile or from being in range, and gone when they are neither. */
export class FakeRadio implements Provider {
  readonly technology = "wifi";
  readonly networks = new Map<string, FakeRadioService>();
  constructor(private readonly host: ProviderHost) {}

  start(): void {
    for (const profile of this.host.profiles.profiles) this.profilePushed(profile);
  }
  servicesOn(): readonly Service[] {
    return [];
  }
  deviceEnabled(): void {}
  deviceDisabled(): void {}
  sorted(): void {}
  findSimilar(): undefined {}
  getService(): never {
    throw new DaemonError("NotSupported");
  }
  makeTemporary(): never {
    throw new DaemonError("NotSupported");
  }

  profilePushed({ store }: { readonly store: ProfileStore }): void {
    for (const entry of store.entries()) if (entry.startsWith("wifi_")) this.#network(entry);
  }
  dropsUnloaded(service: Service): boolean {
    if (service.isVisible) return false;
    this.networks.delete(service.storageId);
    return true;
  }
  serviceForEntry(entry: string): Service {
    return new FakeRadioService(this.host, this.host.nextServiceSerial(), entry);
  }

  /** An access point is switched on. */
  appear(entry: string): FakeRadioService {
    const service = this.#network(entry);
    service.isVisible = true;
    this.host.requestSort("it is in range", service);
    return service;
  }
  #network(entry: string): FakeRadioService {
    const known = this.networks.get(entry);
    if (known) return known;
    const service = new FakeRadioService(this.host, this.host.nextServiceSerial(), entry);
    this.networks.set(entry, service);
    this.host.registerService(service);
    return service;
  }
}

/** Connects at once when it is in range. */
class FakeRadioService extends Service {
  override readonly technology = "wifi";
  override isVisible = false;
  constructor(
    host: ProviderHost,
    serial: number,
    override readonly storageId: string,
  ) {
    super(host, serial, "wifi", serviceShape);
  }
  override get isConnectable(): boolean {
    return true;
  }
  override get strengthPercent(): number {
    return this.isVisible ? 50 : 0;
  }
  override get technologyRefusal() {
    return this.isVisible ? undefined : ("connection medium unavailable" as const);
  }
  override startConnect(): void {
    this.advance("associate", "in range");
    this.advance("configure", "associated");
    this.networkConnected("addressing is in place");
  }
  override startDisconnect(reason: DisconnectReason): void {
    this.advance("disconnected", reason);
  }
}

class FakeRadioDevice extends Device {
  override readonly technology = "wifi";
  override get shape(): PropertyShape<Device> {
    return fakeRadioDeviceShape;
  }
  protected override carrierChanged(): void {}
}
const fakeRadioDeviceShape = deviceShape<FakeRadioDevice>(deviceProperties);

/** Rows of a stored network. */
export const stored = (rows: Readonly<Record<string, unknown>>): EntryRows =>
  new Map(Object.entries({ Type: "wifi", ...rows }).map(([name, value]) => [name, JSON.stringify(value)]));
