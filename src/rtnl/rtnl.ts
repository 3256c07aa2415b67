/**
 * Port to the kernel's routing netlink: the world as a snapshot, its changes as deltas, and orders as requests.
 * `kernel.ts` is the real one; test/fakes/fake-kernel.ts keeps state in memory and obeys the same contract tests.
 */
import type { Cancel } from "../base/clock.ts";

export type Family = 4 | 6;

/** One network link. `hasCarrier` is IFF_LOWER_UP; `isUp` is IFF_UP (administrative). */
export interface Link {
  readonly index: number;
  readonly name: string;
  readonly isUp: boolean;
  readonly hasCarrier: boolean;
  readonly isLoopback: boolean;
  /** Raw IFF_ flags. */
  readonly flags: number;
  /** ARPHRD_ number: 1 ethernet, 772 loopback, 512 ppp, 803 radiotap, 65534 none. */
  readonly hardwareType: number;
  /** Lower-case colon form; absent when the link has no address. */
  readonly mac?: string;
  readonly permanentMac?: string;
  readonly mtu: number;
  readonly minMtu?: number;
  readonly maxMtu?: number;
  readonly txQueueLength: number;
  /** IFLA_OPERSTATE: 0 unknown, 2 down, 3 lower-layer-down, 5 dormant, 6 up. */
  readonly operState: number;
  /** rtnl kind: veth, bridge, vlan, macvlan, dummy, wireguard, ...; absent for hardware. */
  readonly kind?: string;
  /** IFLA_PHYS_PORT_NAME: the driver's name of the port, `p0` or `pf0vf1`; absent for most. */
  readonly portName?: string;
  /** Index of the bridge, bond or vrf this link is enslaved to. */
  readonly master?: number;
  /** IFLA_LINK: the link below (vlan, macvlan) or the veth peer. */
  readonly lowerLink?: number;
  /** The link below lives in another namespace (IFLA_LINK_NETNSID present). */
  readonly isLowerLinkForeign: boolean;
  readonly alternativeNames: readonly string[];
  /** IFLA_IFALIAS: free text about the link; absent for most. */
  readonly alias?: string;
}

export interface Address {
  readonly link: number;
  readonly family: Family;
  readonly address: string;
  readonly prefixLength: number;
  /** The other end of a point-to-point link. */
  readonly peer?: string;
  readonly broadcast?: string;
  /** 0 universe, 200 site, 253 link, 254 host. */
  readonly scope: number;
  /** IFA_F_ flags, all 32 bits; see address-flags.ts. */
  readonly flags: number;
  /** IFA_PROTO; absent on kernels before 5.18 and when unset. */
  readonly protocol?: number;
  /** Seconds left when the kernel last told of the address; absent: for ever. Time passing by makes no delta. */
  readonly validSeconds?: number;
  readonly preferredSeconds?: number;
}

export interface Route {
  readonly family: Family;
  readonly table: number;
  /** CIDR text, `0.0.0.0/0` or `::/0` for the default route. */
  readonly destination: string;
  readonly gateway?: string;
  /** Outgoing link. Absent for unreachable, blackhole, throw. */
  readonly link?: number;
  readonly metric: number;
  readonly preferredSource?: string;
  /** RTPROT_ number. */
  readonly protocol: number;
  readonly scope: number;
  readonly type: RouteType;
  /** RTNH_F_ONLINK. */
  readonly isOnLink?: boolean;
  readonly mtu?: number;
  /** RTA_PREF of IPv6 (RFC 4191); absent: medium. */
  readonly preference?: "low" | "high";
  /**
   * Seconds left when the kernel told of the route; 0: over, and not yet removed. Absent: for ever. Time passing by
   * makes no delta, nor does a router that prolongs it: ask with {@link Rtnl.freshRoutes}.
   */
  readonly expirySeconds?: number;
  /** Multipath: more than one next hop; we report and never make such routes. */
  readonly hasSeveralNextHops?: boolean;
}
export type RouteType =
  | "unicast"
  | "local"
  | "broadcast"
  | "anycast"
  | "multicast"
  | "blackhole"
  | "unreachable"
  | "prohibit"
  | "throw"
  | "other";

export interface Rule {
  readonly family: Family;
  readonly priority: number;
  readonly action: "lookup" | "unreachable" | "blackhole" | "prohibit" | "goto" | "other";
  readonly table: number;
  /** CIDR text. */
  readonly source?: string;
  readonly destination?: string;
  readonly inputInterface?: string;
  readonly outputInterface?: string;
  readonly mark?: number;
  readonly markMask?: number;
  /** FRA_PROTOCOL. */
  readonly protocol: number;
  /**
   * FRA_SUPPRESS_PREFIXLEN: routes found with this prefix length or a shorter one do not count. 0: all but default
   * routes.
   */
  readonly suppressPrefixLength?: number;
  /** FRA_GOTO: with action `goto`, the priority to go on at. */
  readonly gotoPriority?: number;
  /** The conditions are turned round (`ip rule add not from ...`); we report and never make such rules. */
  readonly isInverted?: true;
  /** Conditions that are not shown here (TOS, ports, user ids, ...); we report and never make such rules. */
  readonly hasOtherConditions?: true;
}

