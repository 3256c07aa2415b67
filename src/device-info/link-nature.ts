/**
 * Origin of a link: hardware, or a program that made it for a purpose of its own. Decided by the link's kind, by sysfs
 * and by the port that the driver names; by the link's name only where it says "treat me as a cable".
 */
import type { Link } from "../rtnl/rtnl.ts";

interface MadeUpKind {
  /** Read after "it is left alone: ". */
  readonly because: string;
  /** Under a cable's name it is one: `eth0` of a container is a veth, a macvlan or a tap. */
  readonly mayBeCable: boolean;
}

const built = (kind: string): MadeUpKind => ({ because: `a ${kind} that somebody else made`, mayBeCable: false });
const end = (because: string): MadeUpKind => ({ because, mayBeCable: true });

/** Kinds that never have hardware of their own: no file is read for them, however many there are. */
const madeUpKinds: ReadonlyMap<string, MadeUpKind> = new Map([
  // Links stand in them, or behind them: the program that built them also gives them their addresses.
  ...["bridge", "bond", "team", "vrf", "openvswitch", "hsr", "batadv"].map((kind) => [kind, built(kind)] as const),
  // They share the MAC address of the link below, by which a DHCP server tells its clients apart; or only a program
  // reads them.
  ...["ipvlan", "ipvtap", "macvtap"].map((kind) => [kind, built(kind)] as const),
  // The other end is missing, or a machine with an endpoint configured by hand.
  ...["dummy", "vxlan", "geneve", "gretap", "ip6gretap", "erspan", "ip6erspan", "bareudp", "nlmon"].map(
    (kind) => [kind, built(kind)] as const,
  ),
  ["veth", end("one end of a veth pair, as containers have")],
  ["netkit", end("one end of a netkit pair, as containers have")],
  ["tun", end("a tap, the end of a virtual machine or of a program")],
  ["macvlan", end("a macvlan, a second card on another link")],
  ["macsec", end("a macsec on another link")],
  ["vlan", end("a VLAN on another link")],
]);

/**
 * Names that cables get: from the kernel (`eth0`, `usb0`), from the switch drivers of routers (`lan1`), and from udev
 * (`eno1`, `ens3`, `enp3s0f1`, `enx` and a MAC address; systemd.net-naming-scheme(7)), with or without a VLAN's number.
 * Exact, as others begin alike: `eni` and eleven digits is a container in Amazon's cloud, `envoy-7d` may be a pod.
 */
const cableName =
  /^(?:(?:eth|lan|usb)\d*|en(?:[bcdosv]\d\w*|x[\da-f]{12}|(?:P\d+)?p\d+s\d+\w*|a[A-Z\d]{7,8}i\d+))(?:\.\d{1,4})?$/;

export const isCableName = (name: string): boolean => cableName.test(name);

/** `pf0vf1`, `c1pf0sf88`: the host's end of the port that a virtual machine was given. */
const representedPort = /^(?:c\d+)?pf\d+(?:vf|sf)\d+$/;

/**
 * Why the link is no cable; undefined: it may be one. `hasHardware` reads sysfs and is asked only where nothing else
 * tells.
 */
export function madeUpBecause(link: Link, hasHardware: () => boolean): string | undefined {
  const { kind, name, portName } = link;
  if (portName !== undefined && representedPort.test(portName)) return `the host's end of a virtual port (${portName})`;
  const known = kind === undefined ? undefined : madeUpKinds.get(kind);
  if (known && !known.mayBeCable) return known.because;
  if (isCableName(name)) return undefined;
  if (known) return `${known.because}, and not named as a cable is`;
  if (hasHardware()) return undefined;
  return `${kind === undefined ? "a link" : `a ${kind}`} without hardware behind it, and not named as a cable is`;
}
