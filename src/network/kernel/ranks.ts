import type { Snapshot } from "../../rtnl/rtnl.ts";
import { isOwnRoute, mainTable } from "./marks.ts";
import type { NetworkWish, WishedNetwork } from "./wish.ts";

export interface RankedWish {
  readonly wish: NetworkWish;
  readonly isHeld: boolean;
}

/** Order of the networks, also before {@link setOrder}. */
export class NetworkRanks {
  /** Best first; networks that it does not name come after, in the order in which they appeared. */
  #order: readonly number[] | undefined;
  #inherited: readonly number[] | undefined;

  /** `snapshot`: read when it is first needed, since it is empty before the start of the port. */
  constructor(private readonly snapshot: () => Snapshot) {}

  setOrder(order: readonly number[]): void {
    this.#order = [...order];
  }

  /**
   * Links that an earlier run has left configured, best first by the metrics they were given. Until told otherwise they
   * keep their ranks, so that a restart moves no route.
   */
  get inherited(): readonly number[] {
    this.#inherited ??= inheritedLinks(this.snapshot());
    return this.#inherited;
  }

  /** The earlier run's objects on these links are gone. */
  dropInherited(isDropped: (link: number) => boolean): void {
    this.#inherited = this.inherited.filter((link) => !isDropped(link));
  }

  /**
   * In order of rank, those without carrier last. An inherited link without a wish has a rank all the same, and nothing
   * to wish for.
   */
  ranked(wishes: ReadonlyMap<number, RankedWish>): readonly WishedNetwork[] {
    const isPlaced = (link: number) => wishes.has(link) || this.inherited.includes(link);
    const known = (this.#order ?? this.inherited).filter(isPlaced);
    const links = [...new Set([...known, ...this.inherited, ...wishes.keys()])];
    const isHeld = (link: number) => wishes.get(link)?.isHeld ?? false;
    return [...links.filter((link) => !isHeld(link)), ...links.filter(isHeld)].flatMap((link, rank) => {
      const entry = wishes.get(link);
      return entry ? [{ link, rank, isHeld: isHeld(link), ...entry.wish }] : [];
    });
  }
}

function inheritedLinks(snapshot: Snapshot): readonly number[] {
  const metrics = new Map<number, number>();
  for (const { link, metric } of snapshot.routes({ table: mainTable }).filter(isOwnRoute)) {
    if (link !== undefined) metrics.set(link, Math.min(metric, metrics.get(link) ?? metric));
  }
  return [...metrics].sort(([, a], [, b]) => a - b).map(([link]) => link);
}
