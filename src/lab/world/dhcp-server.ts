import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Peer } from "./peers.ts";
import type { ManagedProcess } from "./processes.ts";

export interface DhcpServerOptions {
  /** The link in the peer that it listens on. */
  readonly link: string;
  /** As dnsmasq's --dhcp-range: "10.1.0.100,10.1.0.200,255.255.255.0,1h". The shortest lease dnsmasq gives is 2m. */
  readonly range: string;
  /** Each as dnsmasq's --dhcp-option: "3,10.1.0.1", "option:dns-server,10.1.0.1", "121,10.9.0.0/16,10.1.0.2". */
  readonly options?: readonly string[];
  readonly rapidCommit?: boolean;
  /** Answers NAK to an unknown address. Default true. */
  readonly authoritative?: boolean;
  /** Leases to begin with, in dnsmasq's format; those of an earlier server's {@link DhcpServer.leases}. */
  readonly leases?: string;
  readonly extraArgs?: readonly string[];
}

export interface DhcpServer {
  readonly process: ManagedProcess;
  /** dnsmasq's lease file: expiry, MAC, address, name and client id per line. */
  leases(): string;
  /** Everything said so far: DHCPDISCOVER, DHCPOFFER, DHCPACK, ... each with link, address and MAC. */
  log(): string;
  stop(): Promise<void>;
}

/** dnsmasq as a DHCP server in a peer; no DNS. Resolves when it answers. */
export async function startDhcpServer(peer: Peer, options: DhcpServerOptions): Promise<DhcpServer> {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-dhcp-"));
  const leaseFile = join(folder, "leases");
  writeFileSync(leaseFile, options.leases ?? "");
  const server = peer.spawn("dnsmasq", dnsmasqArgs(options, leaseFile, folder));
  const leases = () => readFileSync(leaseFile, "utf8");
  const stop = async () => {
    await server.end();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await server.untilOutput(/DHCP, sockets bound|DHCP, IP range/);
  } catch (error) {
    await stop();
    throw error;
  }
  return { process: server, leases, log: () => server.output(), stop };
}

function dnsmasqArgs(options: DhcpServerOptions, leaseFile: string, folder: string): string[] {
  const { link, range, options: dhcpOptions = [], rapidCommit, authoritative = true, extraArgs = [] } = options;
  return [
    "--conf-file=/dev/null",
    "--keep-in-foreground",
    "--log-facility=-",
    "--log-dhcp",
    "--port=0",
    // dnsmasq would change to a user that an unprivileged user namespace does not have.
    "--user=root",
    "--group=",
    `--pid-file=${join(folder, "pid")}`,
    `--dhcp-leasefile=${leaseFile}`,
    // Without it the server pings an address for up to 3 s before it offers it.
    "--no-ping",
    "--bind-interfaces",
    `--interface=${link}`,
    "--except-interface=lo",
    `--dhcp-range=${range}`,
    ...dhcpOptions.map((option) => `--dhcp-option=${option}`),
    ...(rapidCommit ? ["--dhcp-rapid-commit"] : []),
    ...(authoritative ? ["--dhcp-authoritative"] : []),
    ...extraArgs,
  ];
}
