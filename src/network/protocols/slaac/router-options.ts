import type { HeardRouterOption, RouterOption } from "../../../rtnl/rtnl.ts";

/** Of one router, and of the list of all: more than hosts use. Bounds the files that a hostile neighbour can fill. */
const mostOf = { "name-servers": 16, "search-domains": 32, "captive-portal": 4, pref64: 4 } as const;
/** More than one link has. The first ones stay, so that a neighbour who invents routers cannot push out a heard one. */
const mostRouters = 16;

interface Item {
  readonly kind: RouterOption["kind"];
  readonly value: string;
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
 * router. The bounds are those of each router: one that tells many values leaves no less room to the others.
 */
export class RouterOptions {
  /** By router, in the order in which they were first told, so that a repetition changes nothing. */
  readonly #heard = new Map<string, Map<string, Item>>();

  hear({ router, option }: HeardRouterOption, nowMs: number): void {
    this.#forgetEnded(nowMs);
    const items = this.#heard.get(router) ?? new Map<string, Item>();
    if (!this.#heard.has(router) && this.#heard.size >= mostRouters) return;
    const { lifetimeSeconds } = { lifetimeSeconds: undefined, ...option };
    const untilMs = lifetimeSeconds === undefined ? undefined : nowMs + lifetimeSeconds * 1000;
    for (const value of valuesOf(option)) put(items, { kind: option.kind, value, untilMs }, nowMs);
    if (items.size > 0) this.#heard.set(router, items);
    else this.#heard.delete(router);
  }
  at(nowMs: number): RouterNews {
    const [captivePortalUri] = this.#values("captive-portal", nowMs);
    const [pref64] = this.#values("pref64", nowMs);
    return {
      nameServers: this.#values("name-servers", nowMs),
      searchDomains: this.#values("search-domains", nowMs),
      ...(captivePortalUri !== undefined && { captivePortalUri }),
      ...(pref64 !== undefined && { pref64 }),
    };
  }
  /** When the next option ends; undefined: never. */
  nextEndMs(nowMs: number): number | undefined {
    const items = [...this.#heard.values()].flatMap((of) => [...of.values()]);
    const ends = items.flatMap((item) => (isAlive(item, nowMs) ? (item.untilMs ?? []) : []));
    return ends.length === 0 ? undefined : Math.min(...ends);
  }
  clear(): void {
    this.#heard.clear();
  }

  /** Each router's first, then each one's second: resolvers use the first three of a list. */
  #values(kind: RouterOption["kind"], nowMs: number): readonly string[] {
    const turns = [...this.#heard.values()].flatMap((items) =>
      [...items.values()]
        .filter((item) => item.kind === kind && isAlive(item, nowMs))
        .map(({ value }, turn) => ({ value, turn })),
    );
    const values = turns.sort((a, b) => a.turn - b.turn).map(({ value }) => value);
    return [...new Set(values)].slice(0, mostOf[kind]);
  }
  #forgetEnded(nowMs: number): void {
    for (const [router, items] of this.#heard) {
      for (const [key, item] of items) if (!isAlive(item, nowMs)) items.delete(key);
      if (items.size === 0) this.#heard.delete(router);
    }
  }
}

function put(items: Map<string, Item>, item: Item, nowMs: number): void {
  const key = `${item.kind} ${item.value}`;
  const isFull = [...items.values()].filter(({ kind }) => kind === item.kind).length >= mostOf[item.kind];
  if (!isAlive(item, nowMs)) items.delete(key);
  else if (!isFull || items.has(key)) items.set(key, item);
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
