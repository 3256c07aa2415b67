/**
 * Log by scope and level. The level is the consequence: error: this connection is lost; warn: unexpected, survived;
 * info: a user would want to know; debug: the rest. A line below the threshold costs one comparison of numbers, so the
 * message is a function where making it is work.
 */
export const logLevels = ["error", "warn", "info", "debug"] as const;
export type LogLevel = (typeof logLevels)[number];
export type LogFields = Readonly<Record<string, unknown>>;
export type LogMessage = string | (() => string);

export interface LogSink {
  /** `at`: when it was said, in milliseconds since 1970; now when absent. */
  write(level: LogLevel, scope: string, message: string, fields: LogFields | undefined, at?: number): void;
}

export interface Log {
  error(message: LogMessage, fields?: LogFields): void;
  warn(message: LogMessage, fields?: LogFields): void;
  info(message: LogMessage, fields?: LogFields): void;
  debug(message: LogMessage, fields?: LogFields): void;
}

const rank: Readonly<Record<LogLevel, number>> = { error: 0, warn: 1, info: 2, debug: 3 };

/** Scopes named in {@link LogControl.setScopes} speak at debug; all others at the common level. */
export class LogControl {
  #sink: LogSink;
  #level: LogLevel = "info";
  #scopes: ReadonlySet<string> = new Set();
  readonly #known = new Map<string, ScopedLog>();

  constructor(sink: LogSink) {
    this.#sink = sink;
  }
  get level(): LogLevel {
    return this.#level;
  }
  get scopes(): ReadonlySet<string> {
    return this.#scopes;
  }
  setLevel(level: LogLevel): void {
    this.#level = level;
    this.#refresh();
  }
  setScopes(scopes: Iterable<string>): void {
    this.#scopes = new Set(scopes);
    this.#refresh();
  }
  /** The same object for the same name. */
  scope(name: string): Log {
    let log = this.#known.get(name);
    if (!log) {
      log = new ScopedLog(name, (level, message, fields) => this.#sink.write(level, name, message, fields));
      this.#known.set(name, log);
      this.#refresh();
    }
    return log;
  }
  #refresh(): void {
    for (const [name, log] of this.#known) log.threshold = this.#scopes.has(name) ? rank.debug : rank[this.#level];
  }
}

class ScopedLog implements Log {
  threshold = rank.info;
  constructor(
    readonly name: string,
    private readonly emit: (level: LogLevel, message: string, fields: LogFields | undefined) => void,
  ) {}
  error(message: LogMessage, fields?: LogFields): void {
    this.#line("error", message, fields);
  }
  warn(message: LogMessage, fields?: LogFields): void {
    if (this.threshold >= rank.warn) this.#line("warn", message, fields);
  }
  info(message: LogMessage, fields?: LogFields): void {
    if (this.threshold >= rank.info) this.#line("info", message, fields);
  }
  debug(message: LogMessage, fields?: LogFields): void {
    if (this.threshold >= rank.debug) this.#line("debug", message, fields);
  }
  #line(level: LogLevel, message: LogMessage, fields: LogFields | undefined): void {
    this.emit(level, typeof message === "function" ? message() : message, fields);
  }
}

/** Says nothing; for tests and for parts used without a daemon. */
export const silentLog: Log = { error() {}, warn() {}, info() {}, debug() {} };
