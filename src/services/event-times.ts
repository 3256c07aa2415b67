import type { Clock } from "../base/clock.ts";

/** Milliseconds between 1601-01-01, where shill's clients count from, and 1970-01-01. */
const epochDifferenceMs = 11_644_473_600_000n;

/** Wall time (milliseconds since 1970) as the bus shows it; 0 there means never. */
export const timeSince1601 = (wallTimeMs: number): bigint => BigInt(Math.trunc(wallTimeMs)) + epochDifferenceMs;

/** As shill writes the times of events: local, with microseconds and the distance from UTC, `2026-03-01T09:05:07.250000+0100`. */
export function localTimeText(wallTimeMs: number): string {
  const at = new Date(wallTimeMs);
  const two = (value: number) => String(value).padStart(2, "0");
  const date = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join("-");
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":");
  const micros = String(Math.floor((wallTimeMs - Math.floor(wallTimeMs / 1000) * 1000) * 1000)).padStart(6, "0");
  const east = -at.getTimezoneOffset();
  const zone = `${east < 0 ? "-" : "+"}${two(Math.floor(Math.abs(east) / 60))}${two(Math.abs(east) % 60)}`;
  return `${date}T${time}.${micros}${zone}`;
}

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
