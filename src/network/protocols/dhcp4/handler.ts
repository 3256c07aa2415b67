import { randomUint32 } from "../../../system/random.ts";
import type { ProtocolHandler, ProtocolHost, ProtocolLink, StandbyPorts } from "../handler.ts";
import { ChannelPool } from "./channels.ts";
import { Dhcp4Client } from "./client.ts";
import type { Dhcp4Config } from "./config.ts";
import type { Dhcp4Ports } from "./ports.ts";
import { Dhcp4Session } from "./session.ts";
import { Dhcp4Standby } from "./standby.ts";

export interface Dhcp4Handler extends ProtocolHandler<Dhcp4Config> {
  attach(link: ProtocolLink, config: Dhcp4Config, host: ProtocolHost): Dhcp4Session;
  /** Undefined for a lease that is on the link already: such a session asks nothing that is in a hurry. */
  standBy(link: ProtocolLink, config: Dhcp4Config, ports: StandbyPorts): Dhcp4Standby | undefined;
  /** Opens the link's packet socket before it is needed. Throws SystemError. */
  prepareLink(linkIndex: number): void;
  /** The link is gone: closes its sockets and forgets its back-off. */
  forgetLink(linkIndex: number): void;
  /** Forgets all links. */
  close(): void;
}

/** Packet sockets stay open between sessions, as opening and above all closing them costs. */
export function dhcp4Handler(ports: Dhcp4Ports): Dhcp4Handler {
  const pool = new ChannelPool(ports.packets);
  const { udp, random = Math.random, transactionId = randomUint32, isOwnMac = () => false, bootId } = ports;
  // The system's generator prepares itself at its first use, which should not be the one on the way to an address.
  transactionId();
  const standbys = new Map<number, Dhcp4Standby>();
  /** Throws DaemonError InvalidArguments for settings that no message could carry. */
  const makeSession = (link: ProtocolLink, config: Dhcp4Config, host: ProtocolHost) =>
    new Dhcp4Session(host, config, (session) => {
      const channels = pool.of(link.index);
      const { clock, log } = host;
      return new Dhcp4Client(
        link,
        config,
        { clock, log, channels, udp, random, transactionId, isOwnMac, bootId },
        session,
      );
    });
  const takeStandby = (linkIndex: number): Dhcp4Standby | undefined => {
    const standby = standbys.get(linkIndex);
    standbys.delete(linkIndex);
    return standby;
  };
  return {
    name: "dhcp4",
    awaits: "lease",
    attach: (link, config, host) =>
      takeStandby(link.index)?.handOver(link, config, host) ?? makeSession(link, config, host),
    standBy: (link, config, ports) => {
      takeStandby(link.index)?.end();
      if (config.resume !== undefined) return undefined;
      const standby = new Dhcp4Standby(link, config, ports, (host) => makeSession(link, config, host));
      standbys.set(link.index, standby);
      return standby;
    },
    prepareLink: (linkIndex) => void pool.of(linkIndex).channel("dhcp4-client"),
    forgetLink: (linkIndex) => {
      takeStandby(linkIndex)?.end();
      pool.forget(linkIndex);
    },
    close: () => {
      for (const linkIndex of [...standbys.keys()]) takeStandby(linkIndex)?.end();
      pool.forgetAll();
    },
  };
}
