/** Name servers of each link and domain: a plan made of layers. Pure. */

/** One source of name servers. The layers of a plan are in order: the first comes before all others. */
export interface NameLayer {
  /** Where they come from, as the end of a sentence. */
  readonly because: string;
  /** Index of the link whose network they belong to; absent: they stand in place of those of all links. */
  readonly link?: number;
  /** Absent: the layer has no say. A network without name servers has none either. */
  readonly nameServers?: readonly string[] | undefined;
  readonly searchDomains?: readonly string[] | undefined;
}

/** Names of one link for a resolver that knows links. */
export interface LinkNames {
  /** Its index. */
  readonly link: number;
  readonly nameServers: readonly string[];
  readonly searchDomains: readonly string[];
  /** Asked for all names that no link has a domain for. One link of a plan is. */
  readonly isDefault: boolean;
}

export interface NamePlan {
  /** For a resolver that knows one list only; empty: there is nothing to ask. */
  readonly nameServers: readonly string[];
  readonly searchDomains: readonly string[];
  readonly links: readonly LinkNames[];
  /** Why these name servers. */
  readonly because: string;
}

/**
 * A list holds the servers of one layer alone: those of other networks do not know its names, and a resolver with a
 * list takes the second server for another way to the same answer. Where links are told apart, names of a link's
 * domains go to that link, unless a layer stands in place of all of them.
 */
export function planNames(layers: readonly NameLayer[]): NamePlan {
  const networks = layers.filter(isNetwork);
  const best = networks.find(hasServers);
  const ruling = layers.find(({ link, nameServers }) => link === undefined && nameServers !== undefined);
  const { nameServers = [], because = "no connected network has name servers" } = ruling ?? best ?? {};
  const named = layers.find(({ link, searchDomains }) => link === undefined && searchDomains !== undefined) ?? best;
  const searchDomains = named?.searchDomains ?? [];
  const owner = best ?? networks[0];
  if (!owner || nameServers.length === 0) return { nameServers, searchDomains, links: [], because };
  const others = ruling ? [] : networks.filter((layer) => layer !== owner && hasServers(layer));
  return {
    nameServers,
    searchDomains,
    links: [{ link: owner.link, nameServers, searchDomains, isDefault: true }, ...others.map(ownNames)],
    because,
  };
}

type NetworkLayer = NameLayer & { readonly link: number };
const isNetwork = (layer: NameLayer): layer is NetworkLayer => layer.link !== undefined;
const hasServers = ({ nameServers = [] }: NameLayer): boolean => nameServers.length > 0;
const ownNames = ({ link, nameServers = [], searchDomains = [] }: NetworkLayer): LinkNames => ({
  link,
  nameServers,
  searchDomains,
  isDefault: false,
});
