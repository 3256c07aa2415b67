/** Texts that have been told, each once, and no more of them than `most`. */
export class OnceEach {
  readonly #told = new Set<string>();
  constructor(private readonly most: number) {}

  /** In the order in which they came. */
  get texts(): readonly string[] {
    return [...this.#told];
  }
  /** Whether the text is to be told now. */
  add(text: string): boolean {
    if (this.#told.has(text) || this.#told.size >= this.most) return false;
    this.#told.add(text);
    return true;
  }
}
