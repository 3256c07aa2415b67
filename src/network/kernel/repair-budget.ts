/**
 * How often something may be put back that somebody else keeps removing. Two programs that each know better would
 * otherwise fight for ever, at the full speed of the machine.
 */
export class RepairBudget {
  readonly #spent = new Map<string, { windowEndsAt: number; count: number }>();

  constructor(
    private readonly mostPerWindow = 5,
    private readonly windowMs = 60_000,
  ) {}

  /** `left`: this one is to be left alone for the rest of the window; told as `spent` the first time. */
  ask(key: string, nowMs: number): "repair" | "spent" | "left" {
    const entry = this.#spent.get(key);
    if (!entry || entry.windowEndsAt <= nowMs) {
      this.#forgetOld(nowMs);
      this.#spent.set(key, { windowEndsAt: nowMs + this.windowMs, count: 1 });
      return "repair";
    }
    entry.count++;
    if (entry.count <= this.mostPerWindow) return "repair";
    return entry.count === this.mostPerWindow + 1 ? "spent" : "left";
  }

  #forgetOld(nowMs: number): void {
    for (const [key, { windowEndsAt }] of this.#spent) if (windowEndsAt <= nowMs) this.#spent.delete(key);
  }
}
