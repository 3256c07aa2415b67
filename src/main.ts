/** fairleadd: arguments, signals, exit code. */
import { describeError } from "./base/errors.ts";
import { parseArguments } from "./config/arguments.ts";
import { readDaemonConfig } from "./config/daemon-config.ts";
import { Daemon } from "./daemon.ts";
import { version } from "./version.ts";

const exitCodes = { ok: 0, unavailable: 1, usage: 2 } as const;

async function main(): Promise<void> {
  const daemon = makeDaemon();
  if (!daemon) return;
  process.on("uncaughtException", (error) => daemon.die(error));
  process.on("unhandledRejection", (error) => daemon.die(error));
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => void end(daemon, signal));
  try {
    await daemon.start();
  } catch (error) {
    process.stderr.write(`fairleadd: ${describeError(error)}\n`);
    await daemon.stop("could not start");
    process.exit(exitCodes.unavailable);
  }
}

function makeDaemon(): Daemon | undefined {
  try {
    const commandLine = parseArguments(process.argv.slice(2));
    if (commandLine.kind === "run") return new Daemon(readDaemonConfig(commandLine, process.env));
    process.stdout.write(commandLine.kind === "help" ? commandLine.text : `fairleadd ${version}\n`);
  } catch (error) {
    process.stderr.write(`fairleadd: ${describeError(error)}\n`);
    process.exitCode = exitCodes.usage;
  }
  return undefined;
}

let isEnding = false;
async function end(daemon: Daemon, signal: string): Promise<void> {
  if (isEnding) return;
  isEnding = true;
  await daemon.stop(signal);
  process.exit(exitCodes.ok);
}

void main();
