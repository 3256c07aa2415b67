import { describeError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Quiet } from "../base/quiet.ts";
import type { Rtnl } from "../rtnl/rtnl.ts";
import type { NetworkOptions } from "./network-ports.ts";
import type { Standby, StandbyPorts } from "./protocols/handler.ts";
import type { ProtocolRegistry } from "./protocols/registry.ts";

export interface StandbysPorts extends StandbyPorts {
  readonly rtnl: Pick<Rtnl, "onCarrier">;
  readonly protocols: Pick<ProtocolRegistry, "get">;
  readonly quiet: Pick<Quiet, "begin">;
}

/**
 * Links on which nothing but carrier is missing for a Service to connect. Each has its first question to the network
 * ready, which leaves when the kernel tells of the carrier, before the news is decoded; the Network that starts in the
 * same turn takes it over.
 */
export class Standbys {
  readonly #standbys = new Map<number, Standby>();
  readonly #log: Log;

  constructor(private readonly ports: StandbysPorts) {
    this.#log = ports.log;
    ports.rtnl.onCarrier((link) => this.#onCarrier(link));
  }

  /**
   * Prepares the protocol that would be started with the carrier. A link with a fixed address asks nothing before it is
   * connected. The same options again: nothing happens.
   */
  prepare({ link, protocols = [], static: fixed, given }: NetworkOptions): void {
    const [first] = protocols;
    if (!first || fixed?.address !== undefined || given) {
      this.cancel(link.index);
      return;
    }
    if (this.#standbys.get(link.index)?.isFor(link, first.config)) return;
    this.cancel(link.index);
    try {
      const handler = this.ports.protocols.get(first.handler ?? first.source);
      const standby = handler.standBy?.(link, first.config, this.ports);
      if (standby) this.#standbys.set(link.index, standby);
    } catch (error) {
      this.#log.debug(() => `${link.name}: not prepared for its carrier: ${describeError(error)}`);
    }
  }
  #onCarrier(link: number): void {
    if (this.#standbys.get(link)?.begin()) this.ports.quiet.begin();
  }
  /** Twice is fine. */
  cancel(link: number): void {
    this.#standbys.get(link)?.end();
    this.#standbys.delete(link);
  }
}
