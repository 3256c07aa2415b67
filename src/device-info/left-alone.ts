/** Which links are not ours to configure without being asked: do no harm (docs/decisions/links-left-alone.md). */
import { isOwnAddress, isOwnRoute } from "../network/kernel/marks.ts";
import type { Link, Snapshot } from "../rtnl/rtnl.ts";
import type { LinkFacts } from "../system/sysfs.ts";
import { madeUpBecause } from "./link-nature.ts";

export interface LeftAlonePorts {
  readonly snapshot: Snapshot;
  readFacts(linkName: string): Pick<LinkFacts, "hasDevice" | "hasUeventFile">;
  /** The administrator named this very link as one to use. */
  isAllowed(linkName: string): boolean;
  /** Foreign configuration of links is replaced. */
  readonly takesOver?: boolean;
}

/** RT_SCOPE_UNIVERSE: an address that means something beyond the link; link-local ones come by themselves. */
const universe = 0;
/** IFA_F_PERMANENT: not set on addresses that a router's advertisement made. */
const permanentFlag = 0x80;

/** Why the link is left alone; undefined: it is ours to use. */
export function leftAloneBecause(link: Link, ports: LeftAlonePorts): string | undefined {
  const reason = whyNoCable(link, ports) ?? (ports.takesOver ? undefined : whyForeign(link, ports.snapshot));
  // Connected by us before a restart: to leave it alone now would be to drop the connection.
  const isOurs = reason !== undefined && ports.snapshot.routes({ link: link.index }).some(isOwnRoute);
  return isOurs ? undefined : reason;
}

function whyNoCable(link: Link, { readFacts, isAllowed }: LeftAlonePorts): string | undefined {
  if (isAllowed(link.name)) return undefined;
  return madeUpBecause(link, () => {
    const { hasDevice, hasUeventFile } = readFacts(link.name);
    // A link that is just going, or where sysfs is not mounted: nothing is known, so nothing changes.
    return hasDevice || !hasUeventFile;
  });
}

function whyForeign(link: Link, snapshot: Snapshot): string | undefined {
  const foreign = snapshot
    .addresses(link.index)
    .find(
      (address) => address.scope === universe && (address.flags & permanentFlag) !== 0 && !isOwnAddress(address, false),
    );
  return foreign && `somebody else gave it the address ${foreign.address}/${foreign.prefixLength}`;
}
