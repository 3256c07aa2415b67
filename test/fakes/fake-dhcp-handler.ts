import { DaemonError } from "../../src/base/errors.ts";
import type { IpSettings } from "../../src/network/ip-settings.ts";
import type { Dhcp4Config } from "../../src/network/protocols/dhcp4/config.ts";
import type {
  ProtocolHandler,
  ProtocolHost,
  ProtocolLink,
  ProtocolSession,
} from "../../src/network/protocols/handler.ts";

/** What the server on the other end of one link does. */
export interface FakeDhcpBehaviour {
  /** Undefined: nobody answers. */
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

/** A DHCP handler whose servers answer in the same turn, or never. */
export class FakeDhcpHandler implements ProtocolHandler<Dhcp4Config> {
  readonly name = "dhcp4";
  readonly awaits = "lease";
  readonly servers = new Map<string, FakeDhcpBehaviour>();
  readonly sessions: FakeDhcpSession[] = [];

  /** The server behind the link of that name gives 192.0.2.<host>/24, or whatever is said. */
  serve(linkName: string, host: number, extra: Partial<IpSettings> = {}): void {
    this.servers.set(linkName, { lease: leaseOf(host, extra) });
  }
  attach(link: ProtocolLink, config: Dhcp4Config, host: ProtocolHost): ProtocolSession {
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

export const leaseOf = (host: number, extra: Partial<IpSettings> = {}): IpSettings => ({
  ipv4: { family: 4, address: `192.0.2.${host}`, prefixLength: 24, gateway: "192.0.2.1", validSeconds: 3600 },
  routes: [],
  nameServers: ["192.0.2.1"],
  searchDomains: ["example.test"],
  ntpServers: [],
  ...extra,
});
