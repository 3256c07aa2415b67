import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { flagsFor } from "./launcher-flags.mjs";
import { say } from "./say.mjs";
import { root } from "./setup.mjs";

const recorder = join(root, "scripts", "record-code-cache.cjs");
const cacheFile = (program) => join(root, "dist", `${program}.cache`);

/** The flags that the launcher gives this Node. */
const launcherFlags = (program) => flagsFor(readFileSync(join(root, "bin", program), "utf8"), process.version, accepts);
const accepts = (flags) => spawnSync(process.execPath, [...flags, "--version"], { stdio: "ignore" }).status === 0;
const recording = (program) => [process.execPath, ...launcherFlags(program), recorder, program];

/**
 * Records the code caches in the lab: the daemon gets a cable online and the command line asks it, so that the caches
 * hold the functions of a start and no others. Where no lab can be made, they hold those of `--help`.
 */
export function recordCodeCaches() {
  const problem = recordInLab();
  if (problem !== undefined)
    say(`build: the code caches know less than they could, as the lab did not run:\n${problem}`);
  for (const program of ["fairleadd", "fairlead", "fairlead-wait-online", "fairlead-helper"]) {
    if (!existsSync(cacheFile(program))) recordAlone(program);
    say(`build: dist/${program}.cjs ${kilobytes(`${program}.cjs`)}, its code cache ${kilobytes(`${program}.cache`)}`);
  }
}

function recordInLab() {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-build-"));
  const env = {
    ...process.env,
    FAIRLEAD_LAB_FOLDER: folder,
    FAIRLEAD_LAB_DAEMON: JSON.stringify(recording("fairleadd")),
  };
  const lab = ["--", process.execPath, "--import", "tsx", "src/lab/main.ts", "--", ...recording("fairlead"), "status"];
  const options = { cwd: root, env, encoding: "utf8", timeout: 45_000, killSignal: "SIGKILL" };
  const done = spawnSync(join(root, "test/harness/in-namespace"), lab, options);
  rmSync(folder, { recursive: true, force: true });
  return done.status === 0 ? undefined : `${done.stdout ?? ""}${done.stderr ?? ""}`.trim().slice(-2000);
}

function recordAlone(program) {
  const [command, ...args] = recording(program);
  spawnSync(command, [...args, "--help"], { stdio: "ignore" });
}

const kilobytes = (file) => {
  const path = join(root, "dist", file);
  return existsSync(path) ? `${Math.round(statSync(path).size / 1024)} KiB` : "is missing";
};
