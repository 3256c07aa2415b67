/**
 * Remembers the results of `make`, for keys that come back often. Strangers choose some of the keys, so it starts anew
 * when full. A `make` that throws leaves nothing behind.
 */
export class BoundedCache<V> {
  readonly #known = new Map<string, V>();
  constructor(
    private readonly make: (key: string) => V,
    private readonly most = 512,
  ) {}

  get(key: string): V {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const made = this.make(key);
    if (this.#known.size >= this.most) this.#known.clear();
    this.#known.set(key, made);
    return made;
  }
}
