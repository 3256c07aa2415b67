/** Links of tunnels: made under a free name, and marked as ours, so that a later run finds those of an earlier one. */
import { DaemonError } from "../../base/errors.ts";
import { KernelError, type Link, type Rtnl } from "../../rtnl/rtnl.ts";

const markPrefix = "fairlead ";
const mostTunnels = 1000;

/** The tunnel that the link belongs to; undefined: none of ours. */
export const markOf = ({ kind, alias }: Link): string | undefined =>
  kind === "wireguard" && alias?.startsWith(markPrefix) ? alias.slice(markPrefix.length) : undefined;

/** A mark that is too long for the kernel to keep is cut; both sides of a comparison are. */
export const tunnelMark = (text: string): string => text.slice(0, 200);

export async function makeTunnelLink(rtnl: Rtnl, mark: string): Promise<Link> {
  const name = freeName(rtnl);
  try {
    await rtnl.request({ op: "add-link", link: { kind: "wireguard", name } });
  } catch (error) {
    if (error instanceof KernelError && error.code === "EOPNOTSUPP") {
      throw new DaemonError("NotSupported", "this kernel has no WireGuard", { cause: error });
    }
    throw error;
  }
  const link = rtnl.snapshot.linkByName(name);
  if (!link) throw new DaemonError("InternalError", `${name} is gone again`);
  await rtnl.request({ op: "set-link", link: link.index, change: { alias: `${markPrefix}${mark}` } });
  return link;
}

/** A link that is gone already counts as removed. */
export async function removeTunnelLink(rtnl: Rtnl, index: number): Promise<void> {
  if (!rtnl.snapshot.links.has(index)) return;
  await rtnl.request({ op: "delete-link", link: index }).catch((error: unknown) => {
    if (rtnl.snapshot.links.has(index)) throw error;
  });
}

function freeName(rtnl: Rtnl): string {
  for (let number = 0; number < mostTunnels; number++) {
    const name = `wg${number}`;
    if (!rtnl.snapshot.linkByName(name)) return name;
  }
  throw new DaemonError("Failure", "there are too many WireGuard links");
}
