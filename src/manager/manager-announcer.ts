import type { Clock } from "../base/clock.ts";
import type { Device } from "../devices/device.ts";
import type { Service } from "../services/service.ts";
import { ListPacing } from "./list-pacing.ts";
import type { ServiceList } from "./service-list.ts";

/** The Manager, as far as its announcements go. */
export interface Announced {
  readonly clock: Clock;
  readonly devices: readonly Device[];
  readonly services: ServiceList;
  readonly defaultService: Service | undefined;
  readonly properties: { touch(name: string): void; retell(name: string): void };
}

const deviceLists = ["Devices", "AvailableTechnologies", "EnabledTechnologies", "UninitializedTechnologies"] as const;
const serviceLists = ["ServiceCompleteList", "Services", "ConnectedTechnologies", "DefaultTechnology"] as const;

/** Tells clients of the Manager's lists and of the default Service (shill's doc/manager-api.txt). */
export class ManagerAnnouncer {
  readonly #pacing: ListPacing;
  #areServicesSorted = false;
  #lastDefault: Service | undefined;

  constructor(
    private readonly manager: Announced,
    private readonly onDefault: (service: Service | undefined, because: string) => void,
  ) {
    this.#pacing = new ListPacing(manager.clock, "manager-lists", () => this.#tellLists());
  }

  devicesChanged(): void {
    this.#pacing.request(this.manager.devices.length + this.manager.services.all.length);
  }
  /** The default Service is told at once, the lists as their length allows. */
  servicesSorted(): void {
    this.#followDefault();
    this.#areServicesSorted = true;
    this.devicesChanged();
  }
  stop(): void {
    this.#pacing.stop();
  }

  #followDefault(): void {
    const { defaultService, properties } = this.manager;
    if (defaultService !== this.#lastDefault) {
      this.#lastDefault = defaultService;
      this.onDefault(defaultService, this.#reasonOf(defaultService));
    }
    for (const name of ["DefaultService", "ConnectionState"]) properties.touch(name);
  }
  #reasonOf(service: Service | undefined): string {
    if (!service) return "nothing is connected";
    const reason = this.manager.services.reasonOf(service);
    return reason === undefined ? "the only Service" : `before the next by ${reason}`;
  }
  /** Those of Services after every sort, changed or not: some clients wait for the signal itself. */
  #tellLists(): void {
    const { properties } = this.manager;
    for (const name of deviceLists) properties.touch(name);
    if (!this.#areServicesSorted) return;
    this.#areServicesSorted = false;
    for (const name of serviceLists) properties.retell(name);
  }
}
