import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Lab } from "./lab.ts";

/** The words of the prompt as functions of the shell. A stopped server answers no client, as one without power. */
const shellFunctions = `
[ -r ~/.bashrc ] && . ~/.bashrc
PS1='lab \\w \\$ '
plug() { ip -n network link set "$1" up; }
unplug() { ip -n network link set "$1" down; }
servers() {
  case $1 in
    on) kill -CONT $(cat "$FAIRLEAD_LAB_FOLDER/servers") ;;
    off) kill -STOP $(cat "$FAIRLEAD_LAB_FOLDER/servers") ;;
    *) echo "servers on, or servers off" ;;
  esac
}
`;

/** An interactive shell; its exit code. */
export async function openShell(lab: Lab, folder: string): Promise<number> {
  const rcFile = join(folder, "shellrc");
  writeFileSync(rcFile, shellFunctions);
  writeFileSync(join(folder, "servers"), lab.network.serverPids.join(" "));
  // Ctrl-C is for the command in the shell.
  process.on("SIGINT", () => {});
  return runInside(lab, ["bash", "--rcfile", rcFile, "-i"]);
}

/** Runs a command on this terminal with the lab's bus as its system bus. */
export function runInside(lab: Lab, [command = "", ...args]: readonly string[]): Promise<number> {
  const child = spawn(command, args, { env: lab.environment, stdio: "inherit" });
  return new Promise((resolve) => {
    child.once("error", (error) => {
      process.stderr.write(`lab: ${error.message}\n`);
      resolve(127);
    });
    child.once("exit", (code) => resolve(code ?? 128));
  });
}
