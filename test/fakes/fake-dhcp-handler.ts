import { isDeepStrictEqual } from "node:util";
import { DaemonError } from "../../src/base/errors.ts";
import type { IpSettings } from "../../src/network/ip-settings.ts";
import type { Dhcp4Config } from "../../src/network/protocols/dhcp4/config.ts";
import type {
  ProtocolHandler,
  ProtocolHost,
  ProtocolLink,
  ProtocolSession,
  Standby,
} from "../../src/network/protocols/handler.ts";

/** Behaviour of the server on the other end of one link. */
export interface FakeDhcpBehaviour {
  /** Undefined: no server answers. */
  lease: IpSettings | undefined;
}

/** One session, as a test sees it. */
export interface FakeDhcpSession {
  readonly link: ProtocolLink;
  readonly config: Dhcp4Config;
  readonly host: ProtocolHost;
  isUp: boolean;
  renewals: number;
  /** "released", "dropped" or "running". */
  end: string;
}

/** A session that waits for its carrier, as a test sees it. */
export interface FakeDhcpStandby {
  readonly link: ProtocolLink;
  readonly config: Dhcp4Config;
  /** "taken": an owner has attached. */
  state: "ready" | "asking" | "taken" | "ended";
}

/** A DHCP handler whose servers answer in the same turn, or never. */
export class FakeDhcpHandler implements ProtocolHandler<Dhcp4Config> {
  readonly name = "dhcp4";
  readonly awaits = "lease";
  readonly servers = new Map<string, FakeDhcpBehaviour>();
  readonly sessions: FakeDhcpSession[] = [];
  /** All that were ever made ready. */
  readonly standbys: FakeDhcpStandby[] = [];

  /** The server behind the link of that name gives 192.0.2.<host>/24, changed by `extra`. */
  serve(linkName: string, host: number, extra: Partial<IpSettings> = {}): void {
    this.servers.set(linkName, { lease: leaseOf(host, extra) });
  }
  standBy(link: ProtocolLink, config: Dhcp4Config): Standby | undefined {
    if (config.resume !== undefined) return undefined;
    const standby: FakeDhcpStandby = { link, config, state: "ready" };
    this.standbys.push(standby);
    return {
      isFor: (other, wanted) => standby.state === "ready" && isSame(standby, other, wanted as Dhcp4Config),
      begin: () => {
        const isFirst = standby.state === "ready";
        if (isFirst) standby.state = "asking";
        return isFirst;
      },
      end: () => {
        if (standby.state !== "taken") standby.state = "ended";
      },
    };
  }
  /** `eth0 asking, eth1 ready`: those that are not over. */
  get waiting(): string {
    const waiting = this.standbys.filter(({ state }) => state === "ready" || state === "asking");
    return waiting.map(({ link, state }) => `${link.name} ${state}`).join(", ");
  }
  attach(link: ProtocolLink, config: Dhcp4Config, host: ProtocolHost): ProtocolSession {
    for (const standby of this.standbys) {
      if (standby.link.index !== link.index || standby.state === "ended" || standby.state === "taken") continue;
      standby.state = isSame(standby, link, config) ? "taken" : "ended";
    }
    const session: FakeDhcpSession = { link, config, host, isUp: false, renewals: 0, end: "running" };
    this.sessions.push(session);
    return {
      setup: (abort) => this.#setUp(session, abort),
      teardown: async ({ force }) => {
        if (session.isUp) session.end = force ? "dropped" : "released";
        session.isUp = false;
      },
      renew: () => {
        session.renewals++;
      },
    };
  }
  /** The newest session on a link. */
  session(linkName: string): FakeDhcpSession {
    const session = this.sessions.findLast(({ link }) => link.name === linkName);
    if (!session) throw new Error(`no DHCP session was made on ${linkName}`);
    return session;
  }
  #setUp(session: FakeDhcpSession, abort: AbortSignal): Promise<IpSettings> {
    const lease = this.servers.get(session.link.name)?.lease;
    if (lease) {
      session.isUp = true;
      return Promise.resolve(lease);
    }
    return new Promise((_resolve, reject) => {
      abort.addEventListener("abort", () => reject(new DaemonError("OperationAborted")), { once: true });
    });
  }
}

const isSame = (standby: FakeDhcpStandby, link: ProtocolLink, config: Dhcp4Config): boolean =>
  isDeepStrictEqual(standby.link, link) &&
  isDeepStrictEqual({ ...standby.config, leases: 0 }, { ...config, leases: 0 }) &&
  standby.config.leases === config.leases;

export const leaseOf = (host: number, extra: Partial<IpSettings> = {}): IpSettings => ({
  ipv4: { family: 4, address: `192.0.2.${host}`, prefixLength: 24, gateway: "192.0.2.1", validSeconds: 3600 },
  routes: [],
  nameServers: ["192.0.2.1"],
  searchDomains: ["example.test"],
  ntpServers: [],
  ...extra,
});
