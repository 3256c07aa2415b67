/** Ports, options and observer of a Network. */
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Quiet } from "../base/quiet.ts";
import type { ProtocolRequest } from "./acquisition.ts";
import type { ConflictListener, FixedAddressPorts } from "./address-conflicts.ts";
import type { GracePorts, HoldSink } from "./carrier-grace.ts";
import type { IpFamilySettings, IpSettings } from "./ip-settings.ts";
import type { ApplyResult } from "./kernel/applier.ts";
import type { AddressLifetime, NetworkWish } from "./kernel/wish.ts";
import type { DynamicSource } from "./merge.ts";
import type { ProtocolLink } from "./protocols/handler.ts";
import type { ProtocolRegistry } from "./protocols/registry.ts";
import type { StaticIp } from "./static-ip.ts";

export type NetworkState = "idle" | "configuring" | "connected";

export type NetworkFailure =
  /** Nothing to start: no static address, no protocol. */
  | "no-ip-configuration"
  /** No lease within the time limit, and no other addressing to go on with. */
  | "dhcp-failed"
  /** The same of the protocols of a network without DHCPv4. */
  | "protocol-failed"
  /** The other end does not take the user name or the password. */
  | "authentication-refused"
  /** The kernel does not take the address. */
  | "address-refused";

/** Never called from inside a call to the Network. */
export interface NetworkObserver extends ConflictListener {
  /**
   * The addressing is in the kernel. `first`: for the first time since the start; otherwise it differs from the one
   * before, or is there again after a loss, and earlier findings about the network are to be checked anew.
   */
  connected(first: boolean): void;
  /** A value that clients are shown is different. Told before {@link connected}. */
  changed(): void;
  /** The present step on the way to addressing, as text for people. */
  stepped?(text: string): void;
  /** The Network has stopped itself and taken everything back. */
  failed(reason: NetworkFailure, detail: string): void;
}

/** The part of an Applier that a Network needs. */
export interface WishSink extends HoldSink {
  prepare(link: number): void;
  setNetwork(link: number, wish: NetworkWish, onApplied: (result: ApplyResult) => void): void;
  putAddress(link: number, address: IpFamilySettings, lifetime: AddressLifetime | undefined): void;
}

/** {@link FixedAddressPorts}: for addresses that DHCP has not leased; the DHCP client watches its own. */
export interface NetworkPorts extends GracePorts, FixedAddressPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly applier: WishSink;
  readonly protocols: Pick<ProtocolRegistry, "get">;
  /** Over when the address is there, or when none comes. Absent: it is never quiet. */
  readonly quiet?: Pick<Quiet, "end">;
}

export interface NetworkOptions {
  readonly link: ProtocolLink;
  /** Laid over the settings of the network. Absent: nothing is fixed. */
  readonly static?: StaticIp;
  /** Settings known from the start: a WireGuard file, a section with fixed addresses of both families. */
  readonly given?: { readonly [S in DynamicSource]?: IpSettings };
  /** Protocols to run, in the order in which they are begun. */
  readonly protocols?: readonly ProtocolRequest[];
  /** Another program has configured the link and goes on to: `given` is shown, and nothing is written to the kernel. */
  readonly isKept?: boolean;
}

export interface StopOptions {
  /** Give the lease back to the server. Only a link with carrier can say farewell. */
  readonly release: boolean;
  /** Leave addresses, routes and rules in the kernel, for a daemon that is about to be started again. */
  readonly leaveConfigured?: boolean;
  /** The carrier is lost, perhaps for a moment: addresses, routes and MTU stay for a while. */
  readonly isCarrierLost?: boolean;
}
