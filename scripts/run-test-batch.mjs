import { setImmediate as turn } from "node:timers/promises";
import { fileLimitMs, judge } from "./judge-test-file.mjs";
import { TestProcess, withTestFolder } from "./test-process.mjs";

/** From the order to the file's begin: a process starts within a second, unless the machine is very busy. */
const startLimitMs = 60_000;

const driver = "test/harness/batch.mjs";
const command = [process.execPath, "--enable-source-maps", `--test-reporter=./${driver}`, driver];

/**
 * Takes entries `{ file, program }` off `waiting` until none is left, and runs them one after another in one process;
 * `settle` gets for each the result of runTestFile. A file that ends the process, crashes it, hangs, or leaves
 * something behind fails in its own name; the next ones get a new process.
 */
export async function runTestBatch(waiting, settle, { limitMs = fileLimitMs } = {}) {
  while (waiting.length > 0) {
    await withTestFolder((folder) => runInOneProcess(waiting, settle, folder, limitMs));
  }
}

async function runInOneProcess(waiting, settle, folder, limitMs) {
  const process = new TestProcess(command, folder, { channel: true });
  let entry, startedAt, inTime;
  const begin = (boundMs) => {
    inTime?.();
    startedAt = performance.now();
    inTime = process.limit(boundMs);
  };
  const order = () => {
    entry = waiting.shift();
    if (entry === undefined) return process.send({});
    begin(Math.max(startLimitMs, limitMs));
    process.send({ program: entry.program, leaveMs: limitMs / 60 });
  };
  const end = (tests, how) => {
    inTime();
    const { file } = entry;
    entry = undefined;
    settle({
      file,
      ms: performance.now() - startedAt,
      tests: judge(tests, how, limitMs),
      output: process.takeOutput(),
    });
  };
  process.onMessage(async ({ ended }) => {
    if (ended === undefined) return begin(limitMs);
    // Its output came before, by another way.
    await turn();
    end(ended.tests, { code: ended.code });
    if (ended.isTainted) process.kill();
    else order();
  });
  order();
  const ended = await process.ended;
  if (entry === undefined) return;
  if (ended.code === 0) end([{ kind: "fail", name: "(the file itself)", error: "ended the process" }], ended);
  else end([], ended);
}
