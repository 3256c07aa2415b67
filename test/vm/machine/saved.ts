import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { saveState } from "./control.ts";
import { inits } from "./guest.ts";
import { accelerator, defaultAccelerator } from "./qemu.ts";
import { launch } from "./run.ts";

/** Of an emulated boot; machines are shared. */
const limitSeconds = 300;
const pollMs = 100;

/** The state of a machine that has booted to `init` and waits for a job; undefined: it has to boot. */
export function findSaved(image: string, init: string): string | undefined {
  // A state saved by one accelerator is of no use to another; those that are not emulators boot in no time.
  if (accelerator() !== defaultAccelerator) return undefined;
  const path = join(image, fileOf(init));
  return existsSync(path) ? path : undefined;
}

/**
 * Boots a guest of each kind and keeps its state in the image's folder: the common part of each boot is done once. A
 * failure to save is complained about, and tried again the next time.
 */
export async function saveMachines(image: string): Promise<void> {
  if (accelerator() !== defaultAccelerator) return;
  const wanted = Object.values(inits);
  const missing = wanted.filter((init) => findSaved(image, init) === undefined);
  if (missing.length === 0) return;
  process.stderr.write("vm: booting the machines that guests go on from, once: about half a minute\n");
  for (const init of missing) {
    // Without it they boot, which takes longer and shows the same.
    await saveMachine(image, init).catch((error: Error) => process.stderr.write(`vm: ${error.message}\n`));
  }
  const names = wanted.map(fileOf);
  const old = readdirSync(image).filter((name) => name.startsWith("saved-") && !names.includes(name));
  for (const name of old) rmSync(join(image, name));
}

/** The state fits the emulator and the command line it was saved with, and its clocks the pace of the processor. */
const fileOf = (init: string) => `saved-${basename(init)}-${stateKey()}`;

let knownKey: string | undefined;
function stateKey(): string {
  if (knownKey !== undefined) return knownKey;
  const emulator = execFileSync("qemu-system-x86_64", ["--version"], { encoding: "utf8" });
  const hash = createHash("sha256").update(`${emulator} ${cpus()[0]?.model}\n`);
  knownKey = hash
    .update(readFileSync(join(import.meta.dirname, "qemu.ts")))
    .digest("hex")
    .slice(0, 16);
  return knownKey;
}

async function saveMachine(image: string, init: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-vm-save-"));
  try {
    const [job, control] = [join(folder, "job"), join(folder, "control")];
    mkdirSync(job);
    // It never gets the word to begin, so no job and no project is ever mounted: qemu would not save such a machine.
    const qemu = launch({ image, folder, project: job, init, limitSeconds, control }, { isToBegin: false });
    const read = (name: string) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name), "utf8") : "");
    try {
      let end: string | undefined;
      void qemu.ended.then((why) => {
        end = why;
      });
      while (!/^ready$/m.test(read("status"))) {
        if (end !== undefined) throw new Error(end);
        await pause(pollMs);
      }
      const path = join(image, fileOf(init));
      await saveState(control, `${path}.new`);
      // A reader at this moment finds all of it or nothing.
      renameSync(`${path}.new`, path);
    } catch (error) {
      const said = `${qemu.complaints()}${read("console")}${read("output")}`;
      throw new Error(`no ${basename(init)} machine could be saved, so it boots: ${(error as Error).message}\n${said}`);
    } finally {
      qemu.kill();
      await qemu.ended;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
