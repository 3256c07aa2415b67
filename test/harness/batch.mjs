/**
 * Runs test files one after another in this process, each as a suite, as the parent orders over the channel (see
 * scripts/run-test-batch.mjs); also the node:test reporter that hears the results of their tests.
 */
import { suite } from "node:test";
import { setTimeout as delay, setImmediate as turn } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { ProcessState } from "./process-state.mjs";
import { errorText, lineFor } from "./reporter.mjs";

const itself = "(the file itself)";
/** Of the file in work. */
let tests = [];
let suiteEnded;

export default async function* report(source) {
  for await (const { type, data } of source) {
    if (type !== "test:pass" && type !== "test:fail") continue;
    const line = lineFor(type.slice("test:".length), data);
    if (line) tests.push(data.nesting === 0 ? { ...line, name: itself } : line);
    if (data.nesting === 0) suiteEnded();
  }
  yield* [];
}

/** node:test takes a late error for a remark; it belongs to the file in work, if not to its tests. */
const onThrown = (error) => tests.push({ kind: "fail", name: itself, error: errorText(error) });
process.on("uncaughtExceptionMonitor", onThrown);
process.on("unhandledRejection", onThrown);

/** Runs a suite and waits until all is told of it. */
async function runSuite(name, fill) {
  const ended = new Promise((resolve) => {
    suiteEnded = resolve;
  });
  suite(name, fill);
  await ended;
}

/** `leaveMs`: handles closed at a test's end may take this long to be gone. */
async function run(program, leaveMs) {
  tests = [];
  await turn();
  const before = new ProcessState();
  await runSuite(program, () => import(pathToFileURL(program).href));
  const left = await whatIsLeft(before, leaveMs);
  if (left !== undefined) tests.push({ kind: "fail", name: itself, error: `left behind: ${left}` });
  const { exitCode } = process;
  process.exitCode = undefined;
  return { tests, code: exitCode ?? 0, isTainted: left !== undefined };
}

async function whatIsLeft(before, leaveMs) {
  await turn();
  const endsAt = performance.now() + leaveMs;
  for (let wait = 1; ; wait = Math.min(100, wait * 2)) {
    const left = new ProcessState().differenceTo(before);
    if (left === undefined || performance.now() > endsAt) return left;
    await delay(wait);
  }
}

// The first suite starts the machinery of node:test, which adds listeners, and imports this module as its reporter.
const warmedUp = runSuite("nothing", () => {});

process.on("message", async ({ program, leaveMs }) => {
  await warmedUp;
  if (program === undefined) return process.disconnect();
  process.send({ began: program });
  process.send({ ended: await run(program, leaveMs) });
});