/** IPv6 state of a link (IFLA_INET6_). Links without IPv6 have none. */
export interface Ipv6Link {
  readonly link: number;
  /**
   * Flags M and O of the last router advertisement (RFC 4861, 4.2): addresses, or only other settings, are to be had by
   * DHCPv6.
   */
  readonly isManaged: boolean;
  readonly isOtherConfigured: boolean;
  /** The lower 64 bits of addresses to be made; absent: not fixed. */
  readonly token?: string;
  /** IN6_ADDR_GEN_MODE_: 0 EUI-64, 1 none, 2 stable privacy, 3 random. */
  readonly addressGeneration: number;
}

/**
 * An option of a router advertisement that the kernel passes on (RTM_NEWNDUSEROPT). Lifetimes in seconds; absent: for
 * ever.
 */
export type RouterOption =
  | { readonly kind: "name-servers"; readonly servers: readonly string[]; readonly lifetimeSeconds?: number }
  | { readonly kind: "search-domains"; readonly domains: readonly string[]; readonly lifetimeSeconds?: number }
  | { readonly kind: "captive-portal"; readonly uri: string }
  /** RFC 8781; CIDR text. */
  | { readonly kind: "pref64"; readonly prefix: string; readonly lifetimeSeconds: number };

export interface Neighbour {
  readonly link: number;
  readonly family: Family;
  readonly address: string;
  readonly mac?: string;
  /** NUD_ bits. */
  readonly state: number;
}

/** A queueing discipline of a link (tc-..(8)): the treatment of its packets. */
export interface Qdisc {
  readonly link: number;
  /** `tbf`, `ingress`, `fq_codel`, `noqueue`, ... */
  readonly kind: string;
  /** Chosen by the program that made it; 0: the kernel's default. */
  readonly handle: number;
  /** For everything that leaves the link. */
  readonly isRoot: boolean;
  /** Number of the block that the filters of an ingress qdisc are in; absent: they are its own. */
  readonly block?: number;
}

export interface RateLimit {
  /** 1 to 4294967295. */
  readonly bytesPerSecond: number;
  /** So much may pass at once after a pause; less than the largest packet lets none of that size through. */
  readonly burstBytes: number;
  /** Longest queue; of no meaning for a discipline without one. */
  readonly queueBytes: number;
}

/** The world. Read-only for all but the port's own maker; always whole, never half of a dump. */
export interface Snapshot {
  readonly links: ReadonlyMap<number, Link>;
  linkByName(name: string): Link | undefined;
  addresses(link?: number): readonly Address[];
  /**
   * All routes of one table, of one link, or of both. Kept are the types that a person or a daemon sets: unicast,
   * blackhole, unreachable, prohibit, throw; routes that the kernel makes for itself (local, broadcast, anycast,
   * multicast, the `local` table 255, ff00::/8) are not.
   */
  routes(filter?: { readonly table?: number; readonly link?: number }): readonly Route[];
  rules(family?: Family): readonly Rule[];
  readonly ipv6Links: ReadonlyMap<number, Ipv6Link>;
}

export type DeltaReason = "event" | "resync" | "own-request";
export type Delta = { readonly reason: DeltaReason } & (
  | { readonly kind: "link-added"; readonly link: Link }
  | { readonly kind: "link-changed"; readonly link: Link; readonly before: Link }
  /** Also when the link moved to another namespace. */
  | { readonly kind: "link-removed"; readonly link: Link }
  | { readonly kind: "address-added" | "address-removed"; readonly address: Address }
  | { readonly kind: "address-changed"; readonly address: Address; readonly before: Address }
  | { readonly kind: "route-added" | "route-removed"; readonly route: Route }
  | { readonly kind: "rule-added" | "rule-removed"; readonly rule: Rule }
  | { readonly kind: "neighbour-changed"; readonly neighbour: Neighbour; readonly isRemoved: boolean }
  /** Not told when the link goes. */
  | { readonly kind: "ipv6-link-changed"; readonly ipv6: Ipv6Link }
  /** News only: the kernel keeps no options. */
  | { readonly kind: "router-option-heard"; readonly heard: HeardRouterOption }
);
/** A {@link Delta} before it has its reason. */
export type Change = Delta extends infer D ? (D extends Delta ? Omit<D, "reason"> : never) : never;

export interface HeardRouterOption {
  readonly link: number;
  /** Link-local address of the router. */
  readonly router: string;
  readonly option: RouterOption;
}

export interface LinkChange {
  readonly isUp?: boolean;
  readonly mtu?: number;
  readonly mac?: string;
  readonly name?: string;
  readonly txQueueLength?: number;
  /** Free text about the link, at most 255 bytes; empty: none. */
  readonly alias?: string;
  /** 0 takes it out. */
  readonly master?: number;
  /** Moves the link to the network namespace of this process. */
  readonly namespaceOfPid?: number;
}

