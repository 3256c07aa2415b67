/** systemd-resolved's handling of calls; run against the fake, and in a guest against the real one. */
import assert from "node:assert/strict";
import type { LinkNames } from "../../../src/resolver/name-plan.ts";
import type { Resolved } from "../../../src/resolver/resolved.ts";

/** Its names of a link, as it shows them. */
export interface ShownNames {
  readonly nameServers: readonly string[];
  readonly searchDomains: readonly string[];
  readonly isDefault: boolean;
}

export interface ResolvedWorld {
  /** Started, and without links. */
  readonly resolved: Resolved;
  /** Two links of the machine. */
  readonly links: readonly [number, number];
  shown(link: number): Promise<ShownNames>;
  /** It ends, loses all that it was told, and is there again. */
  restart(): Promise<void>;
  /** Waits, in a bounded way, until it is so. */
  until(what: string, isSo: () => Promise<boolean>): Promise<void>;
}

const names = (index: number, more: Partial<LinkNames> = {}): LinkNames => ({
  link: index,
  nameServers: ["192.0.2.53"],
  searchDomains: ["lan.test"],
  isDefault: false,
  ...more,
});
const shows = ({ shown, until }: ResolvedWorld, link: number, want: Partial<ShownNames>): Promise<void> => {
  const isSo = async () => {
    const has = await shown(link);
    return Object.entries(want).every(
      ([key, value]) => JSON.stringify(has[key as keyof ShownNames]) === JSON.stringify(value),
    );
  };
  return until(`link ${link} has ${JSON.stringify(want)}`, isSo);
};

export const resolvedCases: Readonly<Record<string, (world: ResolvedWorld) => Promise<void>>> = {
  "each link has its own servers and domains, and one is asked for the rest": async (world) => {
    const [first, second] = world.links;
    const servers = ["192.0.2.53", "2001:db8::53"];
    world.resolved.update([names(first, { nameServers: servers, isDefault: true }), names(second)]);
    await shows(world, first, { nameServers: servers, searchDomains: ["lan.test"], isDefault: true });
    await shows(world, second, { nameServers: ["192.0.2.53"], searchDomains: ["lan.test"], isDefault: false });
    assert.deepEqual([world.resolved.isOnBus, world.resolved.problem], [true, ""]);
  },
  "new servers and domains take the place of the former; of several changes the last holds": async (world) => {
    const [link] = world.links;
    for (const end of [1, 2, 3, 4, 5]) {
      world.resolved.update([names(link, { nameServers: [`192.0.2.${end}`], searchDomains: [`lan${end}.test`] })]);
    }
    await shows(world, link, { nameServers: ["192.0.2.5"], searchDomains: ["lan5.test"] });
  },
  "a link that is not told of any more has nothing left": async (world) => {
    const [first, second] = world.links;
    world.resolved.update([names(first), names(second)]);
    await shows(world, second, { nameServers: ["192.0.2.53"] });
    world.resolved.update([names(first)]);
    await shows(world, second, { nameServers: [], searchDomains: [] });
    await shows(world, first, { nameServers: ["192.0.2.53"] });
  },
  "after a restart that lost all it is told again, and nothing of what was over by then": async (world) => {
    const [first, second] = world.links;
    world.resolved.update([names(first, { isDefault: true }), names(second)]);
    await shows(world, second, { nameServers: ["192.0.2.53"] });
    await world.restart();
    await shows(world, first, { nameServers: ["192.0.2.53"], searchDomains: ["lan.test"], isDefault: true });
    await shows(world, second, { nameServers: ["192.0.2.53"] });
    world.resolved.update([names(first)]);
    await shows(world, second, { nameServers: [] });
  },
  "a link that is gone keeps the others from nothing": async (world) => {
    const [link] = world.links;
    world.resolved.update([names(99_999), names(link)]);
    await shows(world, link, { nameServers: ["192.0.2.53"] });
    world.resolved.update([]);
    await shows(world, link, { nameServers: [] });
    assert.equal(world.resolved.problem, "");
  },
  "an invalid address or name is left out; a zone is known without saying": async (world) => {
    const [link] = world.links;
    const nameServers = ["localhost", "fe80::53%eth0", "192.0.2.53"];
    world.resolved.update([names(link, { nameServers, searchDomains: ["two words", "lan.test", ""] })]);
    await shows(world, link, { nameServers: ["fe80::53", "192.0.2.53"], searchDomains: ["lan.test"] });
  },
};
