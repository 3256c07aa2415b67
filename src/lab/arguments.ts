/** Options of the lab. */
export interface LabOptions {
  /**
   * show: signals live and a prompt. once: ends when online. shell: an interactive shell. command: runs it once online.
   */
  readonly mode: "show" | "once" | "shell" | "command";
  readonly command: readonly string[];
  /** Where bus socket, state and log go; the starter of the lab removes it. */
  readonly folder: string;
  /** The daemon's command line, without the arguments that say where bus and folders are. */
  readonly daemon: readonly string[];
}

export const usage = `usage: npm start -- [--once | --shell | -- COMMAND ...]
  (nothing)     the lab, until Ctrl-C or "quit"
  --once        ends with 0 as soon as a Service is online, with 1 after 30 s
  --shell       a shell inside (npm run lab)
  -- COMMAND    runs COMMAND inside as soon as a Service is online; its exit code
  --vm          the lab in a virtual machine with radios: a shell there, or with -- COMMAND that
  --host        not the lab: the daemon on this machine's own links, as root`;

export class UsageError extends Error {}

/** Throws a UsageError with one line for an unknown argument. */
export function parseArguments(args: readonly string[], defaults: Omit<LabOptions, "mode" | "command">): LabOptions {
  const split = args.indexOf("--");
  const command = split < 0 ? [] : args.slice(split + 1);
  const flags = split < 0 ? args : args.slice(0, split);
  if (split >= 0 && command.length === 0) throw new UsageError("-- must be followed by a command");
  const modes = flags.map((flag) => {
    if (flag === "--once" || flag === "--shell") return flag === "--once" ? "once" : "shell";
    throw new UsageError(`unknown argument ${flag}`);
  });
  if (new Set([...modes, ...(command.length > 0 ? ["command"] : [])]).size > 1) {
    throw new UsageError("--once, --shell and -- COMMAND exclude each other");
  }
  return { ...defaults, command, mode: command.length > 0 ? "command" : (modes[0] ?? "show") };
}
