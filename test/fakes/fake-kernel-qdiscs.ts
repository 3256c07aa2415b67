/** Queueing disciplines of the kernel in memory: one at the root of each link and one for arriving packets. */

import { type KernelState, Refusal } from "../../src/rehearsal/kernel/kernel-state.ts";
import type { Qdisc, RateLimit } from "../../src/rtnl/rtnl.ts";

interface Root {
  readonly kind: string;
  readonly handle: number;
  readonly limit: RateLimit;
}
interface Ingress {
  readonly block: number | undefined;
  policer: RateLimit | undefined;
}

export class FakeQdiscs {
  readonly #roots = new Map<number, Root>();
  readonly #ingresses = new Map<number, Ingress>();
  /** Modules that this kernel was built without. */
  readonly lacking = new Set<"tbf" | "ingress" | "police">();

  constructor(private readonly state: KernelState) {}

  all(): readonly Qdisc[] {
    return [...this.state.links.keys()].flatMap((link) => {
      const { kind, handle } = this.#roots.get(link) ?? { kind: "noqueue", handle: 0 };
      const ingress = this.#ingresses.get(link);
      const found: Qdisc[] = [{ link, kind, handle, isRoot: true }];
      if (ingress) {
        const block = ingress.block === undefined ? {} : { block: ingress.block };
        found.push({ link, kind: "ingress", handle: 0xffff0000, isRoot: false, ...block });
      }
      return found;
    });
  }
  /** `eth0 up 1000 down 2000`, bytes per second, of links with a limit. */
  limits(): readonly string[] {
    return [...this.state.links.values()].flatMap(({ index, name }) => {
      const root = this.#roots.get(index);
      const policer = this.#ingresses.get(index)?.policer;
      const words = [
        ...(root?.kind === "tbf" ? [`up ${root.limit.bytesPerSecond}`] : []),
        ...(policer ? [`down ${policer.bytesPerSecond}`] : []),
      ];
      return words.length === 0 ? [] : [`${name} ${words.join(" ")}`];
    });
  }

  putShaper(link: number, handle: number, limit: RateLimit, kind = "tbf"): void {
    this.state.link(link);
    if (limit.bytesPerSecond > 0xffffffff) throw new RangeError(`bytesPerSecond ${limit.bytesPerSecond}`);
    const root = this.#roots.get(link);
    if (root && root.handle !== handle) throw new Refusal("EEXIST", "NLM_F_REPLACE needed to override");
    if (root && root.kind !== kind) throw new Refusal("EINVAL", "Invalid qdisc name: must match existing qdisc");
    if (this.lacking.has("tbf")) throw new Refusal("ENOENT", "Specified qdisc kind is unknown");
    this.#roots.set(link, { kind, handle, limit });
  }
  deleteShaper(link: number, handle: number): void {
    this.state.link(link);
    const root = this.#roots.get(link);
    if (root?.handle !== handle) throw new Refusal("EINVAL", "Invalid handle");
    this.#roots.delete(link);
  }
  addIngress(link: number, block: number | undefined): void {
    this.state.link(link);
    if (this.#ingresses.has(link)) throw new Refusal("EEXIST", "Exclusivity flag on, cannot modify");
    if (this.lacking.has("ingress")) throw new Refusal("ENOENT", "Specified qdisc kind is unknown");
    this.#ingresses.set(link, { block, policer: undefined });
  }
  deleteIngress(link: number): void {
    this.state.link(link);
    if (!this.#ingresses.delete(link)) throw new Refusal("EINVAL", "Invalid handle");
  }
  addPolicer(block: number, limit: RateLimit): void {
    const ingress = [...this.#ingresses.values()].find((one) => one.block === block);
    if (!ingress) throw new Refusal("EINVAL", "Block of given index was not found");
    if (this.lacking.has("police")) throw new Refusal("ENOENT", "Failed to load TC action module");
    if (ingress.policer) throw new Refusal("EEXIST", "Filter already exists");
    ingress.policer = limit;
  }
  linkGone(link: number): void {
    this.#roots.delete(link);
    this.#ingresses.delete(link);
  }
}
