import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileLimitMs, judge } from "./judge-test-file.mjs";
import { TestProcess, withTestFolder } from "./test-process.mjs";

/**
 * A guest has limits of its own, keeps evidence when it meets them, and has to be given the time for it; so has a host
 * of guests.
 */
const guestLimitMs = 900_000;

const node = (results, ...args) => [
  ...[process.execPath, "--enable-source-maps"],
  ...["--test-reporter=./test/harness/reporter.mjs", `--test-reporter-destination=${results}`],
  ...args,
];

/** The command that runs a program of tests in its place and writes the reporter's lines to `results`. */
const places = {
  host: (program, results) => node(results, program),
  namespace: (program, results) => ["test/harness/in-namespace", "--", ...node(results, program)],
  "guests-host": (program, results) => node(results, "--import", "tsx", program),
  // The machine must not outlive a runner that was killed.
  guest: (program, results) => [
    ...["setpriv", "--pdeathsig", "KILL", process.execPath],
    ...["--import", "tsx", "test/vm/machine/run-scenario.ts", program, results],
  ],
};

/**
 * Runs one test file in a process of its own, `place`: one of the above, and returns
 * `{ file, ms, tests: [{ kind: "pass" | "fail" | "skip", name, reason?, error? }], output }`.
 * A file that crashes, runs out of time, or holds no test gets a failure in its own name.
 * `program`: what Node can run of it, where that is not the file itself.
 */
export function runTestFile(file, place, { program = file, limitMs = limitOf(place) } = {}) {
  return withTestFolder(async (folder) => {
    const results = join(folder, "results");
    const startedAt = performance.now();
    const process = new TestProcess(places[place](program, results), folder);
    const inTime = process.limit(limitMs);
    const ended = await process.ended;
    inTime();
    const ms = performance.now() - startedAt;
    return { file, ms, tests: judge(readResults(results), ended, limitMs), output: process.takeOutput() };
  });
}

const limitOf = (place) => (place.startsWith("guest") ? guestLimitMs : fileLimitMs);

function readResults(path) {
  try {
    const lines = readFileSync(path, "utf8").split("\n");
    return lines.filter((line) => line !== "").map((line) => JSON.parse(line));
  } catch {
    return [];
  }
}
