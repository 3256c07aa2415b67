/** Statements and words of UCI text, with the place of each. Knows quotes, comments and line ends, and no keyword. */

/** Line and column from 1; columns count characters. */
export interface UciPlace {
  readonly line: number;
  readonly column: number;
}
export interface UciWord extends UciPlace {
  readonly text: string;
}
export interface UciProblem extends UciPlace {
  /** An error: a part of the text is not in force. A note: read as it was most likely meant. */
  readonly severity: "error" | "note";
  readonly message: string;
}

const blanks: ReadonlySet<string> = new Set([" ", "\t", "\r", "\v", "\f"]);
/** Quotes as word processors make them: they are part of the word, which surprises its author. */
const typographicQuote = /[\u2018-\u201f\u00ab\u00bb]/u;
const byteOrderMark = "\ufeff";

/**
 * Cuts text into statements: words between line ends or semicolons. A quote without an end is told at its beginning,
 * and swallows the rest.
 */
export class UciStatements {
  readonly problems: UciProblem[] = [];
  #at = 0;
  #line = 1;
  #lineStart = 0;

  constructor(private readonly text: string) {
    if (!text.startsWith(byteOrderMark)) return;
    this.problems.push({ ...this.#place(), severity: "note", message: "a byte order mark is skipped" });
    this.#at = this.#lineStart = 1;
  }

  /** Each has one word at least. */
  *[Symbol.iterator](): Generator<readonly UciWord[]> {
    let words: UciWord[] = [];
    while (this.#at < this.text.length) {
      const char = this.#char;
      if (blanks.has(char)) this.#at++;
      else if (char === "\n" || char === ";") {
        this.#step();
        if (words.length > 0) yield words;
        words = [];
      } else if (char === "#") this.#skipComment();
      else words.push(this.#word());
    }
    if (words.length > 0) yield words;
  }

  get #char(): string {
    return this.text[this.#at] ?? "";
  }
  #place(): UciPlace {
    return { line: this.#line, column: this.#at - this.#lineStart + 1 };
  }
  /** Takes one character, and counts the line that ends with it. */
  #step(): string {
    const char = this.#char;
    this.#at++;
    if (char === "\n") {
      this.#line++;
      this.#lineStart = this.#at;
    }
    return char;
  }
  #skipComment(): void {
    while (this.#at < this.text.length && this.#char !== "\n") this.#at++;
  }

  /** Pieces in either kind of quotes and without, one behind the other, are one word. */
  #word(): UciWord {
    const place = this.#place();
    let text = "";
    while (this.#at < this.text.length && !this.#isWordEnd()) {
      if (this.#char === "'") text += this.#literal();
      else if (this.#char === '"') text += this.#quoted();
      else text += this.#unquoted();
    }
    if (typographicQuote.test(text)) {
      this.problems.push({ ...place, severity: "note", message: "typographic quotes: they are part of the word" });
    }
    return { ...place, text };
  }
  #isWordEnd(): boolean {
    const char = this.#char;
    return blanks.has(char) || char === "\n" || char === ";" || char === "#";
  }
  #unquoted(): string {
    if (this.#char !== "\\") return this.#step();
    this.#at++;
    return this.#escaped();
  }
  /** A backslash takes the next character as it is, and joins lines. */
  #escaped(): string {
    const next = this.#step();
    if (next === "\r" && this.#char === "\n") this.#step();
    return next === "\n" || next === "\r" ? "" : next;
  }
  #literal(): string {
    return this.#until("'", () => this.#step());
  }
  #quoted(): string {
    return this.#until('"', () => {
      if (this.#char !== "\\") return this.#step();
      this.#at++;
      return this.#escaped();
    });
  }
  /** A carriage return before a line end belongs to the line end. */
  #until(quote: string, take: () => string): string {
    const opened = this.#place();
    let text = "";
    this.#at++;
    while (this.#at < this.text.length && this.#char !== quote) text += take();
    if (this.#char === quote) this.#at++;
    else this.problems.push({ ...opened, severity: "error", message: `the quote ${quote} has no end` });
    return text.replaceAll("\r\n", "\n");
  }
}
