import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, readSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { commandLine, type Machine, ports } from "./qemu.ts";

/** How often the guest's output is looked for. */
const pollMs = 100;
/** Of a console that has to explain a guest without an exit code. */
const consoleTailCharacters = 4000;

/** Runs the guest to its end, copying what its job prints; resolves to the job's exit code. */
export async function runMachine(machine: Machine, print: (text: string) => void): Promise<number> {
  for (const name of ports) writeFileSync(join(machine.folder, name), "");
  const [command, ...args] = commandLine(machine);
  const input = machine.hasTerminal ? "inherit" : "ignore";
  const qemu = spawn(command, args, { stdio: [input, machine.hasTerminal ? "inherit" : "pipe", "pipe"] });
  let complaints = "";
  for (const stream of [qemu.stdout, qemu.stderr])
    stream?.on("data", (chunk) => {
      complaints += chunk;
    });
  let isOver = false;
  const ended = new Promise<string>((resolve) => {
    qemu.once("error", (error) => resolve(error.message));
    qemu.once("close", (code, signal) => resolve(`qemu ended with ${code ?? signal}`));
  }).finally(() => {
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
  print(`the guest gave no exit code: ${await ended} (limit ${machine.limitSeconds} s)\n${complaints}`);
  print(`the end of its console:\n${read(machine, "console").slice(-consoleTailCharacters)}\n`);
  return 1;
}

function read(machine: Machine, name: string): string {
  const path = join(machine.folder, name);
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

/** Gives what was appended to the file since the last call. */
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
