/** Behaviour of every Processes; run against the fake and against the system. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  longestLineBytes,
  mostOutputBytes,
  type ProcessEnd,
  type Processes,
  type ProcessOrder,
  type RunningProcess,
} from "../../../src/system/processes.ts";
import { until } from "../../harness/until.ts";

/** Programs that both worlds have. */
const programNames = ["print", "copy", "fail", "wait", "deaf", "crowd", "flood"] as const;
export type ProgramName = (typeof programNames)[number];

export interface ProcessesWorld {
  readonly processes: Processes;
  /**
   * print: its arguments, the variable FAIRLEAD_WORD and its folder, a line each, and "warned" to standard error;
   * copy: standard input; fail: exit code 3; wait: prints "ready", then waits for ever; deaf: the same, deaf to
   * SIGTERM; crowd: starts a child that waits and holds the output, prints the child's pid, and exits with 0; missing:
   * none is there; flood: one line of 150,000 bytes, then more than {@link mostOutputBytes}.
   */
  pathOf(program: ProgramName | "missing"): string;
  /** Lets `ms` milliseconds pass, or at least that. */
  pass(ms: number): Promise<void>;
  isAlive(pid: number): boolean;
  close(): Promise<void>;
}

interface Started {
  readonly run: RunningProcess;
  readonly lines: string[];
  readonly ready: Promise<void>;
}

function start(world: ProcessesWorld, program: ProgramName, order: Partial<ProcessOrder> = {}): Started {
  const lines: string[] = [];
  let isReady = () => {};
  const ready = new Promise<void>((resolve) => {
    isReady = resolve;
  });
  const onLine: NonNullable<ProcessOrder["onLine"]> = (line, from) => {
    lines.push(from === "stdout" ? line : `${from}: ${line}`);
    if (line === "ready") isReady();
  };
  const run = world.processes.run({ name: program, argv: [world.pathOf(program)], onLine, ...order });
  return { run, lines, ready };
}

const exited = (code: number): ProcessEnd => ({ kind: "exited", code, because: "itself" });

