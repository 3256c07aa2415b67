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
