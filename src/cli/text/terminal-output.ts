import { cutTo, displayWidth, neutral, printable, printableJson, wrapWords } from "./printable.ts";

export type Style = "good" | "warn" | "bad" | "dim" | "bold";

/** A piece of a line: plain text, or text with a style. Escape sequences are made here and nowhere else. */
export type Span = string | { readonly text: string; readonly style: Style | undefined };
export type Line = Span | readonly Span[];

export const styled = (text: string, style: Style | undefined): Span => ({ text, style });
export const textOf = (span: Span): string => (typeof span === "string" ? span : span.text);
const spansOf = (line: Line): readonly Span[] => (Array.isArray(line) ? line : [line as Span]);
export const spanWidth = (span: Span): number => displayWidth(printable(textOf(span)));

/** SGR codes that read well on light and dark ground: no white, no black, no blue. */
const codes: Readonly<Record<Style, string>> = { good: "32", warn: "33", bad: "31", dim: "2", bold: "1" };

/** One of the two output streams. */
export interface Sink {
  write(text: string): void;
  /** Columns of the terminal; undefined where it is none. */
  readonly columns: number | undefined;
}

/** An output without a width is no terminal: nothing is cut. */
const unlimited = Number.POSITIVE_INFINITY;
/** Below this a table says nothing any more. */
const leastColumns = 20;

/**
 * All that is written for a person or a script. Every line arrives without control characters; styles only on a
 * terminal, and never with NO_COLOR (https://no-color.org) or TERM=dumb.
 */
export class Output {
  readonly columns: number;
  readonly #hasColour: boolean;

  constructor(
    private readonly sink: Sink,
    env: Readonly<Record<string, string | undefined>>,
  ) {
    const wished = /^\d{1,4}$/.test(env.COLUMNS ?? "") ? Number(env.COLUMNS) : undefined;
    this.columns = Math.max(sink.columns ?? wished ?? unlimited, leastColumns);
    this.#hasColour = sink.columns !== undefined && !env.NO_COLOR && env.TERM !== "dumb";
  }

  /** One line, cut at the terminal's edge. */
  line(line: Line = ""): void {
    let left = this.columns;
    let text = "";
    for (const span of spansOf(line)) {
      const part = cutTo(printable(textOf(span)), left);
      left -= displayWidth(part);
      text += this.#coloured(part, typeof span === "string" ? undefined : span.style);
    }
    this.sink.write(`${text.trimEnd()}\n`);
  }
  lines(lines: Iterable<Line>): void {
    for (const line of lines) this.line(line);
  }
  /** A paragraph, broken between words; lines after the first begin `indent` columns further in. */
  paragraph(text: string, indent = 0, style?: Style): void {
    const [first = "", ...more] = wrapWords(printable(text), Math.max(this.columns - indent, leastColumns));
    const pad = " ".repeat(indent);
    this.lines([first, ...more.map((line) => pad + line)].map((line) => styled(line, style)));
  }
  /** One value in full, at any width. */
  value(text: string): void {
    this.sink.write(`${neutral(text)}\n`);
  }
  /** Text of ours, as it is. */
  verbatim(text: string): void {
    this.sink.write(text);
  }
  /** `indent`: for people; without it, one line. */
  json(value: unknown, indent: 0 | 2 = 2): void {
    this.sink.write(`${printableJson(JSON.stringify(value, undefined, indent))}\n`);
  }

  #coloured(text: string, style: Style | undefined): string {
    return style && this.#hasColour && text !== "" ? `\x1b[${codes[style]}m${text}\x1b[0m` : text;
  }
}
