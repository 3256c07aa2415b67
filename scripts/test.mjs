import { execFile, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { prebuildTests } from "./prebuild-tests.mjs";
import { endRunningCommands } from "./run-command.mjs";
import { runTestBatch } from "./run-test-batch.mjs";
import { runTestFile } from "./run-test-file.mjs";
import { wantedRuntimes } from "./runtime-versions.mjs";
import { runScript, Stop } from "./say.mjs";
import { setUp } from "./setup.mjs";
import { Tally } from "./tally.mjs";
import { endRunningTests } from "./test-process.mjs";
import { testRuntimes } from "./test-runtimes.mjs";
import { guestObstacle, provideImage } from "./vm.mjs";

const usage = `usage: node scripts/test.mjs PART [FILE ...]
  check        types, lint, floors, golden and generated files, unit and fakes: before each commit
  unit | contract | integration | vm | all
  runtimes     on other versions of Node; takes versions ("24") instead of files
  runtime      what that runs on each of them
  generate     rewrites the generated and golden files
A FILE (or a part of its name) narrows the part to those files.`;

const testFiles = (folder) =>
  existsSync(`test/${folder}`)
    ? readdirSync(`test/${folder}`, { recursive: true })
        .filter((name) => name.endsWith(".test.ts"))
        .map((name) => `test/${folder}/${name}`)
        .sort()
    : [];

const isScenario = (file) => file.startsWith("test/vm/scenarios/");
/** Scenarios, and the tests of guests that run on the host. */
const wantsGuests = (file) => file.startsWith("test/vm/");
const isReal = (file) => file.startsWith("test/integration/") || file.endsWith(".real.test.ts");
const unit = () => [...testFiles("unit"), ...testFiles("golden")];
const contractWithFakes = () => testFiles("contract").filter((file) => !isReal(file));
const contractWithReal = () => testFiles("contract").filter(isReal);
const integration = () => testFiles("integration");
const guests = () => testFiles("vm");

const parts = {
  check: { steps: [types, lint], files: () => [...unit(), ...contractWithFakes()] },
  unit: { steps: [], files: () => [...unit(), ...contractWithFakes()] },
  contract: { steps: [build], files: () => testFiles("contract") },
  integration: { steps: [build], files: () => [...contractWithReal(), ...integration()] },
  vm: { steps: [build], files: guests },
  all: {
    steps: [types, lint, build],
    files: () => [...unit(), ...testFiles("contract"), ...integration(), ...guests()],
  },
  runtime: { steps: [build], files: () => [...unit(), ...integration().filter(dependsOnRuntime)] },
  runtimes: { steps: [], files: () => [] },
  // Only tests that can rewrite the files that they compare with.
  generate: { steps: [], files: () => [...unit(), ...testFiles("contract")].filter(canUpdate) },
};

/** The addons, V8's flags and the code cache under load, the event loop, files: another Node could break these. */
const dependsOnRuntime = (file) => /\/daemon\/(cable|profiles)\.test\.ts$|\/integration\/profiles\//.test(file);

const canUpdate = (file) => readFileSync(file, "utf8").includes("FAIRLEAD_UPDATE");

function types(tally) {
  return step(tally, "types", "node_modules/typescript/bin/tsc", "--noEmit");
}
function lint(tally) {
  return step(tally, "lint", "node_modules/@biomejs/biome/bin/biome", "check", "--error-on-warnings", ".");
}
function build(tally) {
  return step(tally, "build", "scripts/build.mjs", "--if-stale");
}

/** Runs a program of Node, which counts as one test. */
function step(tally, name, ...args) {
  const startedAt = performance.now();
  return new Promise((resolve) => {
    execFile(process.execPath, args, { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 }, (failure, stdout, stderr) => {
      const error = `${args.join(" ")} ended with ${failure?.code ?? failure?.signal}`;
      const result = failure ? { kind: "fail", name, error } : { kind: "pass", name };
      tally.add({ file: name, ms: performance.now() - startedAt, tests: [result], output: `${stdout}${stderr}` });
      resolve();
    });
  });
}

/** Why files that need a namespace cannot run here; undefined when they can. */
function namespaceObstacle() {
  const probe = spawnSync("test/harness/in-namespace", ["--", "true"], { encoding: "utf8" });
  return probe.status === 0 ? undefined : (probe.stderr || String(probe.error)).trim();
}

/**
 * Thousands of links that come and go hold a lock that all namespaces of the machine share: no other namespace beside
 * these.
 */
const isStorm = (file) => isReal(file) && file.includes("storm");

/** Open floods take all processors there are: nothing runs beside these. */
const isFlood = (file) => isReal(file) && file.includes("open-floods");

/** A file that cannot share its process with others says why, in a line of its own. */
const wantsOwnProcess = (file) => /^\/\/ own process: \S/m.test(readFileSync(file, "utf8"));

/** So may one say that it hardly needs a processor. */
const mostlyWaits = (file) => /^\/\/ mostly waits: \S/m.test(readFileSync(file, "utf8"));

const lanes = ["together", "waiting", "storms", "ownProcess", "shared", "floods"];
function laneOf(file) {
  if (!isReal(file)) return wantsOwnProcess(file) ? "ownProcess" : "shared";
  if (isStorm(file)) return "storms";
  if (isFlood(file)) return "floods";
  return mostlyWaits(file) ? "waiting" : "together";
}

/**
 * Two at a time, and one that mostly waits: the machine this must be quick on has two cores, and timing tests share
 * them.
 */
async function runFiles(files, tally) {
  if (files.length === 0) return;
  const { programOf, remove } = await prebuildTests(files);
  try {
    const entries = files.map((file) => ({ file, program: programOf(file) }));
    const lane = (name) => entries.filter(({ file }) => laneOf(file) === name);
    const [together, waiting, storms, ownProcess, shared, floods] = lanes.map(lane);
    const obstacle = files.some(isReal) ? namespaceObstacle() : undefined;
    const inTurn = (some) => runInTurn(some, tally, obstacle);
    await Promise.all([inTurn(together), inTurn(together), inTurn(waiting)]);
    const withoutNamespace = async () => {
      await inTurn(ownProcess);
      await runTestBatch(shared, (result) => tally.add(result));
    };
    await Promise.all([inTurn(storms).then(withoutNamespace), withoutNamespace()]);
    await inTurn(floods);
  } finally {
    remove();
  }
}

/** The longest guests begin first: at the end no guest runs alone for long. */
const longestGuests = [
  "node-wifi",
  "pppoe",
  "names",
  "logins",
  "handlers",
  "boot",
  "pppoe-unit",
  "modifiers",
  "sandbox",
];
const rankOf = (file) => {
  const rank = longestGuests.findIndex((name) => file.endsWith(`/${name}.test.ts`));
  return rank < 0 ? longestGuests.length : rank;
};

/** In guests or about them, two side by side, once the host's tests have left the processors to them. */
async function runGuests(files, tally) {
  if (files.length === 0) return;
  const obstacle = guestObstacle();
  if (obstacle !== undefined) {
    const skip = { kind: "skip", name: `all ${files.length} files`, reason: obstacle };
    return tally.add({ file: "test/vm", ms: 0, tests: [skip], output: "" });
  }
  try {
    provideImage();
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    const failure = { kind: "fail", name: "the guest's image", error: error.message };
    return tally.add({ file: "test/vm", ms: 0, tests: [failure], output: "" });
  }
  const waiting = files.toSorted((a, b) => rankOf(a) - rankOf(b));
  const takeTurns = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      tally.add(await runTestFile(file, isScenario(file) ? "guest" : "guests-host"));
    }
  };
  await Promise.all([takeTurns(), takeTurns()]);
}

