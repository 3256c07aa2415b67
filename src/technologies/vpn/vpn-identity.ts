import { DaemonError } from "../../base/errors.ts";
import { type Configuration, textOf } from "../../services/configuration.ts";

/** Tells one tunnel from another. */
export interface VpnIdentity {
  /** Provider.Type */
  readonly kind: string;
  /** Provider.Host */
  readonly host: string;
  readonly name: string;
}

const longest = 253;

/** Throws InvalidProperty where one of the three is missing. */
export function identityOf(configuration: Configuration): VpnIdentity {
  const [kind, host, name] = ["Provider.Type", "Provider.Host", "Name"].map((property) => {
    const value = textOf(configuration, property);
    if (value === undefined) throw new DaemonError("InvalidProperty", `a VPN needs ${property}`);
    if (value.length > longest || /\p{Cc}/u.test(value)) {
      throw new DaemonError("InvalidArguments", `${property} is one line of at most ${longest} characters`);
    }
    return value;
  }) as [string, string, string];
  if (kind !== "wireguard")
    throw new DaemonError("NotSupported", `there is no support for VPNs of type ${JSON.stringify(kind.slice(0, 40))}`);
  return { kind, host, name };
}

/** The name of its entry in Profiles, as shill makes it. */
export const vpnEntry = ({ host, name }: VpnIdentity): string => `vpn_${host}_${name}`.replace(/[^A-Za-z0-9._-]/g, "_");
export const isVpnEntry = (entry: string): boolean => entry.startsWith("vpn_");
