import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import type { Cancel, Clock } from "../base/clock.ts";
import { OutputLines } from "./output-lines.ts";
import {
  checkOrder,
  defaultGraceMs,
  type EndCause,
  type OutputStream,
  type ProcessEnd,
  type Processes,
  type ProcessOrder,
  type RunningProcess,
} from "./processes.ts";
import { RunList } from "./run-list.ts";

/** util-linux; lets a program die with its parent (PR_SET_PDEATHSIG), also with one that is killed. */
const setpriv = "/usr/bin/setpriv";

/** A program's output is read within this time after its end. */
const outputGraceMs = 200;

/** {@link Processes} by fork and exec. Each program leads a session and a process group of its own. */
export class ChildProcesses implements Processes {
  readonly #runs = new RunList<Run>();
  #launcher: readonly string[] | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly launcherProgram = setpriv,
  ) {}

  run(order: ProcessOrder): RunningProcess {
    checkOrder(order);
    const run = new Run(order, this.clock, order.isLasting ? [] : this.#workingLauncher());
    this.#runs.add(run);
    return run;
  }
  /**
   * None where it does not work: a unit's filter of system calls may forbid it to set capabilities. There the service
   * manager ends the processes that the daemon leaves.
   */
  #workingLauncher(): readonly string[] {
    if (!this.#launcher) {
      const launcher = ["--pdeathsig", "KILL", "--"];
      const { status } = spawnSync(this.launcherProgram, [...launcher, "/bin/true"], { stdio: "ignore", env: {} });
      this.#launcher = status === 0 ? [this.launcherProgram, ...launcher] : [];
    }
    return this.#launcher;
  }
  list() {
    return this.#runs.list();
  }
  stopAll(): Promise<void> {
    return this.#runs.stopAll();
  }
}

class Run implements RunningProcess {
  readonly ended: Promise<ProcessEnd>;
  #child: ChildProcess | undefined;
  #settle: (end: ProcessEnd) => void = () => {};
  #end: ProcessEnd | undefined;
  #cause: EndCause = "itself";
  #cancelTimer: Cancel = () => {};
  readonly #output: { readonly [S in OutputStream]: OutputLines };

  constructor(
    readonly order: ProcessOrder,
    private readonly clock: Clock,
    private readonly launcher: readonly string[],
  ) {
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
    const lines = (from: OutputStream) => new OutputLines((line) => order.onLine?.(line, from), clock);
    this.#output = { stdout: lines("stdout"), stderr: lines("stderr") };
  }
  get name(): string {
    return this.order.name;
  }
  get pid(): number | undefined {
    return this.#child?.pid;
  }
  get isOutputCut(): boolean {
    return this.#output.stdout.isCut || this.#output.stderr.isCut;
  }

  start(): void {
    if (this.#end) return;
    try {
      this.#spawn();
    } catch (error) {
      // Out of descriptors or processes, or nothing that can be executed.
      const { code = "EIO", message } = error as NodeJS.ErrnoException;
      this.#notStarted(code, message);
    }
  }
  #spawn(): void {
    const { argv, environment, folder = "/", input = "", timeLimitMs } = this.order;
    // The launcher would only print why; the caller wants the error.
    accessSync(argv[0], constants.X_OK);
    const [program = "", ...args] = [...this.launcher, ...argv];
    const child = spawn(program, args, { cwd: folder, env: { ...environment }, detached: true, stdio: "pipe" });
    this.#child = child;
    child.once("error", (error: NodeJS.ErrnoException) => this.#notStarted(error.code ?? "EIO", error.message));
    child.once("exit", () => this.#onExit());
    child.once("close", (code, signal) => this.#finish(code, signal));
    for (const from of ["stdout", "stderr"] as const) {
      child[from].on("data", (chunk: Buffer) => this.#output[from].take(chunk));
    }
    // A program need not read its input.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
    if (timeLimitMs !== undefined) this.#startTimer(timeLimitMs, () => this.#terminate("time-limit"));
  }
  stop(): void {
    if (this.#end) return;
    if (!this.#child) this.#notStarted("ECANCELED", "stopped before it began");
    else if (this.#cause === "itself") this.#terminate("stop");
  }
  kill(): void {
    if (!this.#child) this.stop();
    if (this.#cause === "itself") this.#cause = "stop";
    this.#signal("SIGKILL");
  }

  #terminate(cause: EndCause): void {
    this.#cause = cause;
    this.#signal("SIGTERM");
    this.#startTimer(this.order.graceMs ?? defaultGraceMs, () => this.#signal("SIGKILL"));
  }
  #startTimer(ms: number, fire: () => void): void {
    this.#cancelTimer();
    this.#cancelTimer = this.clock.startTimer(`process ${this.name}`, ms, fire);
  }
  /** To the whole group. None is left: that is no error. */
  #signal(signal: NodeJS.Signals): void {
    const { pid } = this;
    if (pid === undefined || this.#end) return;
    try {
      process.kill(-pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
  /** Children of the program go with it; otherwise they would keep its output open and outlive the order. */
  #onExit(): void {
    if (!this.order.isLasting) this.#signal("SIGKILL");
    // A child in a session of its own is beyond the group's signals and may hold the output for ever.
    this.#startTimer(outputGraceMs, () => {
      this.#child?.stdout?.destroy();
      this.#child?.stderr?.destroy();
    });
  }
  #notStarted(code: string, message: string): void {
    this.#settleWith({ kind: "not-started", code, message });
  }
  #finish(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#end) return;
    this.#output.stdout.end();
    this.#output.stderr.end();
    const because = this.#cause;
    const killed = { kind: "killed", signal: signal ?? "SIGKILL", because } as const;
    this.#settleWith(code === null ? killed : { kind: "exited", code, because });
  }
  #settleWith(end: ProcessEnd): void {
    if (this.#end) return;
    this.#end = end;
    this.#cancelTimer();
    this.#settle(end);
  }
}
