import { type ChildProcessByStdio, spawn } from "node:child_process";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { until } from "../harness/until.ts";

const script = join(fileURLToPath(new URL(".", import.meta.url)), "probe.py");

/** One stamped event of probe.py; see there. `at`: milliseconds of CLOCK_MONOTONIC. */
export interface ProbeEvent {
  readonly event: string;
  readonly at: number;
  readonly link?: string;
  readonly up?: boolean;
  readonly carrier?: boolean;
  readonly address?: string;
  readonly id?: number;
  readonly pid?: number;
  readonly took?: unknown;
  readonly good?: boolean;
  readonly body?: readonly unknown[] | null;
  readonly path?: string;
  readonly interface?: string;
  readonly member?: string;
  readonly args?: readonly unknown[] | null;
}

export interface BusCall {
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly signature?: string;
  readonly args?: readonly unknown[] | null;
}

export interface Reply {
  /** Milliseconds each of the calls took. */
  readonly took: readonly number[];
  readonly isGood: boolean;
  readonly body: readonly unknown[];
}

/** The observer process, its events so far, and its hands. */
export class Probe {
  readonly events: ProbeEvent[] = [];
  #nextId = 1;
  #incomplete = "";
  #end: string | undefined;
  private constructor(private readonly child: ChildProcessByStdio<Writable, Readable, null>) {
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => this.#take(chunk));
    child.once("exit", (code, signal) => {
      this.#end = `the probe ended with ${code ?? signal}`;
    });
  }

  static async start(): Promise<Probe> {
    const probe = new Probe(spawn("/usr/bin/python3", [script], { stdio: ["pipe", "pipe", "inherit"] }));
    await probe.wait("the probe is ready", ({ event }) => event === "ready");
    return probe;
  }

  async openBus(address: string, match: readonly string[]): Promise<void> {
    await this.#ask({ do: "bus", address, match });
  }
  /** Repeats the call `times` times, one after the other; the reply's values are those of the last. */
  async call(call: BusCall, { times = 1, body = true, limitMs = 60_000 } = {}): Promise<Reply> {
    const reply = await this.#ask({ do: "call", times, body, ...call }, limitMs);
    return { took: reply.took as readonly number[], isGood: reply.good === true, body: reply.body ?? [] };
  }
  /** Starts a program; resolves when it first answers `call` well, with its pid and the milliseconds since execve. */
  async startProgram(
    argv: readonly string[],
    log: string,
    call: BusCall,
    env: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly pid: number; readonly ms: number }> {
    const { pid, took } = await this.#ask({ do: "start", argv, env, log, ...call }, 60_000, "answered");
    if (pid === undefined) throw new Error("the probe told no pid");
    return { pid, ms: took as number };
  }

  /** The first event from index `from` on that fits. */
  wait(what: string, fits: (event: ProbeEvent) => boolean, from = 0, limitMs = 10_000): Promise<ProbeEvent> {
    let next = from;
    const look = () => {
      if (this.#end !== undefined) throw new Error(this.#end);
      while (next < this.events.length) {
        const event = this.events[next++];
        if (event && fits(event)) return event;
      }
      return undefined;
    };
    return until(what, look, limitMs);
  }
  /** Where events begin that have not come yet. */
  get mark(): number {
    return this.events.length;
  }
  end(): void {
    this.child.kill("SIGKILL");
  }

  #ask(command: Readonly<Record<string, unknown>>, limitMs = 10_000, event = "reply"): Promise<ProbeEvent> {
    const id = this.#nextId++;
    const from = this.mark;
    this.child.stdin.write(`${JSON.stringify({ ...command, id })}\n`);
    return this.wait(
      `the probe has done ${command.do}`,
      (each) => each.event === event && each.id === id,
      from,
      limitMs,
    );
  }

  #take(chunk: string): void {
    const lines = (this.#incomplete + chunk).split("\n");
    this.#incomplete = lines.pop() ?? "";
    for (const line of lines) this.events.push(parse(line));
  }
}

function parse(line: string): ProbeEvent {
  try {
    return JSON.parse(line) as ProbeEvent;
  } catch {
    throw new Error(`the probe says: ${line}`);
  }
}
