/** A bearer's addresses as settings of layer 3. Pure. */

import type { Bearer, BearerAddressing } from "../../modem/modem.ts";
import type { IpFamilySettings, IpSettings } from "../../network/ip-settings.ts";
import { emptyIpSettings } from "../../network/ip-settings.ts";
import type { Family } from "../../rtnl/rtnl.ts";

export interface CellularAddressing {
  /** Absent: it names no address. */
  readonly given?: IpSettings;
  readonly wantsDhcp: boolean;
}

/** A text says why the link cannot be used with it. */
export function addressingOf(bearer: Bearer, linkName: string): CellularAddressing | string {
  const { ipv4, ipv6, portName } = bearer;
  if (ipv4.method === "ppp" || ipv6.method === "ppp") return "the modem wants PPP, which is not supported yet";
  if (portName !== linkName) return `its packets go through ${portName || "no link"}, and not through ${linkName}`;
  const wantsDhcp = ipv4.method === "dhcp";
  const families = [familyOf(4, ipv4), familyOf(6, ipv6)];
  if (!wantsDhcp && families.every((family) => family === undefined)) return "the network gave no address";
  return { wantsDhcp, ...(families.some((family) => family) && { given: settingsOf(bearer, families) }) };
}

function settingsOf({ nameServers, mtu }: Bearer, [ipv4, ipv6]: readonly (IpFamilySettings | undefined)[]): IpSettings {
  return {
    ...emptyIpSettings,
    ...(ipv4 && { ipv4 }),
    ...(ipv6 && { ipv6 }),
    nameServers,
    ...(mtu !== undefined && { mtu }),
  };
}

/**
 * Nothing but the network is at the other end of the link: without a router's address everything is asked for on it.
 */
function familyOf(family: Family, addressing: BearerAddressing): IpFamilySettings | undefined {
  if (addressing.method !== "static") return undefined;
  const { address, prefixLength, gateway } = addressing;
  const out = gateway === undefined || gateway === address ? ({ isAllOnLink: true } as const) : { gateway };
  return { family, address, prefixLength, ...out };
}
