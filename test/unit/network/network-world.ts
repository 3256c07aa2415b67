/** A Network on the link eth0 of a kernel in memory, with a DHCP client that does as it is told. */
import assert from "node:assert/strict";
import type { IpSettings } from "../../../src/network/ip-settings.ts";
import { Network } from "../../../src/network/network.ts";
import type { NetworkOptions } from "../../../src/network/network-ports.ts";
import type { ProtocolLink } from "../../../src/network/protocols/handler.ts";
import { FakeProtocolHandler } from "../../fakes/fake-protocol-handler.ts";
import { dhcp4With, protocolsOf } from "../../fakes/protocols.ts";
import { ipv4, makeKernelWorld, settingsOf } from "./kernel/kernel-world.ts";

export const lease = (cidr = "10.0.0.9/24", more: Partial<IpSettings> = {}): IpSettings =>
  settingsOf({
    ipv4: ipv4(cidr, "10.0.0.1", { validSeconds: 600 }),
    nameServers: ["10.0.0.53"],
    searchDomains: ["lan"],
    ...more,
  });
export const router = settingsOf({ ipv6: ipv4("2001:db8::5/64", "fe80::1"), nameServers: ["2001:db8::53"] });

export async function makeWorld() {
  const kernelWorld = await makeKernelWorld();
  const { kernel, clock, applier, eth0, log } = kernelWorld;
  applier.releaseUnclaimed();
  await applier.settled();
  const link: ProtocolLink = { index: eth0, name: "eth0", mac: "02:00:00:00:00:02", mtu: 1500 };
  const dhcp = new FakeProtocolHandler();
  const told: string[] = [];
  const network = new Network(
    { clock, log, applier, protocols: protocolsOf({ dhcp4: dhcp }) },
    {
      connected: (first) => told.push(first ? "connected first" : "connected again"),
      changed: () => told.push("changed"),
      failed: (reason, detail) => told.push(`failed ${reason}: ${detail}`),
      conflicted: ({ mac, outcome }) => told.push(`conflict ${mac} ${outcome}`),
      conflictOver: (because) => told.push(`conflict over: ${because}`),
    },
  );
  const heard = async (): Promise<string> => {
    await clock.settle();
    return told.splice(0).join(", ");
  };
  const start = (options: Partial<NetworkOptions> = { protocols: dhcp4With() }) => network.start({ link, ...options });
  const addresses = (): string =>
    kernel.snapshot
      .addresses(eth0)
      .map(({ address }) => address)
      .join(" ");
  return { ...kernelWorld, network, dhcp, told, heard, start, addresses, link };
}

export async function makeConnected(options: Partial<NetworkOptions> = { protocols: dhcp4With() }) {
  const world = await makeWorld();
  world.start(options);
  if (options.protocols) world.dhcp.last.up(lease());
  assert.match(await world.heard(), /connected first$/);
  world.dhcp.sessions.at(-1)?.takeCalls();
  return world;
}
