import { type DhcpServer, startDhcpServer } from "./world/dhcp-server.ts";
import { addBridge, addCable, addPeer, type Cable, type Peer } from "./world/peers.ts";
import { run } from "./world/processes.ts";

/** One wire and the network at its far end. The addresses are private (RFC 1918) or for documentation (RFC 5737). */
interface Segment {
  readonly link: string;
  readonly bridge: string;
  readonly router: string;
  readonly range: string;
}
const segments: readonly Segment[] = [
  { link: "eth0", bridge: "lan0", router: "192.168.10.1", range: "192.168.10.100,192.168.10.199,255.255.255.0,10m" },
  { link: "eth1", bridge: "lan1", router: "192.168.20.1", range: "192.168.20.100,192.168.20.199,255.255.255.0,10m" },
];

/** An address behind both routers, so that there is something to ping by whichever way is the best. */
export const internetAddress = "203.0.113.1";
const peerName = "network";

/** Two cables, each to a router with a DHCP server. */
export class LabNetwork {
  readonly #cables = new Map<string, Cable>();
  readonly #servers = new Map<string, DhcpServer>();
  /** Leases of the servers when they were switched off: a server that comes back still knows its leases. */
  readonly #keptLeases = new Map<string, string>();
  private constructor(private readonly peer: Peer) {}

  static async build(): Promise<LabNetwork> {
    const peer = addPeer(peerName);
    run("ip", ["-n", peerName, "address", "add", `${internetAddress}/32`, "dev", "lo"]);
    const network = new LabNetwork(peer);
    for (const { link, bridge, router } of segments) {
      addBridge(bridge, peer, `${router}/24`);
      network.#cables.set(link, addCable(link, peer, { bridge }));
    }
    await network.switchServers(true);
    return network;
  }

  get links(): readonly string[] {
    return segments.map(({ link }) => link);
  }
  get serverPids(): readonly number[] {
    return [...this.#servers.values()].map(({ process }) => process.pid);
  }

  /** Pulls the cable at its far end or puts it back; false: no such link. */
  setPlugged(link: string, plugged: boolean): boolean {
    const cable = this.#cables.get(link);
    if (plugged) cable?.plug();
    else cable?.unplug();
    return cable !== undefined;
  }

  /** All DHCP servers; switching to the present state changes nothing. */
  async switchServers(on: boolean): Promise<void> {
    for (const segment of segments) await (on ? this.#startServer(segment) : this.#stopServer(segment));
  }
  async #startServer({ bridge, router, range }: Segment): Promise<void> {
    if (this.#servers.has(bridge)) return;
    const options = [`option:router,${router}`, `option:dns-server,${router}`, "option:domain-name,lab.example"];
    const leases = this.#keptLeases.get(bridge) ?? "";
    const server = await startDhcpServer(this.peer, { link: bridge, range, options, leases, rapidCommit: true });
    this.#servers.set(bridge, server);
  }
  async #stopServer({ bridge }: Segment): Promise<void> {
    const server = this.#servers.get(bridge);
    if (!server) return;
    this.#keptLeases.set(bridge, server.leases());
    this.#servers.delete(bridge);
    await server.stop();
  }
}
