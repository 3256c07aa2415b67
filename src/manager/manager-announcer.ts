import type { Cancel, Clock } from "../base/clock.ts";
import type { PropertyStore } from "../base/property.ts";
import type { Quiet } from "../base/quiet.ts";
import type { Device } from "../devices/device.ts";
import type { Service } from "../services/service.ts";
import type { EventFeed } from "./event-feed.ts";
import type { ServiceList } from "./service-list.ts";

/** Everything that the announcer tells of. */
export interface Announced {
  readonly clock: Clock;
  readonly quiet: Pick<Quiet, "afterwards">;
  readonly deviceRegistry: { readonly all: readonly Device[] };
  readonly serviceRegistry: { readonly list: ServiceList };
  readonly settings: { readonly properties: Pick<PropertyStore<unknown>, "touch" | "retell" | "names"> };
  readonly feed: Pick<EventFeed, "post">;
}

const deviceLists = ["Devices", "AvailableTechnologies", "EnabledTechnologies", "UninitializedTechnologies"] as const;
const serviceLists = ["ServiceCompleteList", "Services", "ConnectedTechnologies", "DefaultTechnology"] as const;

/** Tells clients of the Manager's lists and of the default Service (shill's doc/manager-api.txt). */
export class ManagerAnnouncer {
  readonly #pacing: ListPacing;
  #areServicesSorted = false;
  #isPutOff = false;
  #lastDefault: Service | undefined;

  constructor(private readonly told: Announced) {
    this.#pacing = new ListPacing(told.clock, "manager-lists", () => this.#tellLists());
  }

  /** In the quiet moment the lists wait for its end, and are told once however often they changed. */
  devicesChanged(): void {
    if (this.#isPutOff) return;
    this.#isPutOff = true;
    this.told.quiet.afterwards(() => {
      this.#isPutOff = false;
      this.#pacing.request(this.told.deviceRegistry.all.length + this.#services.all.length);
    });
  }
  /** The default Service is told at once, the lists as their length allows. */
  servicesSorted(): void {
    this.#followDefault();
    this.#areServicesSorted = true;
    this.devicesChanged();
  }
  /** After a restart of the bus: clients hear the Manager's properties and the states of all Services again. */
  retellAll(): void {
    const { properties } = this.told.settings;
    for (const name of properties.names) properties.retell(name);
    for (const service of this.#services.all) service.properties.retell("State");
  }
  stop(): void {
    this.#pacing.stop();
  }

  get #services(): ServiceList {
    return this.told.serviceRegistry.list;
  }
  #followDefault(): void {
    const { settings, feed } = this.told;
    const { defaultService } = this.#services;
    if (defaultService !== this.#lastDefault) {
      this.#lastDefault = defaultService;
      const because = this.#reasonOf(defaultService);
      feed.post({ kind: "default-service-changed", service: defaultService, because });
      defaultService?.validation.becameDefault();
    }
    for (const name of ["DefaultService", "ConnectionState"]) settings.properties.touch(name);
  }
  #reasonOf(service: Service | undefined): string {
    if (!service) return "nothing is connected";
    const reason = this.#services.reasonOf(service);
    return reason === undefined ? "the only Service" : `before the next by ${reason}`;
  }
  /** The lists of Services are told after every sort, changed or not: some clients wait for the signal itself. */
  #tellLists(): void {
    const { properties } = this.told.settings;
    for (const name of deviceLists) properties.touch(name);
    if (!this.#areServicesSorted) return;
    this.#areServicesSorted = false;
    for (const name of serviceLists) properties.retell(name);
  }
}

/** Milliseconds of pause for each entry of a list: a list of a thousand is told every 50 ms, one of twenty at once. */
const pausePerEntryMs = 0.05;
/** A pause shorter than this is none. */
const shortestPauseMs = 2;

/**
 * Tells long lists less often. A list costs as much as it is long, and a thousand links that come one by one would have
 * it told a thousand times.
 */
class ListPacing {
  #lastToldAt = Number.NEGATIVE_INFINITY;
  #cancel: Cancel | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly name: string,
    private readonly tell: () => void,
  ) {}

  /** Tells now, or once the pause that fits `length` is over. */
  request(length: number): void {
    if (this.#cancel) return;
    const pause = length * pausePerEntryMs;
    const wait = this.#lastToldAt + pause - this.clock.now();
    if (pause < shortestPauseMs || wait <= 0) this.#tellNow();
    else this.#cancel = this.clock.startTimer(this.name, wait, () => this.#tellNow());
  }
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
  #tellNow(): void {
    this.#cancel = undefined;
    this.#lastToldAt = this.clock.now();
    this.tell();
  }
}
