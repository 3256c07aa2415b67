import { fstatSync, writeSync } from "node:fs";
import type { LogFields, LogLevel, LogSink } from "../base/log.ts";
import { journalLine, type LogEntry, plainLine } from "./log-line.ts";

export interface LogSinkOptions {
  /** Where lines go; standard error when absent. `writeNow` must not return before the bytes are out. */
  readonly output?: LogOutput;
  /** Whether lines are for the journal. Found out from JOURNAL_STREAM when absent. */
  readonly isJournal?: boolean;
  /** Whether errors are logged with their stack. When absent: on lines of level debug. */
  readonly showStacks?: (level: LogLevel) => boolean;
}

export interface LogOutput {
  readonly stream: NodeJS.WritableStream;
  writeNow(text: string): void;
}

/** What a daemon says while it starts is some dozen lines; more are written at once instead of kept. */
const mostKeptLines = 500;

type WriteLine = (level: LogLevel, line: string) => void;

/**
 * Lines on standard error through winston. Loading winston takes as long as a fifth of the whole start, so lines are
 * kept until {@link startWriting}; an error, too many lines, or the end of the process writes them at once without it.
 */
export class StandardErrorLog implements LogSink {
  readonly #output: LogOutput;
  readonly #format: (entry: LogEntry, withStacks: boolean) => string;
  readonly #showStacks: (level: LogLevel) => boolean;
  #kept: string[] = [];
  #writeLine: WriteLine | undefined;
  #loading: Promise<void> | undefined;
  readonly #onExit = () => this.flush();

  constructor(options: LogSinkOptions = {}) {
    this.#output = options.output ?? standardError;
    this.#format = (options.isJournal ?? isJournal()) ? journalLine : plainLine;
    this.#showStacks = options.showStacks ?? ((level) => level === "debug");
    // A reader of standard error that went away must not end the daemon.
    this.#output.stream.on("error", ignore);
    process.on("exit", this.#onExit);
  }

  write(level: LogLevel, scope: string, message: string, fields: LogFields | undefined): void {
    const line = this.#format({ level, scope, message, fields, at: Date.now() }, this.#showStacks(level));
    if (this.#writeLine) {
      this.#writeLine(level, line);
      return;
    }
    this.#kept.push(line);
    if (level === "error" || this.#kept.length >= mostKeptLines) this.flush();
  }

  /** Once the daemon is up. Resolves when winston writes; if it cannot be loaded, lines go on being written without it. */
  startWriting(): Promise<void> {
    this.#loading ??= loadWinston(this.#output.stream)
      .catch((): WriteLine => (_level, line) => this.#output.writeNow(`${line}\n`))
      .then((writeLine) => {
        this.flush();
        this.#writeLine = writeLine;
      });
    return this.#loading;
  }

  /** Writes what was kept, before it returns. */
  flush(): void {
    const lines = this.#kept;
    this.#kept = [];
    if (lines.length > 0) this.#output.writeNow(`${lines.join("\n")}\n`);
  }

  /** Flushes and lets go of the process; later lines are written at once. */
  close(): void {
    this.flush();
    this.#writeLine = (_level, line) => this.#output.writeNow(`${line}\n`);
    this.#output.stream.off("error", ignore);
    process.off("exit", this.#onExit);
  }
}

async function loadWinston(stream: NodeJS.WritableStream): Promise<WriteLine> {
  const { default: winston } = await import("winston");
  const logger = winston.createLogger({
    level: "debug",
    // The line is already whole.
    format: winston.format.printf(({ message }) => String(message)),
    transports: [new winston.transports.Stream({ stream, eol: "\n" })],
  });
  return (level, line) => {
    logger.log(level, line);
  };
}

/** JOURNAL_STREAM names device and inode of the journal's socket (systemd.exec(5)); a redirected stderr is another one. */
export function isJournal(env: NodeJS.ProcessEnv = process.env, fd = 2): boolean {
  if (!env.JOURNAL_STREAM) return false;
  try {
    const { dev, ino } = fstatSync(fd, { bigint: true });
    return env.JOURNAL_STREAM === `${dev}:${ino}`;
  } catch {
    return false;
  }
}

const standardError: LogOutput = {
  stream: process.stderr,
  writeNow(text) {
    try {
      writeSync(2, text);
    } catch {
      // Nobody is there to be told.
    }
  },
};

function ignore(): void {}
