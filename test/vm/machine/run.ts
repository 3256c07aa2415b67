import { execFileSync, spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, readSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { commandLine, type Machine, ports, startPortName } from "./qemu.ts";
import { findSaved } from "./saved.ts";

/** How often the guest's output is looked for. */
const pollMs = 100;
/** Of a console that has to explain a guest without an exit code. */
const consoleTailCharacters = 4000;

/** Runs the guest to its end, copying its job's output; resolves to the job's exit code. */
export async function runMachine(machine: Machine, print: (text: string) => void): Promise<number> {
  const qemu = launch(machine, { saved: findSaved(machine.image, machine.init), isToBegin: true });
  let isOver = false;
  const ended = qemu.ended.finally(() => {
    isOver = true;
  });
  const follow = follower(join(machine.folder, "output"), print);
  while (!isOver) {
    follow();
    await Promise.race([ended, pause(pollMs)]);
  }
  follow();
  const code = /^\d+$/m.exec(read(machine, "status"))?.[0];
  if (code !== undefined) return Number(code);
  print(`the guest gave no exit code: ${await ended} (limit ${machine.limitSeconds} s)\n${qemu.complaints()}`);
  print(`the end of its console:\n${read(machine, "console").slice(-consoleTailCharacters)}\n`);
  return 1;
}

export interface Launched {
  /** How it ended, in words. */
  readonly ended: Promise<string>;
  /** qemu's own output so far. */
  complaints(): string;
  kill(): void;
}

/**
 * Starts the emulator. `isToBegin`: whether the guest gets the word to begin with its job. `saved`: a file with the
 * state to go on from; without it the guest boots.
 */
export function launch(
  machine: Machine,
  how: { readonly saved?: string | undefined; readonly isToBegin: boolean },
): Launched {
  for (const name of ports) writeFileSync(join(machine.folder, name), "");
  writeWord(join(machine.folder, startPortName), how.isToBegin);
  const saved = how.saved === undefined ? undefined : openSync(how.saved, "r");
  const [command, ...args] = commandLine(machine, saved === undefined ? undefined : inheritedFile);
  const terminal = machine.hasTerminal ? "inherit" : undefined;
  const stdio = [terminal ?? "ignore", terminal ?? "pipe", "pipe", ...(saved === undefined ? [] : [saved])] as const;
  const qemu = spawn(command, args, { stdio: [...stdio] });
  if (saved !== undefined) closeSync(saved);
  let complaints = "";
  for (const stream of [qemu.stdout, qemu.stderr])
    stream?.on("data", (chunk) => {
      complaints += chunk;
    });
  const ended = new Promise<string>((resolve) => {
    qemu.once("error", (error) => resolve(error.message));
    qemu.once("close", (code, signal) => resolve(`qemu ended with ${code ?? signal}`));
  });
  return { ended, complaints: () => complaints, kill: () => void qemu.kill("SIGKILL") };
}

function writeWord(path: string, isToBegin: boolean): void {
  // The word is the time: a saved machine still has that of its boot.
  if (isToBegin) writeFileSync(`${path}.in`, `${Math.floor(Date.now() / 1000)}\n`);
  // The end of a file would be one, too; this has none.
  else execFileSync("mkfifo", [`${path}.in`]);
  writeFileSync(`${path}.out`, "");
}

/** The descriptor after standard error. */
const inheritedFile = 3;

function read(machine: Machine, name: string): string {
  const path = join(machine.folder, name);
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

/** Gives the text appended to the file since the last call. */
function follower(path: string, print: (text: string) => void): () => void {
  const buffer = Buffer.alloc(64 * 1024);
  let position = 0;
  return () => {
    const file = openSync(path, "r");
    for (let got = -1; got !== 0; position += got) {
      got = readSync(file, buffer, 0, buffer.length, position);
      if (got > 0) print(buffer.toString("utf8", 0, got));
    }
    closeSync(file);
  };
}
