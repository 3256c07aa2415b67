/** Links that stand on others: the request to the kernel for each type of section `device`. Pure. */
import type { DeviceConfig } from "../../config/uci/network-config.ts";
import type { Link, NewLink } from "../../rtnl/rtnl.ts";

interface StackedKind {
  /** The kernel's name. */
  readonly kind: NewLink["kind"];
  /** The links below are its ports; else it stands on the first of them. */
  readonly hasPorts: boolean;
  /** `first`: the first link below that is there; undefined: none is. Undefined: it cannot be made without. */
  newLink(config: DeviceConfig, first: Link | undefined): NewLink | undefined;
}

export const stackedKinds: Readonly<Record<string, StackedKind>> = {
  bridge: {
    kind: "bridge",
    hasPorts: true,
    // With the address of a port from the start: else it would change when the port joins, and leases with it.
    newLink: ({ name, values }, first) => ({
      ...{ kind: "bridge", name },
      ...optional("mac", values.macaddr ?? first?.mac),
      ...optional("mtu", values.mtu),
    }),
  },
  "8021q": {
    kind: "vlan",
    hasPorts: false,
    newLink: ({ name, vlanId, values }, first) =>
      first === undefined || vlanId === undefined
        ? undefined
        : {
            ...{ kind: "vlan", name, lowerLink: first.index, vlanId },
            ...optional("mac", values.macaddr),
            ...optional("mtu", values.mtu),
          },
  },
};
const optional = <K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } =>
  (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };

const ownMark = "fairlead:";
/**
 * On each link that we make, with all that cannot be changed later: a restart finds its links, and sees whether they
 * still fit.
 */
export function markOf({ type, below, vlanId, values }: DeviceConfig): string {
  const base = type !== undefined && stackedKinds[type]?.hasPorts ? "" : below[0];
  return [ownMark, type, base, vlanId, values.mtu, values.macaddr]
    .map((word) => word ?? "")
    .join(" ")
    .trimEnd();
}
/** Made here, and may be removed here; marks of other words belong to other parts of the daemon. */
export function isOwnLink({ alias = "" }: Link): boolean {
  const [mark, type = ""] = alias.split(" ");
  return mark === ownMark && Object.hasOwn(stackedKinds, type);
}
