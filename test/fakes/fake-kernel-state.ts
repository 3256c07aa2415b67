import type { Change } from "../../src/rtnl/change.ts";
import { errnoOf } from "../../src/rtnl/kernel-error.ts";
import type { Link } from "../../src/rtnl/rtnl.ts";
import { World } from "../../src/rtnl/snapshot.ts";
import { describeLink, type FakeLink } from "./fake-kernel-links.ts";

/** How the fake kernel says no; the outer layer adds which request it was. */
export class Refusal extends Error {
  readonly errno: number;
  constructor(
    readonly code: string,
    readonly detail?: string,
  ) {
    super(code);
    this.errno = errnoOf(code);
  }
}

/** What the fake kernel knows, and the changes not yet told. */
export class FakeKernelState {
  readonly world = new World();
  readonly links = new Map<number, FakeLink>();
  /** By gateway, what is left of a router's time when somebody asks. */
  readonly freshExpiries = new Map<string, number>();
  #changes: Change[] = [];
  #lastIndex = 0;

  /** Indexes are not handed out again, unless one is asked for by number. */
  nextIndex(wished = this.#lastIndex + 1): number {
    if (this.links.has(wished)) throw new Refusal("EEXIST");
    this.#lastIndex = Math.max(this.#lastIndex, wished);
    return wished;
  }

  note(changes: Change | readonly Change[] | undefined): void {
    if (changes) this.#changes = this.#changes.concat(changes);
  }
  takeChanges(): readonly Change[] {
    const changes = this.#changes;
    this.#changes = [];
    return changes;
  }
  link(index: number): FakeLink {
    const link = this.links.get(index);
    if (!link) throw new Refusal("ENODEV");
    return link;
  }
  byName(name: string): FakeLink | undefined {
    return [...this.links.values()].find((link) => link.name === name || link.alternativeNames.includes(name));
  }
  seen(index: number): Link {
    const link = this.world.links.get(index);
    if (!link) throw new Refusal("ENODEV");
    return link;
  }
  /** Carrier travels along veth pairs, bridges and stacked links: all are described anew after each change. */
  describeLinks(): void {
    for (const link of this.links.values()) this.note(this.world.putLink(describeLink(link, this.links)));
  }
}
