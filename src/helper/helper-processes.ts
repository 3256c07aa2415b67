import { connect, type Socket } from "node:net";
import type { Cancel, Clock } from "../base/clock.ts";
import { DaemonError, describeError } from "../base/errors.ts";
import {
  checkOrder,
  defaultGraceMs,
  type EndCause,
  type ProcessEnd,
  type Processes,
  type ProcessOrder,
  type RunningProcess,
} from "../system/processes.ts";
import { type QueuedRun, RunList } from "../system/run-list.ts";
import {
  encodeMessage,
  type HelperEvent,
  type HelperRequest,
  MessageLines,
  parseEvent,
  wireOrder,
} from "./helper-messages.ts";

/** systemd starts the helper for the first order; on a slow or busy machine that takes seconds. */
const answerLimitMs = 30_000;
/** For the helper to say that a program is over which has been killed. */
const wordLimitMs = 2_000;

/**
 * {@link Processes} as root, by fairlead-helper. It runs programs of its own folders, and those that a program of them
 * asked for; the end of every other says EPERM. Nothing outlives the daemon: a lasting order is not started. A helper
 * that hangs keeps no order from its end: its connection is given up, and the helper ends the program when it wakes.
 */
export class HelperProcesses implements Processes {
  readonly #runs = new RunList<HelperRun>();

  constructor(
    private readonly socketPath: string,
    private readonly clock: Clock,
  ) {}

  run(order: ProcessOrder): RunningProcess {
    checkOrder(order);
    const run = new HelperRun(order, this.socketPath, this.clock);
    this.#runs.add(run);
    return run;
  }
  list() {
    return this.#runs.list();
  }
  stopAll(): Promise<void> {
    return this.#runs.stopAll();
  }
}

class HelperRun implements QueuedRun {
  readonly ended: Promise<ProcessEnd>;
  pid: number | undefined;
  isOutputCut = false;
  #socket: Socket | undefined;
  #settle: (end: ProcessEnd) => void = () => {};
  #end: ProcessEnd | undefined;
  #cause: EndCause = "itself";
  #cancelLimit: Cancel = () => {};
  readonly #lines = new MessageLines();

  constructor(
    readonly order: ProcessOrder,
    private readonly socketPath: string,
    private readonly clock: Clock,
  ) {
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }
  get name(): string {
    return this.order.name;
  }
  get #graceMs(): number {
    return this.order.graceMs ?? defaultGraceMs;
  }

  start(): void {
    if (this.#end) return;
    if (this.order.isLasting) {
      this.#notStarted("EPERM", "fairlead-helper lets no program outlive the daemon");
      return;
    }
    const socket = connect(this.socketPath);
    this.#socket = socket;
    socket.on("data", (chunk) => this.#onData(chunk));
    socket.once("error", (error: NodeJS.ErrnoException) => this.#onClose(error));
    socket.once("close", () => this.#onClose());
    this.#send({ run: wireOrder(this.order, defaultGraceMs) });
    this.#limit(answerLimitMs);
  }
  stop(): void {
    if (this.#end) return;
    if (!this.#socket) this.#notStarted("ECANCELED", "stopped before it began");
    else if (this.#cause === "itself") {
      this.#cause = "stop";
      this.#send({ signal: "stop" });
      this.#limit(this.#graceMs + wordLimitMs);
    }
  }
  kill(): void {
    if (!this.#socket) this.stop();
    if (this.#end) return;
    this.#cause = "stop";
    this.#send({ signal: "kill" });
    this.#limit(wordLimitMs);
  }

  #send(request: HelperRequest): void {
    this.#socket?.write(encodeMessage(request));
  }
  /** After this nothing more is expected of the helper. */
  #limit(ms: number, cause: EndCause = this.#cause): void {
    this.#cancelLimit();
    this.#cancelLimit = this.clock.startTimer(`fairlead-helper ${this.name}`, ms, () => {
      this.#cause = cause;
      this.#socket?.destroy(Object.assign(new Error("no answer"), { syscall: "connect", code: "ETIMEDOUT" }));
    });
  }
  #onStarted(pid: number): void {
    this.pid = pid;
    const { timeLimitMs } = this.order;
    // One that is stopped has a limit already.
    if (this.#cause !== "itself") return;
    if (timeLimitMs === undefined) this.#cancelLimit();
    else this.#limit(timeLimitMs + this.#graceMs + wordLimitMs, "time-limit");
  }
  #onData(chunk: Buffer): void {
    if (this.#end) return;
    try {
      for (const line of this.#lines.take(chunk)) this.#onEvent(parseEvent(line));
    } catch (error) {
      if (!(error instanceof DaemonError)) throw error;
      this.#socket?.destroy();
      this.#notStarted("EPROTO", describeError(error));
    }
  }
  #onEvent(event: HelperEvent): void {
    if ("pid" in event) this.#onStarted(event.pid);
    else if ("line" in event) this.order.onLine?.(event.line, event.from);
    else {
      this.isOutputCut = event.isOutputCut;
      this.#settleWith(event.end);
    }
  }
  /** The connection is gone. With an end before it this is no news. */
  #onClose(error?: NodeJS.ErrnoException): void {
    if (this.pid !== undefined) this.#settleWith({ kind: "killed", signal: "SIGKILL", because: this.#cause });
    else if (error?.syscall === "connect") {
      const why = `it wants root, and fairlead-helper does not answer at ${this.socketPath} (${error.code})`;
      this.#notStarted("ENOTCONN", why);
    } else this.#notStarted(error?.code ?? "ECONNRESET", "fairlead-helper ended the connection");
  }
  #notStarted(code: string, message: string): void {
    this.#settleWith({ kind: "not-started", code, message });
  }
  #settleWith(end: ProcessEnd): void {
    if (this.#end) return;
    this.#end = end;
    this.#cancelLimit();
    this.#settle(end);
    this.#socket?.end();
  }
}