export type NewLink = { readonly name: string; readonly mac?: string; readonly mtu?: number } & (
  | { readonly kind: "veth"; readonly peerName: string }
  | { readonly kind: "bridge" | "dummy" | "wireguard" }
  | { readonly kind: "vlan"; readonly lowerLink: number; readonly vlanId: number }
  | { readonly kind: "macvlan"; readonly lowerLink: number; readonly mode: "private" | "vepa" | "bridge" | "passthru" }
);

/** Identity of an address to the kernel, and the attributes that we may set. */
export type AddressRequest = Omit<Address, "flags" | "scope"> & {
  readonly scope?: number;
  readonly noPrefixRoute?: boolean;
};

export type KernelRequest =
  | { readonly op: "set-link"; readonly link: number; readonly change: LinkChange }
  | { readonly op: "add-link"; readonly link: NewLink }
  | { readonly op: "delete-link"; readonly link: number }
  /** Adds, or changes lifetimes and flags of the same address. */
  | { readonly op: "put-address"; readonly address: AddressRequest }
  | { readonly op: "delete-address"; readonly address: AddressRequest }
  /** Adds, or replaces the route with the same table, destination and metric. An IPv6 metric of 0 becomes 1024. */
  | { readonly op: "put-route"; readonly route: Route }
  | { readonly op: "delete-route"; readonly route: Route }
  | { readonly op: "add-rule"; readonly rule: Rule }
  | { readonly op: "delete-rule"; readonly rule: Rule }
  /**
   * Has the kernel find out the MAC address of a neighbour; {@link Rtnl.neighbours} has it when it answered. An entry
   * that is there begins anew, also a permanent one.
   */
  | { readonly op: "resolve-neighbour"; readonly link: number; readonly family: Family; readonly neighbour: string }
  /**
   * Slows outgoing packets down. Replaces the kernel's default, or changes the discipline of the same handle; EEXIST
   * where another program's is, ENOENT where the kernel has none of the kind.
   */
  | { readonly op: "put-shaper"; readonly link: number; readonly handle: number; readonly limit: RateLimit }
  /** The kernel's default comes back. EINVAL where the handle is another one. */
  | { readonly op: "delete-shaper"; readonly link: number; readonly handle: number }
  /** A place for filters on arriving packets. EEXIST where there is one, of any program. */
  | { readonly op: "add-ingress"; readonly link: number; readonly block: number }
  /** With its filters, of any program. */
  | { readonly op: "delete-ingress"; readonly link: number }
  /** Drops faster packets that arrive on the links whose ingress has the block. ENOENT: the kernel cannot. */
  | { readonly op: "add-policer"; readonly block: number; readonly limit: RateLimit };

/**
 * The kernel refused. `code` and `errno` as for system calls, `detail` the extended-ack text, `attribute` the one it
 * blames.
 */
export class KernelError extends Error {
  override readonly name = "KernelError";
  constructor(
    readonly request: string,
    readonly code: string,
    readonly errno: number,
    readonly detail?: string,
    readonly attribute?: string,
  ) {
    super(`${request}: ${code}${detail ? ` (${detail})` : ""}${attribute ? ` at ${attribute}` : ""}`);
  }
}

/** Counts since the start of the process. */
export interface RtnlCounters {
  /** Times that events were lost and everything was read anew. */
  readonly overruns: number;
  readonly deltas: number;
  readonly requests: number;
  /** Messages that could not be read and were left out. */
  readonly malformed: number;
  /** Messages that did not come from the kernel and were not read. */
  readonly spoofed: number;
}

export interface Rtnl {
  /** Always the present world. Empty before {@link start} resolved. */
  readonly snapshot: Snapshot;
  /**
   * Subscribes, dumps, and resolves when the snapshot is whole. Listeners hear of everything found as additions, in
   * this call.
   */
  start(): Promise<void>;
  /**
   * Listeners run synchronously, one delta at a time, after the snapshot has changed. One that throws is logged and
   * does not keep the others from running.
   */
  onDelta(listener: (delta: Delta) => void): Cancel;
  /**
   * Listeners hear of a carrier that came (IFF_LOWER_UP) before anything is decoded: the snapshot need not show it yet,
   * and the delta follows in the same turn. For packets that must leave at once. Of a burst only the first message is
   * looked at; the carrier of another link is told by its delta alone.
   */
  onCarrier(listener: (link: number) => void): Cancel;
  /**
   * Rejects with {@link KernelError}. When it resolves the snapshot shows the effect and listeners have heard of it.
   */
  request(request: KernelRequest): Promise<void>;
  /**
   * Sends all in as few system calls as possible, in order; later ones run even if earlier ones are refused. The result
   * has one entry per request: undefined or the error.
   */
  batch(requests: readonly KernelRequest[]): Promise<readonly (KernelError | undefined)[]>;
  /** Asks the kernel for the neighbour table of one link. */
  neighbours(link: number): Promise<readonly Neighbour[]>;
  /** Asks the kernel for the routes of one table, with their remaining times. The snapshot stays as it is. */
  freshRoutes(family: Family, table: number): Promise<readonly Route[]>;
  /** Asks the kernel for the queueing disciplines of all links. */
  qdiscs(): Promise<readonly Qdisc[]>;
  /** For the debug dump. */
  readonly counters: RtnlCounters;
  close(): void;
}
