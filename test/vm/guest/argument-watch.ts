import { readdirSync, readFileSync } from "node:fs";

/** Often enough to see a program of the guest, whose start alone takes longer. */
const intervalMs = 20;

/** Arguments and environments of all processes, for as long as it runs. As root it sees those of all users. */
export class ArgumentWatch {
  readonly #seen = new Set<string>();
  readonly #timer = setInterval(() => this.#look(), intervalMs);

  /** Each command line that was seen, with blanks between the arguments. */
  get commands(): readonly string[] {
    return [...this.#seen].filter((text) => !text.startsWith("environment ")).map((text) => text.slice("argv ".length));
  }
  /** Arguments and environments that have the text in them. */
  holding(text: string): readonly string[] {
    return [...this.#seen].filter((seen) => seen.includes(text));
  }
  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      this.#keep("argv", `/proc/${pid}/cmdline`);
      this.#keep("environment", `/proc/${pid}/environ`);
    }
  }
  #keep(kind: string, path: string): void {
    try {
      this.#seen.add(`${kind} ${readFileSync(path, "utf8").replaceAll("\0", " ")}`);
    } catch {
      // It ended meanwhile.
    }
  }
}
