/** The calls to systemd-resolved that one link takes (org.freedesktop.resolve1(5)). */
import { isDomainName } from "../base/domain-name.ts";
import { familyOf, parseIpAddress } from "../base/ip-address.ts";
import type { Call } from "../bus/bus.ts";
import type { LinkNames } from "./name-plan.ts";

export const resolvedName = "org.freedesktop.resolve1";
/** It answers from memory, once polkit has spoken. */
const timeoutMs = 10_000;
/** AF_INET and AF_INET6. */
const families = { 4: 2, 6: 10 } as const;

function call(member: string, signature: string, args: readonly unknown[]): Call {
  const object = { destination: resolvedName, path: "/org/freedesktop/resolve1", interface: `${resolvedName}.Manager` };
  return { ...object, member, signature, args, timeoutMs, noAutoStart: true };
}

/** What is no valid address or name is left out: it would have the rest refused, too. */
export function callsFor({ link, nameServers, searchDomains, isDefault }: LinkNames): readonly Call[] {
  // The link is known already, which is all that a zone says.
  const addresses = nameServers.map((server) => server.replace(/%.*/, ""));
  const servers = addresses.flatMap((server) => {
    const family = familyOf(server);
    return family === undefined ? [] : [[families[family], parseIpAddress(server)]];
  });
  const domains = searchDomains.filter(isDomainName).map((domain) => [domain, false]);
  return [
    call("SetLinkDNS", "ia(iay)", [link, servers]),
    call("SetLinkDomains", "ia(sb)", [link, domains]),
    call("SetLinkDefaultRoute", "ib", [link, isDefault]),
  ];
}
export const callToForget = (linkIndex: number): Call => call("RevertLink", "i", [linkIndex]);
