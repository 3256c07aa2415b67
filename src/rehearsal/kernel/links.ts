/** Links of the kernel in memory: their stored fields, and how carrier and operational state follow from them. */
import type { Link } from "../../rtnl/rtnl.ts";

/** IFF_ flags (include/uapi/linux/if.h). */
const interfaceFlags = {
  up: 0x1,
  broadcast: 0x2,
  loopback: 0x8,
  pointToPoint: 0x10,
  running: 0x40,
  noArp: 0x80,
  multicast: 0x1000,
  lowerUp: 0x10000,
} as const;

/** ARPHRD_ numbers; links of kind `none` have no hardware address. */
const hardwareTypes = { ether: 1, none: 65534 } as const;

export interface StageLink {
  readonly index: number;
  readonly kind: string | undefined;
  readonly hardwareType: number;
  readonly permanentMac: string | undefined;
  readonly minMtu: number;
  readonly maxMtu: number;
  name: string;
  mac: string;
  mtu: number;
  txQueueLength: number;
  isUp: boolean;
  /** The cable of hardware; links of other kinds derive their carrier. */
  isPlugged: boolean;
  master: number | undefined;
  /** Link below (vlan, macvlan) or the other end (veth). */
  lowerLink: number | undefined;
  isLowerLinkForeign: boolean;
  vlanId: number | undefined;
  /** A bridge that never had a port says that it has carrier. */
  hadPorts: boolean;
  /** Set by a request: a bridge then no longer takes that of a port. */
  hasOwnMac: boolean;
  alternativeNames: readonly string[];
  alias: string;
}

export type LinkTable = ReadonlyMap<number, StageLink>;

/** IFF_LOWER_UP as the real kernel computes it for each kind. */
function hasCarrier(link: StageLink, links: LinkTable): boolean {
  if (!link.isUp) return false;
  const lower = link.lowerLink === undefined ? undefined : links.get(link.lowerLink);
  switch (link.kind) {
    case "veth":
      return lower?.isUp === true && !link.isLowerLinkForeign;
    case "vlan":
    case "macvlan":
      return lower !== undefined && hasCarrier(lower, links);
    case "bridge":
      return !link.hadPorts || portsOf(link, links).some((port) => hasCarrier(port, links));
    default:
      return link.isPlugged;
  }
}

const portsOf = (bridge: StageLink, links: LinkTable): readonly StageLink[] =>
  [...links.values()].filter((port) => port.master === bridge.index);

/** A bridge speaks with the lowest address among its ports, and with none at all when the last one left. */
function bridgeMac(bridge: StageLink, links: LinkTable): string {
  if (bridge.hasOwnMac || !bridge.hadPorts) return bridge.mac;
  return (
    portsOf(bridge, links)
      .map((port) => port.mac)
      .sort()[0] ?? "00:00:00:00:00:00"
  );
}

// IF_OPER_ states (RFC 2863): a link that stands on another one says that the lower one is down.
const operStates = { unknown: 0, down: 2, lowerLayerDown: 3, up: 6 } as const;

function operState(link: StageLink, carrier: boolean): number {
  if (!link.isUp) return operStates.down;
  if (link.hardwareType === 772 || link.kind === "wireguard" || (link.kind === "bridge" && !link.hadPorts))
    return operStates.unknown;
  if (carrier) return operStates.up;
  return link.lowerLink === undefined ? operStates.down : operStates.lowerLayerDown;
}

function rawFlags(link: StageLink, carrier: boolean): number {
  const isLoopback = link.hardwareType === 772;
  const isTunnel = link.hardwareType === hardwareTypes.none;
  const ofCable = isTunnel
    ? interfaceFlags.pointToPoint | interfaceFlags.noArp
    : interfaceFlags.broadcast | interfaceFlags.multicast;
  const fixed = isLoopback ? interfaceFlags.loopback : ofCable;
  const running = carrier ? interfaceFlags.running | interfaceFlags.lowerUp : 0;
  return fixed | (link.isUp ? interfaceFlags.up : 0) | running;
}

/** The link as the snapshot shows it. */
export function describeLink(link: StageLink, links: LinkTable): Link {
  const carrier = hasCarrier(link, links);
  return {
    index: link.index,
    name: link.name,
    isUp: link.isUp,
    hasCarrier: carrier,
    isLoopback: link.hardwareType === 772,
    flags: rawFlags(link, carrier),
    hardwareType: link.hardwareType,
    ...(link.hardwareType !== hardwareTypes.none && {
      mac: link.kind === "bridge" ? bridgeMac(link, links) : link.mac,
    }),
    ...(link.permanentMac !== undefined && { permanentMac: link.permanentMac }),
    mtu: link.mtu,
    minMtu: link.minMtu,
    maxMtu: link.maxMtu,
    txQueueLength: link.txQueueLength,
    operState: operState(link, carrier),
    ...(link.kind !== undefined && { kind: link.kind }),
    ...(link.master !== undefined && { master: link.master }),
    ...(link.lowerLink !== undefined && { lowerLink: link.lowerLink }),
    isLowerLinkForeign: link.isLowerLinkForeign,
    alternativeNames: link.alternativeNames,
    ...(link.alias !== "" && { alias: link.alias }),
  };
}

const mtuRanges: Readonly<Record<string, readonly [low: number, high: number]>> = {
  veth: [68, 65535],
  bridge: [68, 65535],
  dummy: [0, 0],
  vlan: [0, 65535],
  macvlan: [68, 65535],
};

export interface StageLinkOptions {
  /** A number that was handed out before, as an administrator may ask for; by default a new one. */
  readonly index?: number;
  readonly name: string;
  readonly kind?: string | undefined;
  readonly mac?: string | undefined;
  readonly mtu?: number | undefined;
  readonly hardwareType?: number;
  readonly isUp?: boolean;
  readonly isPlugged?: boolean;
  readonly minMtu?: number;
  readonly maxMtu?: number;
}

/** Without a MAC the link gets a locally administered one that follows from its index. */
export function makeStageLink(index: number, options: StageLinkOptions): StageLink {
  const { kind, name } = options;
  const { hardwareType = kind === "wireguard" ? hardwareTypes.none : hardwareTypes.ether } = options;
  const { mtu = kind === "wireguard" ? 1420 : 1500 } = options;
  const mac = options.mac ?? `02:00:00:00:${hexOctet(index >> 8)}:${hexOctet(index)}`;
  const [low, high] = mtuRanges[kind ?? ""] ?? [68, 9000];
  return {
    index,
    kind,
    hardwareType,
    permanentMac: kind === undefined && hardwareType === 1 ? mac : undefined,
    minMtu: options.minMtu ?? low,
    maxMtu: options.maxMtu ?? high,
    name,
    mac,
    mtu,
    txQueueLength: 1000,
    isUp: options.isUp ?? false,
    // A dummy has carrier as soon as it is up.
    isPlugged: options.isPlugged ?? kind !== undefined,
    master: undefined,
    lowerLink: undefined,
    isLowerLinkForeign: false,
    vlanId: undefined,
    hadPorts: false,
    hasOwnMac: options.mac !== undefined,
    alternativeNames: [],
    alias: "",
  };
}

const hexOctet = (value: number): string => (value & 0xff).toString(16).padStart(2, "0");
