import { errnoOf } from "../../rtnl/kernel-error.ts";
import type { Change, Link } from "../../rtnl/rtnl.ts";
import { World } from "../../rtnl/snapshot.ts";
import { describeLink, type StageLink } from "./links.ts";

/** A request is refused; the port adds the name of the request. */
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

/** State of the kernel in memory, and the changes not yet told. */
export class KernelState {
  readonly world = new World();
  readonly links = new Map<number, StageLink>();
  #changes: Change[] = [];
  #lastIndex = 0;

  /** Indexes are not handed out again, unless one is asked for by number. */
  nextIndex(wished = this.#lastIndex + 1): number {
    if (this.links.has(wished)) throw new Refusal("EEXIST");
    this.#lastIndex = Math.max(this.#lastIndex, wished);
    return wished;
  }

  /** The whole state as additions, links before the objects on them. */
  everythingAdded(): readonly Change[] {
    const { world } = this;
    return [
      ...[...world.links.values()].map((link) => ({ kind: "link-added" as const, link })),
      ...world.addresses().map((address) => ({ kind: "address-added" as const, address })),
      ...world.routes().map((route) => ({ kind: "route-added" as const, route })),
      ...world.rules().map((rule) => ({ kind: "rule-added" as const, rule })),
    ];
  }
  note(changes: Change | readonly Change[] | undefined): void {
    if (changes) this.#changes = this.#changes.concat(changes);
  }
  takeChanges(): readonly Change[] {
    const changes = this.#changes;
    this.#changes = [];
    return changes;
  }
  link(index: number): StageLink {
    const link = this.links.get(index);
    if (!link) throw new Refusal("ENODEV");
    return link;
  }
  byName(name: string): StageLink | undefined {
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
