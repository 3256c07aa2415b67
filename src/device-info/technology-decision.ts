/**
 * The technology of a link, decided from its kind, its name and sysfs, in this order (docs/contract/shill.md, Links).
 */
import type { Technology } from "../base/technology.ts";
import type { Link } from "../rtnl/rtnl.ts";
import type { LinkFacts } from "../system/sysfs.ts";

export type TechnologyDecision =
  | { readonly technology: Technology; readonly because: string }
  /** sysfs does not say yet (a driver still binding, a modem that looks like a cable): look again in five seconds. */
  | { readonly technology: "delayed"; readonly because: string };

/** ARPHRD_ numbers. */
const hardware = { ethernet: 1, loopback: 772, ppp: 512, radiotap: 803, rawIp: 519, none: 65534 } as const;
/** Tunnels that carry packets and no frames: ipip, ip6tnl, sit, gre, ip6gre. */
const tunnelHardware: ReadonlySet<number> = new Set([768, 769, 776, 778, 823]);
const IFF_TUN = 0x0001;

const cellularDrivers: ReadonlySet<string> = new Set(["cdc_mbim", "qmi_wwan", "mtk_t7xx", "ipa"]);
const cdcDrivers: ReadonlySet<string> = new Set(["cdc_ether", "cdc_ncm"]);

/** A link whose driver never shows up is most likely a cable (docs/contract/shill.md, Links). */
export const technologyWithoutDriver: Technology = "ethernet";

const is = (technology: Technology, because: string): TechnologyDecision => ({ technology, because });
const later = (because: string): TechnologyDecision => ({ technology: "delayed", because });

/**
 * `technologyOf` answers for the link below a VLAN; `readFacts` is called only when name and kind leave it open.
 * `isAllowed`: the administrator named this very link, so its name does not speak against it.
 */
export function decideTechnology(
  link: Link,
  readFacts: () => LinkFacts,
  technologyOf: (linkName: string) => Technology | undefined,
  isAllowed = false,
): TechnologyDecision {
  return decideByName(link, isAllowed) ?? decideByFacts(link, readFacts(), technologyOf);
}

function decideByName({ name, kind, isLoopback }: Link, isAllowed: boolean): TechnologyDecision | undefined {
  // Before sysfs is asked: the loopback is never a network.
  if (isLoopback) return is("loopback", "loopback");
  if (kind === "ifb") return is("unknown", "kind ifb");
  // Hundreds of them on a host of containers: each a Device on the bus would be of no use to a client.
  const isContainersEnd = name.startsWith("arc_") || name.startsWith("veth");
  if (isContainersEnd && !isAllowed) return is("unknown", `name ${name} is a container's end`);
  if (kind === "wireguard" || kind === "xfrm") return is("tunnel", `kind ${kind}`);
  if (name.startsWith("pseudomodem")) return is("cellular", "name pseudomodem*");
  if (name.startsWith("pseudoethernet")) return is("ethernet", "name pseudoethernet*");
  if (kind === "veth") return is("ethernet", "kind veth");
  if (kind === "rmnet" || kind === "wwan") return is("cellular", `kind ${kind}`);
  return undefined;
}

function decideByFacts(
  link: Link,
  facts: LinkFacts,
  technologyOf: (linkName: string) => Technology | undefined,
): TechnologyDecision {
  if (tunnelHardware.has(link.hardwareType)) return is("tunnel", `hardware type ${link.hardwareType}`);
  if (link.hardwareType === hardware.radiotap) return is("unknown", "a radio's monitor");
  if (!facts.hasUeventFile) return is("unknown", "sysfs has no uevent file");
  if (facts.devtype === "wlan") return is("wifi", "DEVTYPE=wlan");
  if (facts.devtype === "wwan") return is("cellular", "DEVTYPE=wwan");
  if (facts.devtype === "bridge") return is("ethernet", "DEVTYPE=bridge");
  if (facts.devtype === "vlan") return decideVlan(facts, technologyOf);
  if (facts.driver === undefined) return decideWithoutDriver(link, facts);
  if (cellularDrivers.has(facts.driver)) return is("cellular", `driver ${facts.driver}`);
  if (cdcDrivers.has(facts.driver)) {
    return facts.hasSiblingTty
      ? is("cellular", `driver ${facts.driver} with a tty`)
      : later(`driver ${facts.driver}, perhaps a modem`);
  }
  return is("ethernet", `driver ${facts.driver}`);
}

function decideVlan(facts: LinkFacts, technologyOf: (linkName: string) => Technology | undefined): TechnologyDecision {
  for (const lower of facts.lowerLinks) {
    const technology = technologyOf(lower);
    if (technology) return is(technology, `vlan on ${lower}`);
  }
  return is("unknown", "vlan on nothing that is known");
}

function decideWithoutDriver(link: Link, facts: LinkFacts): TechnologyDecision {
  if (link.hardwareType === hardware.loopback) return is("loopback", "type loopback");
  if (link.hardwareType === hardware.ppp) return is("ppp", "type ppp");
  if (link.hardwareType === hardware.rawIp) return is("unknown", "type raw IP");
  if (facts.tunFlags !== undefined && (facts.tunFlags & IFF_TUN) !== 0) return is("tunnel", "a tun link");
  // CAN buses, netlink monitors and their like: nothing that has addresses.
  if (link.hardwareType !== hardware.ethernet) return is("unknown", `hardware type ${link.hardwareType}`);
  return later("no driver in sysfs yet");
}
