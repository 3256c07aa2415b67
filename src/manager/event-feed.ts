import type { Cancel, Clock } from "../base/clock.ts";
import { describeError } from "../base/errors.ts";
import { EventHistory, EventQueue, type HistoryEntry } from "../base/events.ts";
import type { Log } from "../base/log.ts";
import type { Device } from "../devices/device.ts";
import type { IpConfigHolder } from "../network/ip-config.ts";
import type { ManagerEvent } from "../providers/manager-event.ts";
import type { Service } from "../services/service.ts";

/** An API that shows the Manager's objects to clients. */
export interface ManagerObserver {
  serviceAdded(service: Service): void;
  serviceRemoved(service: Service): void;
  deviceAdded(device: Device): void;
  deviceRemoved(device: Device): void;
  /** IPConfig objects came, went or changed. */
  ipConfigsChanged(holder: IpConfigHolder): void;
  profilesChanged(): void;
  /** Locations or Modifiers came or went. Absent: the API shows none. */
  automationChanged?(): void;
  happened(event: HistoryEntry): void;
}

/** The APIs that show the Manager's objects, in the order they came. */
export class ManagerObservers {
  readonly #all = new Set<ManagerObserver>();
  constructor(private readonly log: Log) {}

  /** Returns "remove". To be called before the start: objects that exist already are not told. */
  add(observer: ManagerObserver): Cancel {
    this.#all.add(observer);
    return () => this.#all.delete(observer);
  }
  /** The change has happened already; one API that fails must not keep the others from following it. */
  tell(call: (observer: ManagerObserver) => void): void {
    for (const observer of this.#all) {
      try {
        call(observer);
      } catch (error) {
        this.log.error(`an observer of the Manager failed: ${describeError(error)}`, { error });
      }
    }
  }
}

/** Takes every event once: into the history, to the APIs, and into the queue of its handlers. */
export class EventFeed {
  readonly history = new EventHistory();
  readonly observers: ManagerObservers;
  readonly queue: EventQueue<ManagerEvent>;

  constructor(
    private readonly clock: Clock,
    log: Log,
  ) {
    this.observers = new ManagerObservers(log);
    this.queue = new EventQueue<ManagerEvent>(clock, (where, error) =>
      log.error(`a handler of ${where} failed`, { error }),
    );
  }

  post(event: ManagerEvent): void {
    const entry = { at: this.clock.wallTime(), kind: event.kind, object: objectOf(event), because: event.because };
    this.history.note(entry);
    this.observers.tell((observer) => observer.happened(entry));
    this.queue.post(event);
  }
}

function objectOf(event: ManagerEvent): string {
  if ("path" in event) return event.path;
  return "device" in event ? event.device.path : (event.service?.path ?? "/");
}
