/** The Applier on the real kernel of a private namespace, with two cables. */
import type { TestContext } from "node:test";
import { emptyIpSettings, type IpSettings } from "../../../src/network/ip-settings.ts";
import { Applier } from "../../../src/network/kernel/applier.ts";
import type { NetworkWish } from "../../../src/network/kernel/wish.ts";
import { mergeSettings } from "../../../src/network/merge.ts";
import { KernelRtnl } from "../../../src/rtnl/kernel.ts";
import { BootClock } from "../../../src/system/boot-clock.ts";
import { Sysctl } from "../../../src/system/sysctl.ts";
import { RecordingLog } from "../../fakes/recording-log.ts";
import { addBridge, addCable, addPeer, type Cable, type Peer, run } from "../../harness/namespace.ts";

export interface RealWorld {
  readonly peer: Peer;
  readonly cables: { readonly eth0: Cable; readonly eth1: Cable };
  readonly rtnl: KernelRtnl;
  readonly clock: BootClock;
  readonly log: RecordingLog;
  readonly applier: Applier;
  readonly eth0: number;
  readonly eth1: number;
  /** A second one, as after a crash of the daemon. */
  makeApplier(): Applier;
}

export interface RealWorldOptions {
  /** Addresses of the router's ends: in two networks by default. `undefined`: both cables end in one bridge. */
  readonly routerAddresses?: readonly [eth0: string, eth1: string] | undefined;
}

export async function makeRealWorld(t: TestContext, options: RealWorldOptions = {}): Promise<RealWorld> {
  const { routerAddresses = ["10.1.0.1/24", "10.2.0.1/24"] } = options;
  const peer = addPeer("router");
  const cables = "routerAddresses" in options && !options.routerAddresses ? joined(peer) : apart(peer, routerAddresses);
  t.after(() => {
    // The kernel takes its time to remove a namespace, and our ends would live on meanwhile.
    for (const cable of Object.values(cables)) cable.remove();
    peer.remove();
  });
  for (const { link } of Object.values(cables)) run("ip", ["link", "set", link, "up"]);
  const clock = new BootClock();
  const log = new RecordingLog();
  const rtnl = new KernelRtnl({ clock, log });
  await rtnl.start();
  const makeApplier = () => new Applier({ rtnl, clock, log, sysctls: new Sysctl() });
  const applier = makeApplier();
  t.after(() => {
    applier.close();
    rtnl.close();
    clock.close();
  });
  const index = (name: string): number => rtnl.snapshot.linkByName(name)?.index ?? -1;
  return { ...{ peer, cables, rtnl, clock, log, applier, makeApplier }, eth0: index("eth0"), eth1: index("eth1") };
}

function apart(peer: Peer, [first, second]: readonly [string, string]) {
  return {
    eth0: addCable("eth0", peer, { peerLink: "lan0", address: first }),
    eth1: addCable("eth1", peer, { peerLink: "lan1", address: second }),
  };
}

function joined(peer: Peer) {
  addBridge("lan", peer, "10.1.0.1/24");
  return {
    eth0: addCable("eth0", peer, { bridge: "lan", peerLink: "port0" }),
    eth1: addCable("eth1", peer, { bridge: "lan", peerLink: "port1" }),
  };
}

/** `wish("10.0.0.2/24", "10.0.0.1")` */
export function wish(cidr: string, gateway?: string, more: Partial<IpSettings> = {}): NetworkWish {
  const [address = "", prefixLength] = cidr.split("/");
  const family = address.includes(":") ? 6 : 4;
  const own = { family, address, prefixLength: Number(prefixLength), ...(gateway === undefined ? {} : { gateway }) };
  const settings = { ...emptyIpSettings, [`ipv${family}`]: own, ...more };
  return { settings: mergeSettings(family === 4 ? { dhcp4: settings } : { slaac: settings }) };
}

/** Lines of `ip`, sorted, without objects that the kernel makes by itself. */
export const ip = (...args: string[]): string =>
  run("ip", args)
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "" && !/^(fe80::|multicast|local|broadcast|anycast)| dev lo /.test(line))
    .sort()
    .join("\n");
export const lines = (...all: string[]): string => [...all].sort().join("\n");
