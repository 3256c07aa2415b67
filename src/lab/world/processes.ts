import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from "node:child_process";
import { patience, patienceMs, until, within } from "./until.ts";

/** More than any test reads; a process gone mad must not fill the memory. */
const maxOutputBytes = 4 * 1024 * 1024;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A child process whose output is kept and which is ended by its pid. */
export class ManagedProcess {
  readonly exited: Promise<Ended>;
  #output = "";
  #ended: Ended | undefined;

  constructor(
    readonly name: string,
    private readonly child: ChildProcess,
  ) {
    const take = (chunk: Buffer) => {
      if (this.#output.length < maxOutputBytes) this.#output += chunk.toString("utf8");
    };
    child.stdout?.on("data", take);
    child.stderr?.on("data", take);
    this.exited = new Promise((resolve) => {
      child.once("error", (error) => this.#end(resolve, { code: 127, signal: null }, String(error)));
      child.once("close", (code, signal) => this.#end(resolve, { code, signal }));
    });
  }
  #end(resolve: (ended: Ended) => void, ended: Ended, reason = ""): void {
    this.#output += reason;
    this.#ended ??= ended;
    resolve(this.#ended);
  }

  get pid(): number {
    const { pid } = this.child;
    if (pid === undefined) throw new Error(`${this.name} did not start: ${this.#output}`);
    return pid;
  }
  get isRunning(): boolean {
    return this.#ended === undefined;
  }
  get ended(): Ended | undefined {
    return this.#ended;
  }
  /** Standard output and standard error together, in the order they came. */
  output(): string {
    return this.#output;
  }
  /** Copies its output from now on. */
  pipeTo(stream: NodeJS.WritableStream): void {
    this.child.stdout?.pipe(stream, { end: false });
    this.child.stderr?.pipe(stream, { end: false });
  }
  write(text: string): void {
    this.child.stdin?.write(text);
  }
  closeInput(): void {
    this.child.stdin?.end();
  }

  /** Waits for a line of output; fails at once when the process ends without it. `from`: ignore earlier output. */
  async untilOutput(pattern: RegExp, limitMs = patienceMs, from = 0): Promise<RegExpMatchArray> {
    const found = await until(
      `${this.name} prints ${pattern}`,
      () => this.#output.slice(from).match(pattern) ?? (this.isRunning ? null : "ended"),
      limitMs,
    ).catch((error) => {
      throw new Error(`${(error as Error).message}\n--- ${this.name} printed:\n${this.#output}`);
    });
    if (found === "ended") throw new Error(`${this.name} ended before it printed ${pattern}:\n${this.#output}`);
    return found as RegExpMatchArray;
  }
  waitExit(limitMs = patienceMs): Promise<Ended> {
    return within(`${this.name} (pid ${this.child.pid}) to end`, this.exited, limitMs).catch((error) => {
      throw new Error(`${(error as Error).message}\n--- ${this.name} printed:\n${this.#output}`);
    });
  }
  kill(signal: NodeJS.Signals = "SIGTERM"): void {
    if (this.isRunning && this.child.pid !== undefined) this.child.kill(signal);
  }
  /** SIGTERM, and SIGKILL for one that is deaf to it. Never fails; calling it again does nothing. */
  async end(graceMs = 2000): Promise<void> {
    if (!this.isRunning) return;
    this.kill("SIGTERM");
    await this.waitExit(graceMs).catch(() => this.#endForcibly());
    await this.exited;
  }
  #endForcibly(): void {
    this.kill("SIGKILL");
    // Its children may live on and hold these open; they are not waited for.
    this.child.stdout?.destroy();
    this.child.stderr?.destroy();
  }
}

export function startProcess(
  command: string,
  args: readonly string[],
  options: SpawnOptions & { readonly name?: string } = {},
): ManagedProcess {
  const { name = command, ...rest } = options;
  return new ManagedProcess(name, spawn(command, args, { stdio: ["pipe", "pipe", "pipe"], ...rest }));
}

export interface RunResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Milliseconds for a program that is waited for. */
const runLimitMs = 30_000 * patience;

/** Runs to the end, at most {@link runLimitMs}, and returns its output. */
export function tryRun(command: string, args: readonly string[], input = ""): RunResult {
  const done = spawnSync(command, args, { encoding: "utf8", timeout: runLimitMs, maxBuffer: maxOutputBytes, input });
  if (done.error) return { code: 127, stdout: done.stdout ?? "", stderr: String(done.error) };
  return { code: done.status ?? 128, stdout: done.stdout, stderr: done.stderr };
}

/** Standard output of a command that must succeed. */
export function run(command: string, args: readonly string[], input = ""): string {
  const done = tryRun(command, args, input);
  if (done.code === 0) return done.stdout;
  throw new Error(`${command} ${args.join(" ")} ended with ${done.code}: ${done.stderr || done.stdout}`);
}
