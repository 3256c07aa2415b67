/** Layer 3 of a Service without rules of its own: its static settings, and DHCP for the rest. */
import type { ProtocolRequest } from "../network/acquisition.ts";
import type { NetworkOptions } from "../network/network-ports.ts";
import type { Dhcp4Config, HeldAddress, LeaseKeeper } from "../network/protocols/dhcp4/config.ts";
import type { StaticIp } from "../network/static-ip.ts";
import type { LeaseNetwork, LeaseOwner } from "../profiles/lease-keeper.ts";

/** The Device that layer 3 is planned for. */
export interface Layer3Device extends LeaseOwner {
  readonly name: string;
  readonly mac: string;
  readonly link: { readonly index: number; readonly mtu: number };
}

/** State of a link that outlives a plan. */
export interface Layer3Ports {
  /** Two messages instead of four with servers that can (RFC 4039). */
  readonly wantsRapidCommit: boolean;
  leasesOf(device: LeaseOwner, network?: LeaseNetwork): LeaseKeeper;
  /** The network is in a Profile now: its first lease may be older. Throws DaemonError of the store. */
  storeLeases(network: LeaseNetwork): void;
  /** Addresses that an earlier run of the daemon put on the link, while they are in use. */
  heldOn(linkIndex: number): readonly HeldAddress[];
}

/** The administrator's settings for all plans. */
export interface Layer3Settings {
  /** Host name to send to DHCP servers; empty: none. */
  readonly dhcpHostname: string;
  readonly isRfc8925Enabled: boolean;
}

export interface Layer3Host {
  readonly layer3: Layer3Ports;
  readonly settings: Layer3Settings;
}

export interface Layer3Wish {
  readonly staticIp: StaticIp;
  readonly wantsDhcp: boolean;
  /** Absent: the network is known by its server alone, and leases are those of the link. */
  readonly leaseNetwork?: LeaseNetwork | undefined;
}

/** A moment before the Network's own limit of 30 s, which knows no more than that the time is up. */
const acquisitionLimitMs = 29_900;

export function layer3Plan(device: Layer3Device, wish: Layer3Wish, host: Layer3Host): NetworkOptions {
  const { name, mac } = device;
  const { index, mtu } = device.link;
  const link = { index, name, mac, mtu };
  const protocols: readonly ProtocolRequest[] = wish.wantsDhcp
    ? [
        { source: "dhcp4", config: dhcp4Plan(device, wish, host) },
        { source: "slaac", config: {} },
      ]
    : [];
  return { link, static: wish.staticIp, protocols };
}

function dhcp4Plan(device: Layer3Device, wish: Layer3Wish, { layer3, settings }: Layer3Host): Dhcp4Config {
  const held = layer3.heldOn(device.link.index);
  return {
    leases: layer3.leasesOf(device, wish.leaseNetwork),
    ...(settings.dhcpHostname && { hostname: settings.dhcpHostname }),
    rapidCommit: layer3.wantsRapidCommit,
    acquisitionLimitMs,
    ...(settings.isRfc8925Enabled && { ipv6OnlyPreferred: true }),
    ...(held.length > 0 && { resume: "in-use" as const, held }),
  };
}
