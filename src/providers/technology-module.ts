import type { PropertyShape } from "../base/property.ts";
import type { PrimaryTechnology, Technology } from "../base/technology.ts";
import type { Device, DeviceHost } from "../devices/device.ts";
import type { Modems } from "../modem/modem.ts";
import type { HandlerCatalogue } from "../network/protocols/script/script-protocols.ts";
import type { Link } from "../rtnl/rtnl.ts";
import type { Wireguard } from "../rtnl/wireguard.ts";
import type { Service } from "../services/service.ts";
import type { Supplicant } from "../supplicant/supplicant.ts";
import type { NameLookup } from "../system/link-dns.ts";
import type { Provider, ProviderHost } from "./provider.ts";

/**
 * The parts of one technology in the daemon. Its folder in technologies/ exports one of these from `module.ts`, the
 * list of them is `technologies/modules.ts`, and no other file names a technology.
 */
export interface TechnologyModule {
  /** Kinds of Services; the first word of an entry's name in a Profile says which of them it belongs to. */
  readonly services: readonly ServiceKind[];
  /** Absent: no link is a Device of it. */
  readonly devices?: DeviceKind;
  /** One for each technology of its Services. */
  makeProviders(host: ProviderHost, ports: TechnologyPorts): readonly Provider[];
}

/** Other daemons and parts of the kernel that technologies drive. */
export interface TechnologyPorts {
  readonly supplicant: Supplicant;
  readonly modems: Modems;
  readonly wireguard: Wireguard;
  readonly names: NameLookup;
  readonly handlers: HandlerCatalogue;
}

export interface ServiceKind {
  readonly technology: Technology;
  /** Properties of its Services, on the bus and in Profiles. */
  readonly shape: PropertyShape<Service>;
  /** The Services are part of the machine: users' Profiles do not set them without an administrator's consent. */
  readonly isMachines?: true;
  /** Rows of its entries that are no properties, beside `Type`. */
  readonly marks?: ReadonlySet<string>;
}

export interface DeviceKind {
  readonly technology: PrimaryTechnology;
  /** Properties of its Devices. */
  readonly shape: PropertyShape<Device>;
  /** Place in the policy Automatic: 0 for cables. Absent: 1, as radios. */
  readonly priorityGroup?: number;
  /** Links of the technology may lack a hardware address; their settings are then remembered by their names. */
  readonly mayLackMac?: true;
  /** `because`: why DeviceInfo took the link for this technology. */
  make(host: DeviceHost, link: Link, because: string, ports: TechnologyPorts): Device;
}

/** Undefined: no module has Services of it. */
export const serviceKindOf = (modules: readonly TechnologyModule[], technology: string): ServiceKind | undefined =>
  modules.flatMap(({ services }) => services).find((kind) => kind.technology === technology);
