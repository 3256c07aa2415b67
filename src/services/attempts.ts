/**
 * Attempts to connect and losses of a Service, and the times that clients are told of them (docs/contract/shill.md,
 * Connecting).
 */
import type { Clock } from "../base/clock.ts";
import { type ConnectState, isConnected, isConnecting } from "./connect-states.ts";

/** Milliseconds between 1601-01-01, where shill's clients count from, and 1970-01-01. */
const epochDifferenceMs = 11_644_473_600_000n;

/** Wall time (milliseconds since 1970) as the bus shows it; 0 there means never. */
export const timeSince1601 = (wallTimeMs: number): bigint => BigInt(Math.trunc(wallTimeMs)) + epochDifferenceMs;

/**
 * As shill writes the times of events: local, with microseconds and the distance from UTC,
 * `2026-03-01T09:05:07.250000+0100`.
 */
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
class EventTimes {
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

/** A network that keeps refusing is tried again at once, then after 1, 2, 4 ... 60 s (timeline A1). */
const firstCooldownMs = 1_000;
const longestCooldownMs = 60_000;

/** Counts attempts; says how long the next one has to wait. */
export class Cooldown {
  #nextMs = 0;
  #untilMs = 0;

  isThrottled(nowMs: number): boolean {
    return nowMs < this.#untilMs;
  }
  /** Records an attempt. Returns milliseconds until the next may be made; 0: at once. */
  attempt(nowMs: number): number {
    const wait = this.#nextMs;
    this.#untilMs = nowMs + wait;
    this.#nextMs = wait === 0 ? firstCooldownMs : Math.min(wait * 2, longestCooldownMs);
    return wait;
  }
  /** After success, resume, or a restart of the radio. */
  reset(): void {
    this.#nextMs = 0;
    this.#untilMs = 0;
  }
}

/** A failure since the last connection; `atMs` in milliseconds since 1970. */
export interface LastFailure {
  readonly because: string;
  readonly atMs: number;
}

/** One Service's memory of its attempts. The parts are made at first need: most Services never fail. */
export class Attempts {
  /** Losses of a connection. */
  disconnects: EventTimes | undefined;
  /** Attempts that came to nothing. */
  misconnects: EventTimes | undefined;
  lastFailure: LastFailure | undefined;
  #failedAt: number | undefined;
  #cooldown: Cooldown | undefined;

  constructor(private readonly clock: Clock) {}

  /** Since the last connection. */
  get hasFailed(): boolean {
    return this.#failedAt !== undefined;
  }
  hasFailedWithin(ms: number): boolean {
    return this.#failedAt !== undefined && this.clock.now() - this.#failedAt < ms;
  }
  get isThrottled(): boolean {
    return this.#cooldown?.isThrottled(this.clock.now()) ?? false;
  }
  /** An attempt without a request begins. Returns milliseconds until the next may be made; 0: at once. */
  begin(): number {
    this.#cooldown ??= new Cooldown();
    return this.#cooldown.attempt(this.clock.now());
  }
  /** A connection, or an attempt, ends in this state. */
  lost(state: ConnectState): void {
    const kind = isConnected(state) ? "disconnects" : isConnecting(state) ? "misconnects" : undefined;
    if (kind === undefined) return;
    this[kind] ??= new EventTimes();
    this[kind].note(this.clock);
  }
  failed(because: string): void {
    this.#failedAt = this.clock.now();
    this.lastFailure = { because, atMs: this.clock.wallTime() };
  }
  connected(): void {
    this.#failedAt = undefined;
    this.lastFailure = undefined;
    this.forgive();
  }
  /** The next attempt is made at once. */
  forgive(): void {
    this.#cooldown?.reset();
  }
}