export function processesCases(name: string, makeWorld: () => Promise<ProcessesWorld>): void {
  const inWorld = (title: string, act: (world: ProcessesWorld) => Promise<void>) =>
    test(`${name}: ${title}`, async () => {
      const world = await makeWorld();
      try {
        await act(world);
      } finally {
        await world.close();
      }
    });

  inWorld("a program gets its arguments, its environment and its folder, and nothing else", async (world) => {
    const { run, lines } = start(world, "print", {
      argv: [world.pathOf("print"), "a b", "$HOME", ""],
      environment: { FAIRLEAD_WORD: "here" },
      folder: "/usr",
    });
    assert.deepEqual(await run.ended, exited(0));
    const [warned, printed] = [lines.filter((line) => line.includes(":")), lines.filter((line) => !line.includes(":"))];
    assert.deepEqual(printed, ["a b", "$HOME", "", "here", "/usr"]);
    assert.deepEqual(warned, ["stderr: warned"]);
  });

  inWorld("input is written and closed; without one it is empty", async (world) => {
    const fed = start(world, "copy", { input: "one\ntwo\n\nlast without an end" });
    assert.deepEqual(await fed.run.ended, exited(0));
    assert.deepEqual(fed.lines, ["one", "two", "", "last without an end"]);
    const starved = start(world, "copy");
    assert.deepEqual([await starved.run.ended, starved.lines], [exited(0), []]);
  });

  inWorld("the exit code is told", async (world) => {
    assert.deepEqual(await start(world, "fail").run.ended, exited(3));
  });

  inWorld("a program that is not there ends as not started, and its queue goes on", async (world) => {
    const missing = world.processes.run({ name: "missing", argv: [world.pathOf("missing")], queue: "q" });
    const next = start(world, "fail", { queue: "q" });
    const end = await missing.ended;
    assert.equal(end.kind === "not-started" && end.code, "ENOENT");
    assert.equal(missing.pid, undefined);
    assert.deepEqual(await next.run.ended, exited(3));
  });

  inWorld("a relative path, and a NUL anywhere, are refused", async ({ processes }) => {
    const refused = { code: "InvalidArguments" };
    assert.throws(() => processes.run({ name: "x", argv: ["true"] }), refused);
    assert.throws(() => processes.run({ name: "x", argv: ["/bin/true", "a\0b"] }), refused);
    assert.throws(() => processes.run({ name: "x", argv: ["/bin/true"], environment: { A: "\0" } }), refused);
    assert.throws(() => processes.run({ name: "x", argv: ["/bin/true"], folder: "/\0" }), refused);
  });

  inWorld("stop ends a program by SIGTERM; stopping again is harmless", async (world) => {
    const { run, ready } = start(world, "wait");
    await ready;
    run.stop();
    run.stop();
    assert.deepEqual(await run.ended, { kind: "killed", signal: "SIGTERM", because: "stop" });
    run.stop();
    run.kill();
  });

  inWorld("a program deaf to SIGTERM is killed after the grace", async (world) => {
    const { run, ready } = start(world, "deaf", { graceMs: 20 });
    await ready;
    run.stop();
    await world.pass(20);
    assert.deepEqual(await run.ended, { kind: "killed", signal: "SIGKILL", because: "stop" });
  });

  inWorld("kill does not wait for the grace", async (world) => {
    const { run, ready } = start(world, "deaf");
    await ready;
    run.kill();
    assert.deepEqual(await run.ended, { kind: "killed", signal: "SIGKILL", because: "stop" });
  });

  inWorld("the time limit ends a program, and says so", async (world) => {
    const { run } = start(world, "wait", { timeLimitMs: 20 });
    await world.pass(20);
    assert.deepEqual(await run.ended, { kind: "killed", signal: "SIGTERM", because: "time-limit" });
  });

  inWorld("children of a program that ended go with it", async (world) => {
    const { run, lines } = start(world, "crowd");
    assert.deepEqual(await run.ended, exited(0));
    await until("the child is gone", () => !world.isAlive(Number(lines[0])));
  });

  inWorld("a notification of hundreds of routes is one line", async (world) => {
    const { run, lines } = start(world, "copy", { input: `${"r".repeat(60_000)}\n` });
    assert.deepEqual(await run.ended, exited(0));
    assert.deepEqual(
      lines.map(({ length }) => length),
      [60_000],
    );
  });

  inWorld("a long line comes in pieces, and what is too much is dropped", async (world) => {
    const { run, lines } = start(world, "flood");
    assert.deepEqual(await run.ended, exited(0));
    assert.deepEqual(
      lines.slice(0, 3).map(({ length }) => length),
      [longestLineBytes, longestLineBytes, 150_000 - 2 * longestLineBytes],
    );
    assert.equal(run.isOutputCut, true);
    assert.ok(lines.reduce((sum, line) => sum + line.length, 0) <= mostOutputBytes);
  });

  inWorld("orders of one queue run one after the other, those of others beside them", async (world) => {
    const first = start(world, "wait", { queue: "q" });
    const second = start(world, "fail", { queue: "q" });
    const other = start(world, "fail", { queue: "other" });
    assert.deepEqual(await other.run.ended, exited(3));
    await first.ready;
    assert.equal(second.run.pid, undefined);
    first.run.stop();
    assert.deepEqual(await second.run.ended, exited(3));
  });

  inWorld("an order stopped in its queue never starts", async (world) => {
    const first = start(world, "wait", { queue: "q" });
    const second = start(world, "fail", { queue: "q" });
    const third = start(world, "fail", { queue: "q" });
    second.run.stop();
    const end = await second.run.ended;
    assert.equal(end.kind === "not-started" && end.code, "ECANCELED");
    assert.equal(third.run.pid, undefined);
    first.run.stop();
    assert.deepEqual(await third.run.ended, exited(3));
  });

  inWorld("stopAll ends what runs and what waits, and the list is empty then", async (world) => {
    const running = start(world, "wait", { queue: "q" });
    const waiting = start(world, "wait", { queue: "q" });
    await running.ready;
    assert.deepEqual(
      world.processes.list().map(({ pid }) => pid !== undefined),
      [true, false],
    );
    await world.processes.stopAll();
    assert.equal((await running.run.ended).kind, "killed");
    assert.equal((await waiting.run.ended).kind, "not-started");
    assert.deepEqual(world.processes.list(), []);
  });
}
