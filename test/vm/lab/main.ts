import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { debianRelease } from "../../../scripts/vm.mjs";
import { findImage } from "../image/cache.ts";
import { bootLimitSeconds, defaultLimitSeconds } from "../machine/guest.ts";
import { project, writeJob } from "../machine/job.ts";
import { runMachine } from "../machine/run.ts";
import { guest } from "./guest.ts";

/**
 * main.ts [COMMAND ...]: boots a guest with the lab in it. With a command, runs that and ends with its exit code;
 * without one, a shell on this terminal.
 */
async function main(command: readonly string[]): Promise<number> {
  const image = findImage(debianRelease() ?? "");
  if (image === undefined) throw new Error("the image was not built");
  const hasTerminal = command.length === 0;
  const folder = mkdtempSync(join(tmpdir(), "fairlead-vm-lab-"));
  try {
    const environment = { VM_LAB_COMMAND: JSON.stringify(command), ...(hasTerminal ? terminal() : {}) };
    await writeJob(join(folder, "job"), { entry: join(import.meta.dirname, "steps.ts"), guest, environment });
    const limitSeconds = (guest.limitSeconds ?? defaultLimitSeconds) + bootLimitSeconds;
    const machine = { image, folder, project, init: "/usr/lib/fairlead-vm/init", limitSeconds, hasTerminal };
    return await runMachine(machine, (text) => process.stdout.write(text));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Facts of this terminal for the guest. */
const terminal = () => ({
  VM_TERMINAL: "/dev/hvc0",
  VM_ROWS: String(process.stdout.rows || 24),
  VM_COLUMNS: String(process.stdout.columns || 80),
  TERM: process.env.TERM ?? "vt100",
});

// Ctrl-C belongs to the shell in the guest; a request to end takes the guest along, as its runner's death does.
process.on("SIGINT", () => {});
main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: Error) => {
    process.stderr.write(`lab: ${error.message}\n`);
    process.exitCode = 1;
  },
);
