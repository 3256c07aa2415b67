import { DaemonError } from "../../base/errors.ts";
import type { Device } from "../../devices/device.ts";
import type { Profile } from "../../profiles/profile.ts";
import type { Provider, ProviderHost } from "../../providers/provider.ts";
import { type Configuration, textOf } from "../../services/configuration.ts";
import { isConnected } from "../../services/connect-states.ts";
import type { Service } from "../../services/service.ts";
import { checkLine } from "./pppoe-properties.ts";
import { type PppoeRoom, PppoeService } from "./pppoe-service.ts";

const prefix = "pppoe_";
/** Several user names that differ in other characters share one entry, as names of VPNs do. */
const entryOf = (userName: string): string => `${prefix}${userName.replace(/[^A-Za-z0-9._-]/g, "_")}`;

/** The configured accounts. */
export class PppoeProvider implements Provider, PppoeRoom {
  readonly technology = "pppoe";
  readonly #services = new Map<string, PppoeService>();
  readonly #cables = new Set<Device>();

  constructor(private readonly host: ProviderHost) {}

  start(): void {
    for (const profile of this.host.profiles.profiles) this.profilePushed(profile);
  }
  deviceEnabled(device: Device): void {
    if (device.technology === "ethernet") this.#cables.add(device);
  }
  deviceDisabled(device: Device): void {
    if (!this.#cables.delete(device)) return;
    for (const service of this.servicesOn(device)) service.drop("device removed");
  }
  servicesOn(device: Device): readonly Service[] {
    return [...this.#services.values()].filter(({ cable }) => cable === device);
  }
  sorted(): void {
    for (const service of this.#services.values()) service.cablesChanged();
  }

  get isProhibited(): boolean {
    return this.host.isProhibited(this.technology);
  }
  /** A cable without a connection comes first: behind the other is a network of its own. */
  get freeCable(): Device | undefined {
    const isOurs = ({ name }: Device) => this.host.configuredUse(name) === undefined;
    const plugged = [...this.#cables].filter((cable) => cable.isUsable && cable.hasCarrier && !cable.isLeftAlone);
    const candidates = plugged.filter(isOurs).sort((a, b) => (a.name < b.name ? -1 : 1));
    const isFree = ({ selectedService }: Device) => !selectedService || !isConnected(selectedService.state);
    return candidates.find(isFree) ?? candidates[0];
  }

  findSimilar(configuration: Configuration): PppoeService | undefined {
    return this.#services.get(entryOf(userNameOf(configuration)));
  }
  getService(configuration: Configuration): PppoeService {
    const known = this.findSimilar(configuration);
    if (known) return known;
    const service = this.makeTemporary(configuration);
    this.#register(service);
    return service;
  }
  makeTemporary(configuration: Configuration): PppoeService {
    const userName = userNameOf(configuration);
    const service = this.#makeFor(entryOf(userName));
    service.userName = service.name = userName;
    return service;
  }
  serviceForEntry(entry: string): PppoeService | undefined {
    return entry.startsWith(prefix) ? this.#makeFor(entry) : undefined;
  }
  profilePushed({ store }: Profile): void {
    for (const entry of store.entries()) {
      if (entry.startsWith(prefix) && !this.#services.has(entry)) this.#register(this.#makeFor(entry));
    }
  }
  dropsUnloaded(service: Service): boolean {
    return this.#services.delete(service.storageId);
  }

  #makeFor(entry: string): PppoeService {
    return new PppoeService(this.host, this, this.host.nextServiceSerial(), entry);
  }
  #register(service: PppoeService): void {
    this.#services.set(service.storageId, service);
    this.host.registerService(service);
  }
}

/** Throws InvalidProperty, InvalidArguments. */
function userNameOf(configuration: Configuration): string {
  const userName = textOf(configuration, "PPPoE.Username");
  if (userName === undefined) throw new DaemonError("InvalidProperty", "an account needs PPPoE.Username");
  return checkLine("PPPoE.Username", userName);
}
