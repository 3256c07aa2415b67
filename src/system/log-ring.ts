import type { LogFields, LogLevel, LogSink } from "../base/log.ts";
import { lineText } from "./log-line.ts";

/** A few minutes of what is said at debug, days of the rest; at most some megabytes, as lines have a longest length. */
const mostLines = 500;
const longestText = 1000;

export interface KeptLine {
  /** Counts all lines since the start: what a reader has seen it need not ask for again. */
  readonly number: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly level: LogLevel;
  readonly scope: string;
  /** Without secrets and on one line, as it went to the log. */
  readonly text: string;
}

/** Keeps the newest lines for clients, on their way to the log. */
export class LogRing implements LogSink {
  readonly #lines: KeptLine[] = [];
  #count = 0;
  constructor(private readonly next: LogSink) {}

  write(level: LogLevel, scope: string, message: string, fields: LogFields | undefined, at = Date.now()): void {
    const text = lineText({ level, scope, message, fields, at }).slice(0, longestText);
    this.#lines.push({ number: ++this.#count, at, level, scope, text });
    if (this.#lines.length > mostLines) this.#lines.shift();
    this.next.write(level, scope, message, fields, at);
  }
  /** Those after number `after`, the newest `most` of them, oldest first. */
  newest(after: number, most: number): readonly KeptLine[] {
    const fresh = this.#lines.filter(({ number }) => number > after);
    return fresh.slice(Math.max(0, fresh.length - most));
  }
}
