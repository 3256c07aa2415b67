import { connect, type Socket } from "node:net";
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

/**
 * {@link Processes} as root, by fairlead-helper. It runs programs of its own folders, and those that a program of them
 * asked for; the end of every other says EPERM. Nothing outlives the daemon: a lasting order is not started.
 */
export class HelperProcesses implements Processes {
  readonly #runs = new RunList<HelperRun>();

  constructor(private readonly socketPath: string) {}

  run(order: ProcessOrder): RunningProcess {
    checkOrder(order);
    const run = new HelperRun(order, this.socketPath);
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
  readonly #lines = new MessageLines();

  constructor(
    readonly order: ProcessOrder,
    private readonly socketPath: string,
  ) {
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }
  get name(): string {
    return this.order.name;
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
  }
  stop(): void {
    if (this.#end) return;
    if (!this.#socket) this.#notStarted("ECANCELED", "stopped before it began");
    else if (this.#cause === "itself") {
      this.#cause = "stop";
      this.#send({ signal: "stop" });
    }
  }
  kill(): void {
    if (!this.#socket) this.stop();
    if (this.#end) return;
    this.#cause = "stop";
    this.#send({ signal: "kill" });
  }

  #send(request: HelperRequest): void {
    this.#socket?.write(encodeMessage(request));
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
    if ("pid" in event) this.pid = event.pid;
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
    this.#settle(end);
    this.#socket?.end();
  }
}
