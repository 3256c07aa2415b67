import type { Clock } from "../../../base/clock.ts";

/** A server that was mended, or was only busy, is as good as any other after this long. */
const forgetAfterMs = 600_000;
/** More servers than this on one link are made up by an attacker. */
const mostServers = 32;
/**
 * Failures of a server after which others are waited for, although none was heard: one refusal is usual where two hosts
 * ask at once, and an only server must not lose time.
 */
const mostFailuresAlone = 3;

interface Record {
  readonly failures: number;
  readonly atMs: number;
}

/** The servers that offer addresses on one link, and how often each did not confirm its offer. Outlives a session. */
export class OfferingServers {
  /** By server identifier; the oldest first. */
  readonly #servers = new Map<string, Record>();

  constructor(private readonly clock: Clock) {}

  offered(serverId: string): void {
    this.#put(serverId, this.#failures(serverId));
  }
  /** The server refused its own offer, or did not answer. */
  failed(serverId: string): void {
    this.#put(serverId, this.#failures(serverId) + 1);
  }
  confirmed(serverId: string): void {
    this.#put(serverId, 0);
  }
  /** Whether it is better to wait for the offer of another one. */
  isDoubtful(serverId: string): boolean {
    const failures = this.#failures(serverId);
    const hasBetter = [...this.#servers.keys()].some((other) => this.#knows(other) && this.#failures(other) < failures);
    return failures > (hasBetter ? 0 : mostFailuresAlone);
  }
  /** Failures by server, for the debug dump. */
  get failures(): { readonly [serverId: string]: number } {
    const known = [...this.#servers.keys()].filter((serverId) => this.#failures(serverId) > 0);
    return Object.fromEntries(known.map((serverId) => [serverId, this.#failures(serverId)]));
  }

  #knows(serverId: string): boolean {
    const record = this.#servers.get(serverId);
    return record !== undefined && this.clock.now() - record.atMs < forgetAfterMs;
  }
  #failures(serverId: string): number {
    return this.#knows(serverId) ? (this.#servers.get(serverId)?.failures ?? 0) : 0;
  }
  #put(serverId: string, failures: number): void {
    this.#servers.delete(serverId);
    this.#servers.set(serverId, { failures, atMs: this.clock.now() });
    const [oldest] = this.#servers.keys();
    if (this.#servers.size > mostServers && oldest !== undefined) this.#servers.delete(oldest);
  }
}
