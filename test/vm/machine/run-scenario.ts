import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { debianRelease } from "../../../scripts/vm.mjs";
import { findImage } from "../image/cache.ts";
import { keepEvidence } from "./evidence.ts";
import { bootLimitSeconds, defaultLimitSeconds, type Guest, inits } from "./guest.ts";
import { project, writeJob } from "./job.ts";
import { runMachine } from "./run.ts";

/**
 * run-scenario.ts FILE RESULTS: boots a guest as FILE's folder wants it, runs FILE in it under node:test,
 * writes the reporter's lines to RESULTS, and ends with the exit code from inside.
 */
async function main([file = "", results = ""]: readonly string[]): Promise<number> {
  const image = findImage(debianRelease() ?? "");
  if (image === undefined) throw new Error("the image was not built");
  const entry = resolve(file);
  const { guest } = (await import(pathToFileURL(join(dirname(entry), "guest.ts")).href)) as { guest: Guest };
  const folder = mkdtempSync(join(tmpdir(), "fairlead-vm-"));
  try {
    await writeJob(join(folder, "job"), { entry, guest });
    const init = inits[guest.init];
    const limitSeconds = (guest.limitSeconds ?? defaultLimitSeconds) + bootLimitSeconds;
    const machine = { image, folder, project, init, limitSeconds };
    const code = await runMachine(machine, (text) => process.stdout.write(text));
    if (existsSync(join(folder, "results"))) copyFileSync(join(folder, "results"), results);
    if (code !== 0) process.stdout.write(`logs are kept in ${keepEvidence(basename(dirname(entry)), folder)}\n`);
    return code;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: Error) => {
    process.stderr.write(`vm: ${error.message}\n`);
    process.exitCode = 1;
  },
);
