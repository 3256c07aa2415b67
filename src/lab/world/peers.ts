import { readlinkSync } from "node:fs";
import { type ManagedProcess, run, startProcess, tryRun } from "./processes.ts";

/**
 * Ends the process unless it runs where `in-namespace` put it. Called before anything that changes links, addresses,
 * sysctls or starts daemons: in the host's own namespace such a test would cut its life line.
 */
export function requirePrivateNamespace(): void {
  const outer = process.env.FAIRLEAD_OUTER_NETNS;
  const inner = readlinkSync("/proc/self/ns/net");
  if (outer !== undefined && outer !== "" && outer !== inner) return;
  console.error("refused: this must run in a private network namespace; start it with test/harness/in-namespace FILE");
  process.exit(125);
}

/** Another machine as the network sees it: a network namespace reached by cables. */
export interface Peer {
  readonly netns: string;
  /** Standard output of a command that must succeed. */
  exec(command: string, ...args: string[]): string;
  spawn(command: string, args: readonly string[]): ManagedProcess;
  /** Takes its cables with it. */
  remove(): void;
}

export function addPeer(name: string): Peer {
  requirePrivateNamespace();
  run("ip", ["netns", "add", name]);
  run("ip", ["-n", name, "link", "set", "lo", "up"]);
  const enter = (command: string, args: readonly string[]) => [`--net=/run/netns/${name}`, command, ...args];
  return {
    netns: name,
    exec: (command, ...args) => run("nsenter", enter(command, args)),
    spawn: (command, args) => startProcess("nsenter", enter(command, args), { name: `${command}@${name}` }),
    remove: () => void tryRun("ip", ["netns", "del", name]),
  };
}

/** A veth pair: our end is `link`; the other end is in the peer. */
export interface Cable {
  readonly link: string;
  readonly peerLink: string;
  /** The far end goes up or down, so that our end sees its carrier come and go as with a real cable. */
  plug(): void;
  unplug(): void;
  remove(): void;
}

export interface CableOptions {
  /** Name of the far end; by default that of the near one. */
  readonly peerLink?: string;
  /** Address of the far end, as `10.1.0.1/24`. */
  readonly address?: string;
  /** Hardware address of our end, as `02:00:00:00:00:01`. */
  readonly mac?: string;
  /** Bridge in the peer that the far end becomes a port of. */
  readonly bridge?: string;
  /** Whether the far end is up from the beginning. Default true. */
  readonly plugged?: boolean;
}

/**
 * The kernel reports the carrier of a veth at once, unless both ends happen to have the same index: then it takes the
 * link for hardware that flaps, and may say so seconds later. It heeds the far one only if the near one is given too.
 */
const firstIndex = { near: 101, far: 1_000_101 };
let cables = 0;

export function addCable(linkName: string, peer: Peer, options: CableOptions = {}): Cable {
  requirePrivateNamespace();
  const { peerLink = linkName, address, mac, bridge, plugged = true } = options;
  const ipPeer = (...args: string[]) => run("ip", ["-n", peer.netns, ...args]);
  const index = { near: String(firstIndex.near + cables), far: String(firstIndex.far + cables++) };
  const near = mac === undefined ? [] : ["address", mac];
  const far = ["peer", "name", peerLink, "index", index.far, "netns", peer.netns];
  run("ip", ["link", "add", linkName, "index", index.near, ...near, "type", "veth", ...far]);
  leaveChecksumsDone(peer, peerLink);
  if (bridge !== undefined) ipPeer("link", "set", peerLink, "master", bridge);
  if (address !== undefined) ipPeer("address", "add", address, "dev", peerLink);
  if (plugged) ipPeer("link", "set", peerLink, "up");
  return {
    link: linkName,
    peerLink,
    plug: () => void ipPeer("link", "set", peerLink, "up"),
    unplug: () => void ipPeer("link", "set", peerLink, "down"),
    remove: () => void tryRun("ip", ["link", "del", linkName]),
  };
}

/**
 * A bridge that is always up thanks to a second port: one whose only port flaps gets its carrier a second late.
 * `address` as `10.1.0.1/24`.
 */
export function addBridge(name: string, peer: Peer, address?: string): void {
  const ipPeer = (...args: string[]) => run("ip", ["-n", peer.netns, ...args]);
  ipPeer("link", "add", name, "type", "bridge", "forward_delay", "0");
  // A veth pair, since not every kernel has dummy links.
  ipPeer("link", "add", `${name}-keep`, "type", "veth", "peer", "name", `${name}-end`);
  ipPeer("link", "set", `${name}-end`, "up");
  ipPeer("link", "set", `${name}-keep`, "master", name, "up");
  ipPeer("link", "set", name, "up");
  if (address !== undefined) ipPeer("address", "add", address, "dev", name);
}

/**
 * A virtual link leaves the UDP checksum to hardware that is not there. Our client copes; others on packet sockets do
 * not, and a capture would show false errors. Without ethtool the tests still hold.
 */
function leaveChecksumsDone(peer: Peer, link: string): void {
  tryRun("nsenter", [`--net=/run/netns/${peer.netns}`, "ethtool", "-K", link, "tx", "off"]);
}
