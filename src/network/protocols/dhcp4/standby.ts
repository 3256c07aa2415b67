import type { Cancel, Clock } from "../../../base/clock.ts";
import type { Log } from "../../../base/log.ts";
import type { IpSettings } from "../../ip-settings.ts";
import type { ProtocolHost, ProtocolLink, ProtocolStep, Standby, StandbyPorts } from "../handler.ts";
import type { Dhcp4Config } from "./config.ts";
import type { Dhcp4Session } from "./session.ts";

/** A carrier for which nothing is connected: from then on the question was asked in vain. */
const unattachedMs = 1_000;

/**
 * A session without an owner yet. Its question can leave as soon as the kernel tells of the carrier, while the rest of
 * the daemon still learns of it; the owner that attaches in the same turn takes over the exchange with its transaction
 * id.
 */
export class Dhcp4Standby implements Standby {
  readonly #host: StandbyHost;
  readonly #session: Dhcp4Session;
  #hasBegun = false;
  #isOver = false;
  #cancelTimer: Cancel = () => {};

  constructor(
    private readonly link: ProtocolLink,
    private readonly config: Dhcp4Config,
    private readonly ports: StandbyPorts,
    makeSession: (host: ProtocolHost) => Dhcp4Session,
  ) {
    this.#host = new StandbyHost(ports);
    this.#session = makeSession(this.#host);
    this.#session.getReady();
  }

  isFor(link: ProtocolLink, config: unknown): boolean {
    return !this.#hasBegun && !this.#isOver && this.#isSame(link, config as Dhcp4Config);
  }
  begin(): boolean {
    if (this.#hasBegun || this.#isOver) return false;
    this.#hasBegun = true;
    this.#session.begin();
    this.#cancelTimer = this.ports.clock.startTimer(`dhcp4-standby ${this.link.name}`, unattachedMs, () => this.end());
    return true;
  }
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cancelTimer();
    void this.#session.teardown({ force: true });
  }

  /**
   * Gives the session to an owner with the same link and configuration. Otherwise it ends, and the result is undefined.
   */
  handOver(link: ProtocolLink, config: Dhcp4Config, owner: ProtocolHost): Dhcp4Session | undefined {
    if (this.#isOver) return undefined;
    if (!this.#isSame(link, config)) {
      this.end();
      return undefined;
    }
    this.#isOver = true;
    this.#cancelTimer();
    this.#host.attach(owner);
    return this.#session;
  }

  #isSame(link: ProtocolLink, config: Dhcp4Config): boolean {
    return isSameIn(this.link, link) && isSameIn(this.config, config);
  }
}

const isSameIn = (a: object, b: object): boolean => {
  const [ours, theirs] = [Object.entries(a), new Map<string, unknown>(Object.entries(b))];
  return ours.length === theirs.size && ours.every(([name, value]) => Object.is(value, theirs.get(name)));
};

/** Passes the session's news on once there is an owner; of earlier steps only the newest is kept. */
class StandbyHost implements ProtocolHost {
  readonly clock: Clock;
  readonly log: Log;
  #owner: ProtocolHost | undefined;
  #step: ProtocolStep | undefined;

  constructor({ clock, log }: StandbyPorts) {
    this.clock = clock;
    this.log = log;
  }
  attach(owner: ProtocolHost): void {
    this.#owner = owner;
    if (this.#step) queueMicrotask(() => this.#step && owner.step?.(this.#step));
  }
  settingsChanged(settings: IpSettings): void {
    this.#owner?.settingsChanged(settings);
  }
  granted(settings: IpSettings): void {
    this.#owner?.granted?.(settings);
  }
  step(step: ProtocolStep): void {
    this.#step = step;
    this.#owner?.step?.(step);
  }
  conflict(address: string, otherMac: string): void {
    this.#owner?.conflict?.(address, otherMac);
  }
  lost(reason: string): void {
    this.#owner?.lost(reason);
  }
}
