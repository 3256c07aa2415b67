import { spawnSync } from "node:child_process";
import { runScript, Stop } from "./say.mjs";
import { setUp } from "./setup.mjs";

/** `npm run bench`: makes the clone ready, builds, and measures; see test/bench/main.ts for arguments. */
async function main() {
  setUp(["build", "lab", "test"]);
  const inherit = { stdio: "inherit" };
  if (spawnSync(process.execPath, ["scripts/build.mjs", "--if-stale"], inherit).status !== 0)
    throw new Stop("build failed");
  const bench = ["--import", "tsx", "test/bench/main.ts", ...process.argv.slice(2)];
  return spawnSync(process.execPath, bench, inherit).status ?? 1;
}

runScript(main);
