/**
 * Stand-ins for the bus, time and a DHCP server, for the daemon's rehearsal: they answer at once, in memory, and do
 * nothing outside. The kernel of the stage is kernel/stage-kernel.ts.
 */
import type { Cancel, Clock } from "../base/clock.ts";
import { silentLog } from "../base/log.ts";
import { BusError, type BusPort, type Credentials, type MarshalledReply } from "../bus/bus.ts";
import { defaultLimits } from "../bus/wire/limits.ts";
import { writeSignal } from "../bus/wire/signal.ts";
import { Writer } from "../bus/wire/writer.ts";
import type { IpSettings } from "../network/ip-settings.ts";
import type { Dhcp4Config } from "../network/protocols/dhcp4/config.ts";
import type { ProtocolHandler } from "../network/protocols/handler.ts";
import { ProtocolRegistry } from "../network/protocols/registry.ts";
import { slaacHandler } from "../network/protocols/slaac/handler.ts";
import type { Rtnl } from "../rtnl/rtnl.ts";

/** The time of day is real; of timers only those that wait for nothing fire. */
export class StageClock implements Clock {
  constructor(private readonly clock: Clock) {}
  now(): number {
    return this.clock.now();
  }
  wallTime(): number {
    return this.clock.wallTime();
  }
  startTimer(_name: string, ms: number, fire: () => void): Cancel {
    let isCancelled = ms > 0;
    queueMicrotask(() => {
      if (!isCancelled) fire();
    });
    return () => {
      isCancelled = true;
    };
  }
  pendingTimers() {
    return [];
  }
}

/** Writes every signal as the real one would, and throws it away. */
export class StageBus implements BusPort {
  readonly uniqueName = ":0.0";
  readonly #writer = new Writer(65_536);

  emit(
    path: string,
    interfaceName: string,
    member: string,
    signature: string,
    args: readonly unknown[] | MarshalledReply,
  ): void {
    this.#writer.position = 0;
    writeSignal(this.#writer, { path, interface: interfaceName, member, signature }, 1, defaultLimits, args);
  }
  async connect(): Promise<void> {}
  async call(): Promise<never> {
    throw new BusError("org.freedesktop.DBus.Error.NotSupported", "the stage has no other program");
  }
  async requestName(): Promise<"owner"> {
    return "owner";
  }
  async releaseName(): Promise<void> {}
  match(): Cancel {
    return () => {};
  }
  watchName(): Cancel {
    return () => {};
  }
  async credentialsOf(): Promise<Credentials> {
    return { uid: 0, gids: [] };
  }
  onConnection(): Cancel {
    return () => {};
  }
  serve(): void {}
  async close(): Promise<void> {}
}

/** Addresses for documentation (RFC 5737). */
const lease: IpSettings = {
  ipv4: { family: 4, address: "192.0.2.2", prefixLength: 24, gateway: "192.0.2.1", validSeconds: 3600 },
  routes: [],
  nameServers: ["192.0.2.1"],
  searchDomains: ["example."],
  ntpServers: [],
};

/** Gives the same lease to each link at once. */
const stageDhcp: ProtocolHandler<Dhcp4Config> = {
  name: "dhcp4",
  attach: (_link, _config, host) => ({
    setup: async () => {
      host.granted?.(lease);
      return lease;
    },
    teardown: async () => {},
    renew: () => {},
  }),
};

export function stageProtocols(rtnl: Rtnl, clock: Clock): ProtocolRegistry {
  const registry = new ProtocolRegistry();
  registry.register(stageDhcp);
  registry.register(
    slaacHandler({
      ...{ rtnl, log: silentLog, solicitor: { solicit: () => true } },
      sysctls: { getForLink: () => undefined, setForLink: () => true },
      isIpv6Unwanted: () => false,
      now: () => clock.now(),
    }),
  );
  return registry;
}