/** Takes files off the list until none is left. */
async function runInTurn(waiting, tally, obstacle) {
  for (let entry = waiting.shift(); entry !== undefined; entry = waiting.shift()) {
    const { file, program } = entry;
    const inNamespace = isReal(file);
    if (inNamespace && obstacle !== undefined) {
      tally.add({ file, ms: 0, tests: [{ kind: "skip", name: "(whole file)", reason: obstacle }], output: "" });
    } else tally.add(await runTestFile(file, inNamespace ? "namespace" : "host", { program }));
  }
}

async function main() {
  const [name = "all", ...args] = process.argv.slice(2);
  const versions = wantedRuntimes(name === "runtimes" ? args : []);
  const wanted = name === "runtimes" ? [] : args;
  const part = parts[name];
  if (!part || args.some((argument) => argument.startsWith("-"))) throw new Stop(usage);
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.once(signal, () => {
      endRunningTests();
      endRunningCommands();
      process.exit(130);
    });
  }
  setUp(["build", "lab", "test"]);
  if (name === "generate") process.env.FAIRLEAD_UPDATE = "1";
  const files = part.files().filter((file) => wanted.length === 0 || wanted.some((some) => file.includes(some)));
  if (wanted.length > 0 && files.length === 0) throw new Stop(`no test file of "${name}" matches ${wanted.join(" ")}`);
  const tally = new Tally();
  const needsBuild = files.some((file) => isReal(file) || wantsGuests(file));
  const steps = wanted.length === 0 ? part.steps : needsBuild ? [build] : [];
  await Promise.all(steps.map((run) => run(tally)));
  await runFiles(
    files.filter((file) => !wantsGuests(file)),
    tally,
  );
  await runGuests(files.filter(wantsGuests), tally);
  if (name === "runtimes" || (name === "all" && wanted.length === 0)) await testRuntimes(versions, tally);
  process.send?.({ results: tally.results });
  return tally.summary() ? 0 : 1;
}

runScript(main);
