import { spawn, spawnSync } from "node:child_process";
import { runScript, Stop } from "./say.mjs";
import { root } from "./setup.mjs";

const usage = `usage: node scripts/vm-soak.mjs [ROUNDS [SCENARIO ...]]
  All scenarios (or those named), ROUNDS times in a row (default 20), with two busy loops beside them: a scenario that
  depends on a quick machine shows itself. Prints a line for each round; ends with 1 at the first that is not green.`;

const busyLoops = 2;
const busyLoop = "for (;;);";

async function main() {
  const [rounds = "20", ...scenarios] = process.argv.slice(2);
  if (!/^[1-9]\d{0,3}$/.test(rounds)) throw new Stop(usage);
  // Before the machine is made slow: programs built now need not be built in a round.
  runRound("build", ["scripts/build.mjs", "--if-stale"]);
  const loops = Array.from({ length: busyLoops }, startBusyLoop);
  try {
    for (let round = 1; round <= Number(rounds); round++) {
      runRound(`round ${round} of ${rounds}`, ["scripts/test.mjs", "vm", ...scenarios]);
    }
  } finally {
    for (const loop of loops) loop.kill("SIGKILL");
  }
  process.stdout.write(`${rounds} rounds, all green\n`);
  return 0;
}

/** It must not outlive a soak that was killed. */
const startBusyLoop = () =>
  spawn("setpriv", ["--pdeathsig", "KILL", process.execPath, "-e", busyLoop], { stdio: "ignore" });

function runRound(name, args) {
  const startedAt = performance.now();
  const done = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  const lines = (done.stdout ?? "").trimEnd().split("\n");
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
  process.stdout.write(`${name}: ${lines.at(-1) ?? ""} (${seconds} s)\n`);
  if (done.status !== 0) throw new Stop(`${name} is not green:\n${done.stdout}\n${done.stderr}`);
}

runScript(main);
