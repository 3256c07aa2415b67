/** The command line of pppd(8) for one PPPoE session. Pure. */
import type { ProtocolLink } from "../handler.ts";

export const pppdProgram = "/usr/sbin/pppd";
/**
 * A program of the handlers' folders that becomes pppd after a look at its arguments, for a daemon that is not root.
 */
export const checkedPppd = "pppoe-session";

/** How the other end is asked whether it is still there (LCP echo, RFC 1661, 5.8). */
export interface Keepalive {
  /** Unanswered requests until the session is given up; 0: none is sent. */
  readonly failures: number;
  readonly intervalSeconds: number;
}
/** A session whose other end vanished without notice is found out within half a minute. */
export const defaultKeepalive: Keepalive = { failures: 5, intervalSeconds: 5 };

export interface PppoeConfig {
  /** Empty: pppd says the name of the host. */
  readonly userName: string;
  /** Secret. */
  readonly password: string;
  /** Name of the access concentrator; absent: whichever answers. */
  readonly accessConcentrator?: string;
  /** Service-Name of the discovery (RFC 2516, 5.1); absent: any. */
  readonly serviceName?: string;
  readonly keepalive: Keepalive;
  /** Bytes; absent: the most that fits into the link below. */
  readonly mtu?: number;
  /** Whether the session is a way out to everywhere. */
  readonly wantsDefaultRoute: boolean;
  /** Whether the other end is asked for name servers. */
  readonly wantsNameServers: boolean;
}

/** Six bytes of PPPoE and two of PPP in each Ethernet frame (RFC 2516, 7). */
const pppoeOverhead = 8;
/** Three questions, which wait 2, 4 and 8 s for an answer: it is known well before a Network's limit of 30 s. */
const discovery = ["pppoe-padi-timeout", "2", "pppoe-padi-attempts", "3"] as const;

/**
 * The password is read from standard input, by a plugin of pppd, so that it stands in no argument and in no file.
 * Features of pppd that touch the rest of the machine are switched off: default route, scripts of the distribution,
 * IPv6.
 */
export function pppdCommand(
  program: string,
  link: ProtocolLink,
  config: PppoeConfig,
): readonly [program: string, ...rest: string[]] {
  const { userName, accessConcentrator, serviceName, keepalive } = config;
  const mtu = Math.min(config.mtu ?? link.mtu, link.mtu - pppoeOverhead);
  return [
    program,
    ...["plugin", "pppoe.so", ...discovery],
    ...(accessConcentrator === undefined ? [] : ["pppoe-ac", accessConcentrator]),
    ...(serviceName === undefined ? [] : ["pppoe-service", serviceName]),
    // After them: pppd 2.4.9 reads how to look for a concentrator when it is told where. The prefix keeps a link that
    // is called as an option from being one.
    `nic-${link.name}`,
    ...["plugin", "passwordfd.so", "passwordfd", "0"],
    ...(userName === "" ? [] : ["user", userName]),
    // One session for one process: the daemon decides when to try again.
    ...["nodetach", "nopersist", "maxfail", "1"],
    ...["noauth", "noipdefault", "noccp", "noipv6", "nodefaultroute", "noproxyarp"],
    ...["ipparam", "fairlead", "ip-up-script", "/bin/true", "ip-down-script", "/bin/true"],
    ...(config.wantsNameServers ? ["usepeerdns"] : []),
    ...["mtu", String(mtu), "mru", String(mtu)],
    ...echo(keepalive),
  ];
}

const echo = ({ failures, intervalSeconds }: Keepalive): readonly string[] => [
  ...["lcp-echo-failure", String(failures)],
  ...["lcp-echo-interval", String(failures === 0 ? 0 : intervalSeconds)],
];
