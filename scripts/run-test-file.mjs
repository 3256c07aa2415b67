import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What one file may say before the rest is dropped. */
const maxOutputCharacters = 200_000;
/** CI lets the decoders eat fifty times more than a developer waits for. */
const limitMs = process.env.FAIRLEAD_FUZZ_RUNS ? 900_000 : 180_000;
/** A guest has limits of its own, keeps evidence when it meets them, and has to be given the time for it; so has a host of guests. */
const guestLimitMs = 420_000;

const running = new Set();

/** Ends every test file that runs now, with all it started. */
export function endRunningFiles() {
  for (const child of running) killGroup(child);
}

function killGroup(child) {
  try {
    // The group, since a test may have children; in a namespace the death of unshare takes the rest along.
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // It ended in the meantime.
  }
}

/** The command that runs a test file in its place and writes what the reporter says to `results`. */
const places = {
  host: (file, results) => [
    process.execPath,
    ...["--import", "tsx", "--test-reporter=./test/harness/reporter.mjs", `--test-reporter-destination=${results}`],
    file,
  ],
  namespace: (file, results) => ["test/harness/in-namespace", "--", ...places.host(file, results)],
  "guests-host": (file, results) => places.host(file, results),
  // The machine must not outlive a runner that was killed.
  guest: (file, results) => [
    ...["setpriv", "--pdeathsig", "KILL", process.execPath],
    ...["--import", "tsx", "test/vm/machine/run-scenario.ts", file, results],
  ],
};

/**
 * Runs one test file in a process of its own, `place`: one of the above, and returns
 * `{ file, ms, tests: [{ kind: "pass" | "fail" | "skip", name, reason?, error? }], output }`.
 * A file that crashes, runs out of time, or holds no test gets a failure in its own name.
 */
export async function runTestFile(file, place) {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-test-"));
  // Some tests do things as another user, who must be able to pass through.
  chmodSync(folder, 0o711);
  const results = join(folder, "results");
  const startedAt = performance.now();
  try {
    const ended = await runBounded(places[place](file, results), folder, limitOf(place));
    const ms = performance.now() - startedAt;
    return { file, ms, tests: judge(readResults(results), ended, limitOf(place)), output: ended.output };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const limitOf = (place) => (place.startsWith("guest") ? guestLimitMs : limitMs);

function runBounded([command, ...args], folder, boundMs) {
  // What a test leaves in its temporary folder goes with it.
  const env = { ...process.env, TMPDIR: folder };
  // The mark of a run around this one, which would swallow the results.
  delete env.NODE_TEST_CONTEXT;
  const child = spawn(command, args, { detached: true, env, stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  let output = "";
  const take = (chunk) => {
    if (output.length < maxOutputCharacters) output += chunk.toString("utf8");
  };
  child.stdout.on("data", take);
  child.stderr.on("data", take);
  return new Promise((resolve) => {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      killGroup(child);
    }, boundMs);
    const end = (code, signal) => {
      if (!running.delete(child)) return;
      clearTimeout(timer);
      // A test that passed but left children behind must not leave them for ever.
      killGroup(child);
      child.stdout.destroy();
      child.stderr.destroy();
      resolve({ code, signal, isLate, output });
    };
    child.once("error", (error) => {
      output += String(error);
      end(127, null);
    });
    child.once("close", end);
    // A grandchild may hold the pipe open; it is not waited for.
    child.once("exit", (code, signal) => setTimeout(end, 500, code, signal));
  });
}

function readResults(path) {
  try {
    const lines = readFileSync(path, "utf8").split("\n");
    return lines.filter((line) => line !== "").map((line) => JSON.parse(line));
  } catch {
    return [];
  }
}

function judge(tests, { code, signal, isLate }, boundMs) {
  const judged = tests.map((test) =>
    test.kind === "skip" && !test.reason ? { kind: "fail", name: test.name, error: "skipped without a reason" } : test,
  );
  const fail = (error) => [...judged, { kind: "fail", name: "(the file itself)", error }];
  if (isLate) return fail(`did not end within ${boundMs / 1000} s`);
  if (signal) return fail(`was killed by ${signal}`);
  if (code !== 0 && !judged.some(({ kind }) => kind === "fail")) return fail(`ended with exit code ${code}`);
  if (judged.length === 0) return fail("holds no test");
  return judged;
}
