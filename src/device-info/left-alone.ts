/** Which links are not ours to configure without being asked: do no harm. */
import { isOwnAddress, isOwnRoute } from "../network/kernel-marks.ts";
import type { Link, Snapshot } from "../rtnl/rtnl.ts";

/** Links of these kinds are built by somebody for a purpose: container hosts, hypervisors, administrators. */
const builtKinds: ReadonlySet<string> = new Set([
  ...["bridge", "bond", "team", "vrf", "openvswitch", "hsr", "ipvlan", "ipvtap", "macvtap"],
  // Nobody is at the other end, or somebody who was told by hand where to find us.
  ...["dummy", "vxlan", "geneve", "gretap", "ip6gretap", "erspan", "ip6erspan"],
]);

/** RT_SCOPE_UNIVERSE: an address that means something beyond the link; link-local ones come by themselves. */
const universe = 0;
/** IFA_F_PERMANENT: not set on addresses that a router's advertisement made. */
const permanentFlag = 0x80;

/** Why the link is left alone; undefined: it is ours to use. */
export function leftAloneBecause(link: Link, snapshot: Snapshot): string | undefined {
  const reason = whyForeign(link, snapshot);
  // Connected by us before a restart: to leave it alone now would be to drop the connection.
  const isOurs = reason !== undefined && snapshot.routes({ link: link.index }).some(isOwnRoute);
  return isOurs ? undefined : reason;
}

function whyForeign(link: Link, snapshot: Snapshot): string | undefined {
  if (link.kind !== undefined && builtKinds.has(link.kind)) return `a ${link.kind} that somebody else made`;
  const foreign = snapshot
    .addresses(link.index)
    .find(
      (address) => address.scope === universe && (address.flags & permanentFlag) !== 0 && !isOwnAddress(address, false),
    );
  return foreign && `somebody else gave it the address ${foreign.address}/${foreign.prefixLength}`;
}
