import { join } from "node:path";
import { runCommand } from "./run-command.mjs";
import { environmentOf, layOut, provideRuntime, Unavailable } from "./runtimes.mjs";
import { Stop } from "./say.mjs";

/** Building and all tests of one runtime; a quiet machine needs one minute. */
const limitMs = 900_000;
/** Of profiles/daemon-crash: that a crash loses nothing is shown at length by the tests of this clone. */
const crashRounds = "4";

/** Runs the part "runtime" of scripts/test.mjs on each of these versions of Node. */
export async function testRuntimes(wanted, tally) {
  // Each addon is one long compilation on one processor: they run side by side, and the tests in turn.
  const attempts = wanted.map((runtime) => ({ runtime, startedAt: performance.now(), ready: makeReady(runtime) }));
  for (const { ready } of attempts) ready.catch(() => {});
  for (const attempt of attempts) await testRuntime(attempt, tally);
}

async function makeReady(runtime) {
  const folder = await provideRuntime(runtime);
  return { folder, ...(await layOut(runtime, folder)) };
}

async function testRuntime({ runtime, startedAt, ready }, tally) {
  const settle = (tests, output = "") =>
    tally.add({ file: `Node ${runtime.version}`, ms: performance.now() - startedAt, tests, output });
  let place;
  try {
    place = await ready;
    settle(...(await testCopy(place)));
  } catch (error) {
    if (error instanceof Unavailable) return settle([{ kind: "skip", name: "everything", reason: error.message }]);
    settle([{ kind: "fail", name: "making it ready", error: error instanceof Stop ? error.message : error.stack }]);
  } finally {
    place?.remove();
  }
}

/** `[tests, output]` of the whole run in the copy. */
async function testCopy({ folder, copy }) {
  const env = { ...environmentOf(folder), FAIRLEAD_CRASH_ROUNDS: crashRounds };
  delete env.FAIRLEAD_FUZZ_RUNS;
  let results;
  const onMessage = (message) => {
    results = message.results;
  };
  const command = [join(folder, "bin", "node"), "scripts/test.mjs", "runtime"];
  const ended = await runCommand(command, { cwd: copy, env, limitMs, onMessage }).then(
    (output) => ({ output }),
    ({ message }) => ({ output: message, problem: "did not end as it should" }),
  );
  const tests = (results ?? []).map(({ file, name, ...test }) => ({ ...test, name: `${file}: ${name}` }));
  const problem = results ? undefined : (ended.problem ?? "told no results");
  if (problem !== undefined) tests.push({ kind: "fail", name: "the run itself", error: problem });
  return [tests, withoutSuccesses(ended.output)];
}

const withoutSuccesses = (output) =>
  output
    .split("\n")
    .filter((line) => !line.startsWith("ok  "))
    .join("\n");
