/** fairleadd: arguments, signals, exit code. */
import { describeError } from "./base/errors.ts";
import { parseArguments } from "./config/arguments.ts";
import { type DaemonConfig, readDaemonConfig } from "./config/daemon-config.ts";
import { Daemon } from "./daemon.ts";
import { version } from "./version.ts";

const exitCodes = { ok: 0, unavailable: 1, usage: 2 } as const;

let isEnding = false;

/** Undefined: there is nothing to run, and the exit code is set. */
function readConfiguration(): DaemonConfig | undefined {
  try {
    const commandLine = parseArguments(process.argv.slice(2));
    if (commandLine.kind === "run") return readDaemonConfig(commandLine, process.env);
    process.stdout.write(commandLine.kind === "help" ? commandLine.text : `fairleadd ${version}\n`);
  } catch (error) {
    complain(error);
    process.exitCode = exitCodes.usage;
  }
  return undefined;
}

async function run(config: DaemonConfig): Promise<void> {
  let daemon: Daemon | undefined;
  try {
    daemon = new Daemon(config);
    listen(daemon);
    await daemon.start();
  } catch (error) {
    // Told to end while it started: later failures are of no interest.
    if (isEnding) return;
    complain(error);
    await daemon?.stop("could not start");
    process.exit(exitCodes.unavailable);
  }
}

function listen(daemon: Daemon): void {
  process.on("uncaughtException", (error) => daemon.die(error));
  process.on("unhandledRejection", (error) => daemon.die(error));
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => void end(daemon, signal));
}

async function end(daemon: Daemon, signal: string): Promise<void> {
  if (isEnding) return;
  isEnding = true;
  await daemon.stop(signal);
  process.exit(exitCodes.ok);
}

/** One line for any error. */
function complain(error: unknown): void {
  process.stderr.write(`fairleadd: ${describeError(error).replace(/\s*\n\s*/g, " ")}\n`);
}

const config = readConfiguration();
if (config) void run(config);
