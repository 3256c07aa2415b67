import type { Clock } from "../base/clock.ts";
import { localTimeText } from "./timestamps.ts";

/** Enough to see a flapping network; more is a burden on the bus (docs/contract/shill.md, Connecting). */
const mostEvents = 20;
const windowMs = 5 * 60_000;

/** The newest events of one kind, as Diagnostics.* shows them. */
export class EventTimes {
  #events: readonly { readonly at: number; readonly text: string }[] = [];

  note(clock: Clock): void {
    const event = { at: clock.now(), text: localTimeText(clock.wallTime()) };
    this.#events = [...this.#events, event].slice(-mostEvents);
  }
  /** Wall-clock texts of the last five minutes, oldest first. */
  texts(clock: Clock): readonly string[] {
    const since = clock.now() - windowMs;
    return this.#events.filter(({ at }) => at >= since).map(({ text }) => text);
  }
}
