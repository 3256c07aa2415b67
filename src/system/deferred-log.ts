import type { Clock } from "../base/clock.ts";
import type { LogFields, LogLevel, LogSink } from "../base/log.ts";

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
 * Hands lines on a few milliseconds later, together: what happens now, a cable that goes in above all, does not wait for
 * the log. Errors go out at once, after everything that came before them.
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
  /** Nothing waits afterwards. */
  flush(): void {
    const due = this.#waiting;
    this.#waiting = [];
    for (const { level, scope, message, fields, at } of due) this.sink.write(level, scope, message, fields, at);
  }
}
