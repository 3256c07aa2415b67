import type { Log, LogFields, LogLevel, LogMessage } from "../../src/base/log.ts";

/** Keeps the lines of the log. */
export class RecordingLog implements Log {
  readonly lines: { readonly level: LogLevel; readonly message: string; readonly fields: LogFields | undefined }[] = [];

  error(message: LogMessage, fields?: LogFields): void {
    this.#keep("error", message, fields);
  }
  warn(message: LogMessage, fields?: LogFields): void {
    this.#keep("warn", message, fields);
  }
  info(message: LogMessage, fields?: LogFields): void {
    this.#keep("info", message, fields);
  }
  debug(message: LogMessage, fields?: LogFields): void {
    this.#keep("debug", message, fields);
  }
  messages(level: LogLevel): readonly string[] {
    return this.lines.filter((line) => line.level === level).map((line) => line.message);
  }
  #keep(level: LogLevel, message: LogMessage, fields: LogFields | undefined): void {
    this.lines.push({ level, message: typeof message === "function" ? message() : message, fields });
  }
}
