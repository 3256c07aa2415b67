import type { TestContext } from "node:test";
import { type DaemonOptions, type Properties, TestDaemon } from "../../harness/daemon.ts";
import type { DaemonClient } from "../../harness/daemon-client.ts";
import { type DhcpServer, type DhcpServerOptions, startDhcpServer } from "../../harness/dhcp-server.ts";
import { addCable, addPeer, type Cable, type CableOptions, type Peer } from "../../harness/namespace.ts";
import { type ManagedProcess, startProcess, tryRun } from "../../harness/processes.ts";
import { until } from "../../harness/until.ts";

/** The daemon as a program. Its log is shown when the test fails. */
export async function startDaemon(t: TestContext, options: DaemonOptions = {}): Promise<TestDaemon> {
  const daemon = await TestDaemon.start(options);
  t.after(async () => {
    explain(t, "the daemon", daemon.log());
    await daemon.remove();
    // It leaves its rules for the next one, as it should; the next test is to find none.
    tryRun("ip", ["rule", "flush", "protocol", "102"]);
  });
  return daemon;
}

/** Shows a program's output if the test failed. */
function explain(t: TestContext, who: string, log: string): void {
  // Node has it since 20.12; its types say so later.
  const { passed } = t as TestContext & { readonly passed?: boolean };
  if (!passed) t.diagnostic(`${who} said:\n${log.slice(-8000)}`);
}

export interface Lan {
  readonly peer: Peer;
  readonly cable: Cable;
  readonly server: DhcpServer;
}

export interface LanOptions extends CableOptions {
  /** Our end. Default `eth0`. */
  readonly link?: string;
  /** First three numbers of the network; its router is .1, its leases are .100 to .199. Default `10.1.0`. */
  readonly net?: string;
  readonly dhcp?: Partial<DhcpServerOptions>;
}

/** A cable that is gone when the test ends. */
export function plugIn(t: TestContext, link: string, peer: Peer, options: CableOptions = {}): Cable {
  const cable = addCable(link, peer, options);
  t.after(() => cable.remove());
  return cable;
}

/** A router with a DHCP server behind a cable. */
export async function addLan(t: TestContext, name: string, options: LanOptions = {}): Promise<Lan> {
  const { link = "eth0", net = "10.1.0", dhcp = {}, ...cableOptions } = options;
  const peer = addPeer(name);
  t.after(() => peer.remove());
  const cable = plugIn(t, link, peer, { peerLink: "lan", address: `${net}.1/24`, ...cableOptions });
  return { peer, cable, server: await startServer(t, peer, net, dhcp) };
}

/** dnsmasq for leases .100 to .199 of `net` on the peer's link `lan`. */
export async function startServer(
  t: TestContext,
  peer: Peer,
  net: string,
  dhcp: Partial<DhcpServerOptions> = {},
): Promise<DhcpServer> {
  const range = `${net}.100,${net}.199,255.255.255.0,1h`;
  const options = [`option:dns-server,${net}.53`, "option:domain-search,lan.test"];
  const server = await startDhcpServer(peer, { link: "lan", range, options, ...dhcp });
  t.after(() => {
    explain(t, "the DHCP server", server.log());
    return server.stop();
  });
  return server;
}

/** How often the server said a word: DHCPDISCOVER, DHCPREQUEST, DHCPACK, DHCPNAK ... */
export const times = (server: DhcpServer, word: string): number => server.log().split(`${word}(`).length - 1;

/** The Service on the Device of the link, also while its cable is out. */
export async function serviceOn(daemon: DaemonClient, link: string): Promise<Properties | undefined> {
  for (const path of (await daemon.manager()).ServiceCompleteList as string[]) {
    const service = await daemon.properties(path, "Service").catch(() => undefined);
    if (service?.Device === `/device/${link}`) return { path, ...service };
  }
  return undefined;
}
/** The limit leaves room for two lost packets: DHCP sends again after 4 and 8 seconds. */
export function untilState(daemon: DaemonClient, link: string, state: string, limitMs = 20_000): Promise<Properties> {
  const found = async () => {
    const service = await serviceOn(daemon, link);
    return service?.State === state && service;
  };
  return until(`the Service on ${link} is ${state}`, found, limitMs) as Promise<Properties>;
}
export const devicePaths = async (daemon: DaemonClient): Promise<readonly string[]> =>
  [...((await daemon.manager()).Devices as string[])].sort();

/** Starts a Python program in a peer (or here), and waits until it prints `ready`. */
export async function startPython(
  t: TestContext,
  program: string,
  args: readonly string[] = [],
  peer?: Peer,
): Promise<ManagedProcess> {
  const all = ["-u", "-c", program, ...args];
  const started = peer ? peer.spawn("/usr/bin/python3", all) : startProcess("/usr/bin/python3", all);
  t.after(() => started.end());
  await started.untilOutput(/^ready$/m);
  return started;
}
