import type { Clock } from "../base/clock.ts";
import type { Device } from "../devices/device.ts";
import type { ProtocolRequest } from "../network/acquisition.ts";
import type { NetworkOptions } from "../network/network.ts";
import type { Dhcp4Config, HeldAddress } from "../network/protocols/dhcp4/config.ts";
import { ProfileLeaseKeeper } from "../profiles/lease-keeper.ts";
import type { ProfileStack } from "../profiles/profile-stack.ts";
import type { Service } from "../services/service.ts";

/** The leases of each Device, read from the Profile when the Device is prepared and not when its cable goes in. */
export class DeviceLeases {
  /** They go with their Device: cards come and go for as long as the daemon runs. */
  readonly #keepers = new WeakMap<Device, { readonly entry: string; readonly keeper: ProfileLeaseKeeper }>();
  constructor(
    private readonly profiles: ProfileStack,
    private readonly clock: Clock,
  ) {}

  /** A lease belongs to the socket, not to the Service: Services swap identities, the server knows the address. */
  of(device: Device): ProfileLeaseKeeper {
    const { storageId: entry } = device;
    const known = this.#keepers.get(device);
    if (known?.entry === entry) return known.keeper;
    const store = () => this.profiles.profileForDevices()?.store;
    const keeper = new ProfileLeaseKeeper({ entry, store, clock: this.clock });
    this.#keepers.set(device, { entry, keeper });
    return keeper;
  }
}

export interface NetworkOptionsSources {
  readonly leases: DeviceLeases;
  readonly dhcpHostname: string;
  readonly isRfc8925Enabled: boolean;
  /** Two messages instead of four with servers that can (RFC 4039). */
  readonly wantsRapidCommit: boolean;
  /** Addresses that an earlier run of the daemon put on the link. */
  held(linkIndex: number): readonly HeldAddress[];
}

/** A moment before the Network's own limit of 30 s, which knows no more than that the time is up. */
const acquisitionLimitMs = 29_900;

/** What a cable's Service wants of layer 3: its static settings, and DHCP for the rest. */
export function networkOptions(device: Device, service: Service, sources: NetworkOptionsSources): NetworkOptions {
  const { index, mtu } = device.link;
  const held = sources.held(index);
  const dhcp: Dhcp4Config = {
    leases: sources.leases.of(device),
    ...(sources.dhcpHostname && { hostname: sources.dhcpHostname }),
    rapidCommit: sources.wantsRapidCommit,
    acquisitionLimitMs,
    ...(sources.isRfc8925Enabled && { ipv6OnlyPreferred: true }),
    ...(held.length > 0 && { resume: "in-use" as const, held }),
  };
  const link = { index, name: device.name, mac: device.mac, mtu };
  const protocols: ProtocolRequest[] = service.wantsDhcp ? [{ source: "dhcp4", config: dhcp }] : [];
  return { link, static: service.staticIp, protocols };
}
