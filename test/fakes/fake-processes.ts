import type { Cancel, Clock } from "../../src/base/clock.ts";
import { DaemonError } from "../../src/base/errors.ts";
import { OutputLines } from "../../src/system/output-lines.ts";
import {
  defaultGraceMs,
  type EndCause,
  type OutputStream,
  type ProcessEnd,
  type Processes,
  type ProcessOrder,
  type RunningProcess,
} from "../../src/system/processes.ts";

/** View of a program of the fake on its run. It ends only by {@link exit} or by a signal. */
export interface FakeProgramRun {
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly input: string;
  print(text: string, to?: OutputStream): void;
  exit(code: number): void;
  /** Instead of dying of SIGTERM. */
  onTerm(react: () => void): void;
  /** It is over, by any end: the kernel takes back the objects that it had made for the program. */
  onEnd(react: () => void): void;
}
export type FakeProgram = (run: FakeProgramRun) => void;

/** Programs in memory. It runs programs installed by path, and answers ENOENT for the rest, as a kernel does. */
export class FakeProcesses implements Processes {
  readonly #programs = new Map<string, FakeProgram>();
  readonly #runs = new Set<FakeRun>();
  readonly #queues = new Map<string, FakeRun[]>();
  #lastPid = 1000;

  constructor(private readonly clock: Clock) {}

  install(path: string, program: FakeProgram): void {
    this.#programs.set(path, program);
  }
  run(order: ProcessOrder): RunningProcess {
    const [program] = order.argv;
    const texts = [...order.argv, order.folder ?? "/", ...Object.entries(order.environment ?? {}).flat()];
    if (!program.startsWith("/") || texts.some((text) => text.includes("\0"))) {
      throw new DaemonError("InvalidArguments", `${order.name}: not an order that a system can run`);
    }
    const run = new FakeRun(order, this.clock, this.#programs.get(program), () => ++this.#lastPid);
    this.#runs.add(run);
    void run.ended.then(() => this.#onEnd(run));
    const waiting = this.#queues.get(order.queue ?? "") ?? [];
    if (order.queue !== undefined) this.#queues.set(order.queue, waiting);
    waiting.push(run);
    if (order.queue === undefined || waiting.length === 1) run.start();
    return run;
  }
  list() {
    return [...this.#runs].map(({ name, pid }) => ({ name, pid }));
  }
  async stopAll(): Promise<void> {
    const ending = [...this.#runs].filter(({ order }) => !order.isLasting);
    for (const run of ending) run.stop();
    await Promise.all(ending.map(({ ended }) => ended));
  }
  #onEnd(run: FakeRun): void {
    this.#runs.delete(run);
    const waiting = this.#queues.get(run.order.queue ?? "");
    if (!waiting) return;
    const wasFirst = waiting[0] === run;
    waiting.splice(waiting.indexOf(run), 1);
    if (wasFirst) waiting[0]?.start();
  }
}

class FakeRun implements RunningProcess {
  readonly ended: Promise<ProcessEnd>;
  pid: number | undefined;
  #settle: (end: ProcessEnd) => void = () => {};
  #end: ProcessEnd | undefined;
  #cause: EndCause = "itself";
  #onTerm: (() => void) | undefined;
  #onEnd: (() => void) | undefined;
  #cancelTimer: Cancel = () => {};
  readonly #output: { readonly [S in OutputStream]: OutputLines };

  constructor(
    readonly order: ProcessOrder,
    private readonly clock: Clock,
    private readonly program: FakeProgram | undefined,
    private readonly nextPid: () => number,
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
  get isOutputCut(): boolean {
    return this.#output.stdout.isCut || this.#output.stderr.isCut;
  }
  start(): void {
    const { program, order } = this;
    if (!program) this.#finish({ kind: "not-started", code: "ENOENT", message: `${order.argv[0]} is not there` });
    if (this.#end || !program) return;
    this.pid = this.nextPid();
    if (order.timeLimitMs !== undefined) {
      this.#cancelTimer = this.clock.startTimer(this.name, order.timeLimitMs, () => this.#terminate("time-limit"));
    }
    const { argv, environment = {}, folder = "/", input = "" } = order;
    // A program's output never comes inside the call that started it.
    queueMicrotask(() => {
      if (this.#end) return;
      program({
        argv,
        environment,
        folder,
        input: typeof input === "string" ? input : Buffer.from(input).toString(),
        print: (text, to = "stdout") => this.#output[to].take(Buffer.from(text)),
        exit: (code) => this.#finish({ kind: "exited", code, because: this.#cause }),
        onTerm: (react) => {
          this.#onTerm = react;
        },
        onEnd: (react) => {
          this.#onEnd = react;
        },
      });
    });
  }
  stop(): void {
    if (this.#end) return;
    if (this.pid === undefined) {
      this.#finish({ kind: "not-started", code: "ECANCELED", message: "stopped before it began" });
    } else if (this.#cause === "itself") this.#terminate("stop");
  }
  kill(): void {
    if (this.pid === undefined) this.stop();
    if (this.#cause === "itself") this.#cause = "stop";
    this.#die("SIGKILL");
  }
  #terminate(cause: EndCause): void {
    this.#cause = cause;
    this.#cancelTimer();
    this.#cancelTimer = this.clock.startTimer(this.name, this.order.graceMs ?? defaultGraceMs, () =>
      this.#die("SIGKILL"),
    );
    if (this.#onTerm) this.#onTerm();
    else this.#die("SIGTERM");
  }
  #die(signal: string): void {
    this.#finish({ kind: "killed", signal, because: this.#cause });
  }
  #finish(end: ProcessEnd): void {
    if (this.#end) return;
    this.#end = end;
    this.#cancelTimer();
    this.#output.stdout.end();
    this.#output.stderr.end();
    this.#onEnd?.();
    this.#settle(end);
  }
}
