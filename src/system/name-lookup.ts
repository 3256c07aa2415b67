import { isIP } from "node:net";
import { describeError } from "../base/errors.ts";
import { askLink } from "./link-dns.ts";
/** From where a name is asked for: a link's own addresses and the name servers of its network. */
export interface NameLookupLink {
  readonly addresses: readonly string[];
  readonly nameServers: readonly string[];
}

/** Port for names that have to be looked up through one certain link, whatever the host's resolver does. */
export interface NameLookup {
  /**
   * Of the families that the link has; IPv6 first. Rejects when there are none, with the reason for people. Takes a few
   * seconds at most.
   */
  addressesOf(host: string, link: NameLookupLink): Promise<readonly string[]>;
}

/** With two tries a silent server costs three seconds. */
const firstTimeoutMs = 1000;
/** Of each family: more would be a mistake or an attack. */
const mostAddresses = 8;

/** {@link NameLookup} at the name servers of the link. Questions leave from the link's addresses, and so by the link's table. */
export class DnsNameLookup implements NameLookup {
  async addressesOf(host: string, { addresses, nameServers }: NameLookupLink): Promise<readonly string[]> {
    if (isIP(host) !== 0) return [host];
    if (nameServers.length === 0) throw new Error("the network has no name server");
    const answers = await askLink({ host, link: { addresses, nameServers }, timeoutMs: firstTimeoutMs });
    const found = answers.flatMap((answer) =>
      answer.status === "fulfilled" ? answer.value.slice(0, mostAddresses) : [],
    );
    if (found.length > 0) return found;
    const failed = answers.find((answer) => answer.status === "rejected");
    throw new Error(failed ? describeError(failed.reason) : "the link has no address to ask from");
  }
}
