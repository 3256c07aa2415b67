/**
 * Requests of a DNS proxy beside us, and the facts it reads (as ChromeOS has it, beyond shill's documents). Fairlead
 * resolves no names itself: it puts the proxy's addresses into the resolver file, and keeps the rest for the proxy to
 * read. Nothing of it is stored; a proxy that starts says it anew.
 */

import { DaemonError } from "../base/errors.ts";
import { familyOf } from "../base/ip-address.ts";
import { isDomainName } from "../base/names.ts";
import { propertyTable, type WireVariant } from "../base/property.ts";

/** More than any of them has; a client must not fill the memory. */
const most = 64;
const longestUrl = 2048;

const invalid = (text: string) => new DaemonError("InvalidArguments", text);

function checkCount(what: string, count: number): void {
  if (count > most) throw invalid(`${what} may have at most ${most} items`);
}

/** Throws InvalidArguments unless all are addresses, in which case they are returned. */
export function proxyAddresses(addresses: readonly string[]): readonly string[] {
  checkCount("The list of addresses", addresses.length);
  for (const address of addresses) {
    if (familyOf(address) === undefined) throw invalid(`"${address.slice(0, 64)}" is no IP address`);
  }
  return addresses;
}

/** URL of a provider -> addresses with commas of the name servers that it stands behind, `*` for any. */
function checkProviders(providers: ReadonlyMap<string, WireVariant>): void {
  checkCount("DNSProxyDOHProviders", providers.size);
  for (const [url, { signature, value }] of providers) {
    const name = `"${url.slice(0, 64)}"`;
    if (url.length > longestUrl || !URL.canParse(url) || new URL(url).protocol !== "https:") {
      throw invalid(`${name} is no https URL`);
    }
    if (signature !== "s") throw invalid(`The name servers of ${name} are not a string`);
    const servers = String(value);
    if (servers !== "" && servers !== "*") proxyAddresses(servers.split(","));
  }
}

function checkDomains(what: string, domains: readonly string[]): void {
  checkCount(what, domains.length);
  for (const domain of domains) {
    const name = domain.startsWith("*.") ? domain.slice(2) : domain;
    if (domain !== "*" && !isDomainName(name)) throw invalid(`${what}: "${domain.slice(0, 64)}" is no domain`);
  }
}

export class DnsProxy {
  providers: ReadonlyMap<string, WireVariant> = new Map();
  excludedDomains: readonly string[] = [];
  includedDomains: readonly string[] = [];
}

export const dnsProxyProperties = propertyTable<{ readonly dnsProxy: DnsProxy }>()({
  DNSProxyDOHProviders: {
    signature: "a{sv}",
    doc: "For a DNS proxy: https URL of a provider of DNS over HTTPS -> addresses of its name servers with commas, or *.",
    get: ({ dnsProxy }) => dnsProxy.providers,
    set: ({ dnsProxy }, value) => {
      checkProviders(value);
      dnsProxy.providers = value;
    },
  },
  DOHExcludedDomains: {
    signature: "as",
    doc: "For a DNS proxy: domains that DNS over HTTPS is not used for; *.example covers those below example, * all.",
    get: ({ dnsProxy }) => dnsProxy.excludedDomains,
    set: ({ dnsProxy }, value) => {
      checkDomains("DOHExcludedDomains", value);
      dnsProxy.excludedDomains = value;
    },
  },
  DOHIncludedDomains: {
    signature: "as",
    doc: "For a DNS proxy: domains that DNS over HTTPS is used for; as in DOHExcludedDomains.",
    get: ({ dnsProxy }) => dnsProxy.includedDomains,
    set: ({ dnsProxy }, value) => {
      checkDomains("DOHIncludedDomains", value);
      dnsProxy.includedDomains = value;
    },
  },
});
