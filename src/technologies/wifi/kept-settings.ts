/** Another program's configuration of the link, as layer 3 shows it. Pure. */
import { emptyIpSettings, type IpFamilySettings, type IpSettings } from "../../network/ip-settings.ts";
import type { Family } from "../../rtnl/rtnl.ts";
import type { KeptAddressing, KeptFamily } from "../../supplicant/supplicant.ts";

export function settingsOf({ ipv4, ipv6, nameServers, searchDomains }: KeptAddressing): IpSettings {
  const [own4, own6] = [familyOf(4, ipv4), familyOf(6, ipv6)];
  return {
    ...emptyIpSettings,
    ...(own4 && { ipv4: own4 }),
    ...(own6 && { ipv6: own6 }),
    nameServers,
    searchDomains,
  };
}

function familyOf(family: Family, kept: KeptFamily | undefined): IpFamilySettings | undefined {
  const [first, ...others] = kept?.addresses ?? [];
  if (!first) return undefined;
  const router = kept?.gateway === undefined ? {} : { gateway: kept.gateway };
  return { family, ...first, ...(others.length > 0 && { others }), ...router };
}
