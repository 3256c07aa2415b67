import type { HeardRouterOption, RouterOption } from "../../../rtnl/rtnl.ts";

/** More than hosts use; bounds the memory and the files that a hostile neighbour can fill. */
const mostOf = { "name-servers": 16, "search-domains": 32, "captive-portal": 4, pref64: 4 } as const;

interface Item {
  readonly kind: RouterOption["kind"];
  readonly value: string;
  readonly router: string;
  /** Undefined: for ever. */
  readonly untilMs: number | undefined;
}

export interface RouterNews {
  readonly nameServers: readonly string[];
  readonly searchDomains: readonly string[];
  readonly captivePortalUri?: string;
  readonly pref64?: string;
}

/**
 * Options of the routers of one link besides addresses and routes. Each value of each router has a lifetime of its own,
 * that of the router or of its prefixes counts for nothing (RFC 8106, 5.1); lifetime 0 takes back the value of that
 * router.
 */
export class RouterOptions {
  readonly #items = new Map<string, Item>();

  hear({ router, option }: HeardRouterOption, nowMs: number): void {
    const { lifetimeSeconds } = { lifetimeSeconds: undefined, ...option };
    const untilMs = lifetimeSeconds === undefined ? undefined : nowMs + lifetimeSeconds * 1000;
    for (const value of valuesOf(option)) this.#put({ kind: option.kind, value, router, untilMs }, nowMs);
  }
  /** The valid options, in the order in which they were first told, so that a repetition changes nothing. */
  at(nowMs: number): RouterNews {
    const current = [...this.#items.values()].filter((item) => isAlive(item, nowMs));
    const valuesOfKind = (kind: RouterOption["kind"]) => [
      ...new Set(current.filter((item) => item.kind === kind).map(({ value }) => value)),
    ];
    const [captivePortalUri] = valuesOfKind("captive-portal");
    const [pref64] = valuesOfKind("pref64");
    return {
      nameServers: valuesOfKind("name-servers"),
      searchDomains: valuesOfKind("search-domains"),
      ...(captivePortalUri !== undefined && { captivePortalUri }),
      ...(pref64 !== undefined && { pref64 }),
    };
  }
  /** When the next option ends; undefined: never. */
  nextEndMs(nowMs: number): number | undefined {
    const ends = [...this.#items.values()].flatMap((item) => (isAlive(item, nowMs) ? (item.untilMs ?? []) : []));
    return ends.length === 0 ? undefined : Math.min(...ends);
  }
  clear(): void {
    this.#items.clear();
  }

  #put(item: Item, nowMs: number): void {
    const key = `${item.kind} ${item.router} ${item.value}`;
    for (const [other, old] of this.#items) if (!isAlive(old, nowMs)) this.#items.delete(other);
    if (!isAlive(item, nowMs)) {
      this.#items.delete(key);
      return;
    }
    const isFull = [...this.#items.values()].filter(({ kind }) => kind === item.kind).length >= mostOf[item.kind];
    if (!isFull || this.#items.has(key)) this.#items.set(key, item);
  }
}

const isAlive = ({ untilMs }: Item, nowMs: number): boolean => untilMs === undefined || untilMs > nowMs;

function valuesOf(option: RouterOption): readonly string[] {
  switch (option.kind) {
    case "name-servers":
      return option.servers;
    case "search-domains":
      return option.domains;
    case "captive-portal":
      // RFC 8910, 2.1: only TLS proves the sender.
      return option.uri.startsWith("https://") ? [option.uri] : [];
    case "pref64":
      return [option.prefix];
  }
}
