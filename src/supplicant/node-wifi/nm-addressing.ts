/** IP4Config and IP6Config of NetworkManager as {@link KeptAddressing}. Pure; odd values read as absent. */
import { familyOf, formatIpAddress, parseIpAddress } from "../../base/ip-address.ts";
import type { WireVariant } from "../../base/property.ts";
import type { RemoteObject } from "../../bus/remote-objects.ts";
import type { KeptAddressing, KeptFamily } from "../supplicant.ts";
import { nmIp4, nmIp6 } from "./nm-interfaces.ts";

type Entry = ReadonlyMap<string, WireVariant>;

/** Undefined: no family has an address that means something beyond the link. */
export function addressingOf(
  ipv4: RemoteObject | undefined,
  ipv6: RemoteObject | undefined,
): KeptAddressing | undefined {
  const families = {
    ...keptFamily("ipv4", 4, ipv4?.get(nmIp4, "AddressData"), ipv4?.get(nmIp4, "Gateway")),
    ...keptFamily("ipv6", 6, ipv6?.get(nmIp6, "AddressData"), ipv6?.get(nmIp6, "Gateway")),
  };
  if (Object.keys(families).length === 0) return undefined;
  const servers4 = (ipv4?.get(nmIp4, "NameserverData") ?? []).map((entry) => textOf(entry, "address"));
  const servers6 = (ipv6?.get(nmIp6, "Nameservers") ?? []).map((bytes) =>
    bytes.length === 16 ? formatIpAddress(6, bytes) : "",
  );
  const domains = [ipv4?.get(nmIp4, "Searches"), ipv4?.get(nmIp4, "Domains"), ipv6?.get(nmIp6, "Searches")];
  return {
    ...families,
    nameServers: [...servers4, ...servers6].flatMap((text) => canonical(text) ?? []),
    searchDomains: [...new Set(domains.flatMap((some) => some ?? []))],
  };
}

function keptFamily(
  name: "ipv4" | "ipv6",
  family: 4 | 6,
  entries: readonly Entry[] = [],
  gateway = "",
): { readonly [N in "ipv4" | "ipv6"]?: KeptFamily } {
  const addresses = entries.flatMap((entry) => {
    const address = canonical(textOf(entry, "address"), family);
    const prefixLength = entry.get("prefix");
    const isUsable = prefixLength?.signature === "u" && Number(prefixLength.value) <= (family === 4 ? 32 : 128);
    return address !== undefined && isUsable && !isLinkLocal(address)
      ? [{ address, prefixLength: Number(prefixLength.value) }]
      : [];
  });
  if (addresses.length === 0) return {};
  const router = canonical(gateway, family);
  return { [name]: { addresses, ...(router !== undefined && { gateway: router }) } };
}

/** RFC 4291, 2.5.6: the kernel makes them by itself, also where there is no router. */
const isLinkLocal = (address: string): boolean => /^fe[89ab]/.test(address);
const textOf = (entry: Entry, name: string): string => {
  const found = entry.get(name);
  return found?.signature === "s" ? String(found.value) : "";
};
function canonical(text: string, wanted?: 4 | 6): string | undefined {
  const family = familyOf(text);
  if (family === undefined || (wanted !== undefined && family !== wanted)) return undefined;
  return formatIpAddress(family, parseIpAddress(text));
}
