import type { Clock } from "../base/clock.ts";
import { EventHistory } from "../base/event-history.ts";
import { EventQueue } from "../base/events.ts";
import type { Log } from "../base/log.ts";
import type { ManagerEvent } from "../providers/manager-event.ts";
import type { ManagerObservers } from "./manager-observers.ts";

function objectOf(event: ManagerEvent): string {
  if ("path" in event) return event.path;
  return "device" in event ? event.device.path : (event.service?.path ?? "/");
}

/** The one way in for what happened: into the history, to clients, and to the queue of those who act on it. */
export class EventFeed {
  readonly history = new EventHistory();
  readonly queue: EventQueue<ManagerEvent>;
  constructor(
    private readonly clock: Clock,
    log: Log,
    private readonly observers: ManagerObservers,
  ) {
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
