import type { Socket } from "node:net";
import type { Cancel, Clock } from "../base/clock.ts";
import { DaemonError, describeError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { OutputStream, ProcessEnd, Processes, RunningProcess } from "../system/processes.ts";
import { encodeMessage, type HelperEvent, MessageLines, parseRequest, type WireOrder } from "./helper-messages.ts";
import { judge, type RunRule } from "./run-rule.ts";
import { taskKeyVariable, withoutKey } from "./task-grants.ts";

/** The daemon sends its order with the connection; a process that only connects is not to hold a place for ever. */
const orderLimitMs = 10_000;
/** All that a program can print in a minute, as JSON. */
const mostUnreadBytes = 16 * 1024 * 1024;

export interface ConnectionPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly processes: Processes;
  readonly rule: RunRule;
}

/**
 * One run for the process at the other end, which has been identified. When the connection ends the program is stopped.
 */
export class HelperConnection {
  readonly #lines = new MessageLines();
  #run: RunningProcess | undefined;
  #hasEnded = false;
  readonly #cancelLimit: Cancel;

  constructor(
    private readonly socket: Socket,
    private readonly ports: ConnectionPorts,
  ) {
    this.#cancelLimit = ports.clock.startTimer("helper order", orderLimitMs, () => socket.destroy());
    socket.on("data", (chunk) => this.#onData(chunk));
    // "close" follows an error.
    socket.on("error", () => {});
    socket.on("close", () => this.#onClose());
  }

  #onClose(): void {
    this.#hasEnded = true;
    this.#cancelLimit();
    this.#run?.stop();
  }
  #onData(chunk: Buffer): void {
    try {
      for (const line of this.#lines.take(chunk)) this.#onLine(line);
    } catch (error) {
      if (!(error instanceof DaemonError)) throw error;
      this.ports.log.warn(() => describeError(error));
      this.socket.destroy();
    }
  }
  #onLine(line: string): void {
    const request = parseRequest(line);
    if ("run" in request) this.#start(request.run);
    else if (request.signal === "kill") this.#run?.kill();
    else this.#run?.stop();
  }

  #start(order: WireOrder): void {
    if (this.#run) throw new DaemonError("InvalidArguments", "a second order on one connection");
    this.#cancelLimit();
    const { log, rule } = this.ports;
    const verdict = judge(order, rule);
    if ("refusal" in verdict) {
      log.warn(() => `${JSON.stringify(order.name)} is not run: ${verdict.refusal.message}`);
      this.#finish({ kind: "not-started", ...verdict.refusal }, false);
      return;
    }
    const key = rule.grants.makeKey();
    const environment = { ...verdict.environment, [taskKeyVariable]: key };
    const { input, timeLimitMs, ...rest } = order;
    const run = this.ports.processes.run({
      ...{ ...rest, environment, input: verdict.isTask ? "" : Buffer.from(input, "base64") },
      ...(timeLimitMs !== undefined && { timeLimitMs }),
      onLine: (line, from) => this.#onOutput(line, from, key),
    });
    this.#run = run;
    if (run.pid !== undefined) this.#tell({ pid: run.pid });
    log.info(() => `${JSON.stringify(order.name)}: ${order.argv[0]}, process ${run.pid ?? "not started"}`);
    void run.ended.then((end) => this.#finish(end, run.isOutputCut));
  }
  #onOutput(line: string, from: OutputStream, key: string): void {
    const shown = from === "stdout" ? this.ports.rule.grants.read(line, key) : withoutKey(line, key);
    this.#tell({ line: shown, from });
  }
  #finish(end: ProcessEnd, isOutputCut: boolean): void {
    this.#tell({ end, isOutputCut });
    if (!this.#hasEnded) this.socket.end();
  }
  #tell(event: HelperEvent): void {
    if (this.#hasEnded) return;
    this.socket.write(encodeMessage(event));
    if (this.socket.writableLength <= mostUnreadBytes) return;
    this.ports.log.warn("the daemon does not read what its program prints");
    this.socket.destroy();
  }
}
