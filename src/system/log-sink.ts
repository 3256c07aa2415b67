import { fstatSync, writeSync } from "node:fs";
import { Writable } from "node:stream";
import type { Clock } from "../base/clock.ts";
import type { LogFields, LogLevel, LogSink } from "../base/log.ts";
import { journalLine, type LogEntry, lineText, plainLine } from "./log-line.ts";

export interface LogSinkOptions {
  /** Where lines go, and must be when it returns; standard error when absent. */
  readonly writeNow?: (text: string) => void;
  /** Whether lines are for the journal. Found out from JOURNAL_STREAM when absent. */
  readonly isJournal?: boolean;
  /** Whether errors are logged with their stack. When absent: on lines of level debug. */
  readonly showStacks?: (level: LogLevel) => boolean;
}

/** The daemon logs some dozen lines while it starts; more are written at once instead of kept. */
const mostKeptLines = 500;

/** For a reader that is merely slow; a dead one must not hold up the daemon. */
const longestWaitMs = 100;

type Submit = (lines: string) => void;

/**
 * Lines on standard error through winston. Loading winston takes as long as a fifth of the whole start, so lines are
 * kept until {@link startWriting}. An error, too many lines, or the end of the process writes all of them at once,
 * without winston.
 */
export class StandardErrorLog implements LogSink {
  readonly #writeNow: (text: string) => void;
  readonly #format: (entry: LogEntry, withStacks: boolean) => string;
  readonly #showStacks: (level: LogLevel) => boolean;
  /** Not written yet, oldest first, after those that winston has. */
  #kept: string[] = [];
  /** Batches of lines that winston has not written yet. */
  #handed: string[] = [];
  /** Batches winston still has that were written past it. */
  #overtaken = 0;
  #submit: Submit | undefined;
  #loading: Promise<void> | undefined;
  /** Closed, or without winston: each line is written at once. */
  #isDirect = false;
  readonly #onExit = () => this.flush();

  constructor(options: LogSinkOptions = {}) {
    this.#writeNow = options.writeNow ?? writeToStandardError;
    this.#format = (options.isJournal ?? isJournal()) ? journalLine : plainLine;
    this.#showStacks = options.showStacks ?? ((level) => level === "debug");
    process.on("exit", this.#onExit);
  }

  write(level: LogLevel, scope: string, message: string, fields: LogFields | undefined, at = Date.now()): void {
    const line = this.#format({ level, scope, message, fields, at }, this.#showStacks(level));
    this.#kept.push(line);
    if (level === "error" || this.#isDirect || this.#kept.length >= mostKeptLines) this.flush();
    else if (this.#submit && this.#kept.length === 1) queueMicrotask(() => this.#hand());
  }

  /**
   * Once the daemon is up. Resolves when winston writes, or, if it cannot be loaded, when lines are written without it.
   */
  startWriting(): Promise<void> {
    this.#loading ??= loadWinston((text) => this.#onWritten(text)).then(
      (submit) => {
        this.flush();
        if (!this.#isDirect) this.#submit = submit;
      },
      (error: unknown) => {
        this.#isDirect = true;
        this.write("warn", "log", "winston cannot be loaded", { error });
      },
    );
    return this.#loading;
  }

  /** Writes the kept lines, before it returns. */
  flush(): void {
    const lines = [...this.#handed, ...this.#kept];
    this.#overtaken += this.#handed.length;
    this.#handed = [];
    this.#kept = [];
    if (lines.length > 0) this.#writeNow(`${lines.join("\n")}\n`);
  }

  /** The lines of one turn go to winston together: it takes as long for one as for all of them. */
  #hand(): void {
    if (this.#kept.length === 0 || !this.#submit) return;
    const batch = this.#kept.join("\n");
    this.#kept = [];
    this.#handed.push(batch);
    this.#submit(batch);
  }

  /** Flushes and lets go of the process; later lines are written at once. */
  close(): void {
    this.flush();
    this.#isDirect = true;
    this.#submit = undefined;
    process.off("exit", this.#onExit);
  }

  /** winston hands lines on in order, but some only in a later turn. */
  #onWritten(text: string): void {
    if (this.#overtaken > 0) {
      this.#overtaken--;
      return;
    }
    this.#handed.shift();
    this.#writeNow(text);
  }
}

async function loadWinston(onLine: (text: string) => void): Promise<Submit> {
  const { default: winston } = await import("winston");
  const stream = new Writable({
    decodeStrings: false,
    write(text: string, _encoding, done) {
      onLine(text);
      done();
    },
  });
  const logger = winston.createLogger({
    level: "debug",
    // The lines are whole already, each with its level.
    format: winston.format.printf(({ message }) => String(message)),
    transports: [new winston.transports.Stream({ stream, eol: "\n" })],
  });
  return (lines) => {
    logger.info(lines);
  };
}

/**
 * JOURNAL_STREAM names device and inode of the journal's socket (systemd.exec(5)); a redirected stderr is another one.
 */
export function isJournal(env: NodeJS.ProcessEnv = process.env, fd = 2): boolean {
  if (!env.JOURNAL_STREAM) return false;
  try {
    const { dev, ino } = fstatSync(fd, { bigint: true });
    return env.JOURNAL_STREAM === `${dev}:${ino}`;
  } catch {
    return false;
  }
}

/**
 * Not `process.stderr`: where that is a socket, as under the journal, Node loses bytes that the reader has not taken
 * when the process exits.
 */
function writeToStandardError(text: string): void {
  const bytes = Buffer.from(text);
  let patience = longestWaitMs;
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(2, bytes, at);
    } catch (error) {
      // Another program that shares our standard error made it non-blocking. Any other error: the reader is gone.
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN" || patience-- <= 0) return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

/** A person does not see the difference, and a lease takes less. */
const delayMs = 5;

interface Line {
  readonly level: LogLevel;
  readonly scope: string;
  readonly message: string;
  readonly fields: LogFields | undefined;
  readonly at: number;
}

/**
 * Hands lines on a few milliseconds later, together: the event of the moment, a cable that goes in above all, does not
 * wait for the log. Errors go out at once, after everything that came before them.
 */
export class DeferredLog implements LogSink {
  #waiting: Line[] = [];

  constructor(
    private readonly sink: LogSink,
    private readonly clock: Pick<Clock, "startTimer" | "wallTime">,
  ) {}

  write(level: LogLevel, scope: string, message: string, fields: LogFields | undefined): void {
    this.#waiting.push({ level, scope, message, fields, at: this.clock.wallTime() });
    if (level === "error") this.flush();
    else if (this.#waiting.length === 1) this.clock.startTimer("log", delayMs, () => this.flush());
  }
  /** Hands all waiting lines on now. */
  flush(): void {
    const due = this.#waiting;
    this.#waiting = [];
    for (const { level, scope, message, fields, at } of due) this.sink.write(level, scope, message, fields, at);
  }
}

/** A few minutes of lines at debug, days of the rest; at most some megabytes, as lines have a longest length. */
const mostLines = 500;
const longestText = 1000;

export interface KeptLine {
  /** Counts all lines since the start: a reader need not ask again for lines that it has seen. */
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
