import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";

/** A run of nmcli that takes longer has lost NetworkManager. */
const runLimitMs = 120_000;
/** An access point takes a hundred bytes; the air holds some hundred of them. */
const mostOutputBytes = 1024 * 1024;

type Callback = (error: NmcliError | null, stdout: string, stderr: string) => void;

/** nmcli's words and its exit code (nmcli(1), EXIT STATUS); undefined: it could not be run, or was ended. */
export class NmcliError extends Error {
  constructor(
    message: string,
    readonly exitCode: number | undefined,
  ) {
    super(message);
  }
}

/**
 * node-wifi splits nmcli's answer at colons, and gives a password as an argument, which every user of the machine can
 * read. So names of networks are asked for in hexadecimal, which has no colon, and an argument `password` never passes.
 * Pure.
 */
export function guardedArguments(args: readonly unknown[], isFresh: boolean): readonly string[] {
  const words = args.map(String);
  const at = words.indexOf("password");
  if (words.includes("connect") && at >= 0) words.splice(at, 2);
  const fields = words.indexOf("--fields") + 1;
  if (fields > 0) words[fields] = (words[fields] ?? "").replace(/(^|,)ssid(?=,|$)/, "$1ssid-hex");
  if (words.join(" ").includes(" device wifi list")) words.push("--rescan", isFresh ? "yes" : "no");
  return words;
}

/** The only way from this process to nmcli: for node-wifi, and for the orders that the package has no safe way for. */
export class GuardedNmcli {
  /** How node-wifi's next list is meant; the package has no argument for it. */
  isFresh = false;
  readonly #running = new Set<ChildProcess>();

  /** node-wifi, which must not be loaded yet, gets here in place of `execFile`. Only this process is concerned. */
  install(): void {
    const module = createRequire(import.meta.url)("node:child_process") as { execFile: unknown };
    module.execFile = (file: string, args: readonly unknown[], _options: unknown, done: Callback) =>
      this.#start(file, guardedArguments(args, this.isFresh), done).stdin?.end();
  }
  /** Resolves to its output. Rejects with {@link NmcliError}. */
  run(args: readonly string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      const child = this.#start("nmcli", args, (error, stdout) => (error ? reject(error) : resolve(stdout)));
      child.stdin?.end();
    });
  }
  /**
   * As {@link run}, with lines for `passwd-file`. Standard input of a child of Node is a socket, which cannot be opened
   * by a path; cat makes a pipe of it. Nothing of it is in an argument or in a file.
   */
  runWithSecret(args: readonly string[], lines: string): Promise<string> {
    const piped = ["-c", 'cat | exec nmcli "$@" passwd-file /dev/stdin', "nmcli", ...args];
    return new Promise((resolve, reject) => {
      const child = this.#start("/bin/sh", piped, (error, stdout) => (error ? reject(error) : resolve(stdout)));
      // nmcli need not live to read it.
      child.stdin?.on("error", () => {});
      child.stdin?.end(lines);
    });
  }
  /** Ends running commands, with all processes that they started; their callers are told. */
  stopAll(): void {
    for (const child of this.#running) endGroup(child);
  }

  /** In a group of its own: a shell that is ended would leave nmcli behind. */
  #start(file: string, args: readonly string[], done: Callback): ChildProcess {
    const child = spawn(file, args, { detached: true, stdio: ["pipe", "pipe", "pipe"] });
    this.#running.add(child);
    const printed = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"] as const) {
      child[stream].setEncoding("utf8").on("data", (text: string) => {
        printed[stream] += text;
        if (printed[stream].length > mostOutputBytes) endGroup(child);
      });
    }
    const limit = setTimeout(() => endGroup(child), runLimitMs);
    const finish = (error: NmcliError | null) => {
      clearTimeout(limit);
      if (this.#running.delete(child)) done(error, error ? "" : printed.stdout, printed.stderr);
    };
    child.once("error", (error) => finish(new NmcliError(`it could not be run: ${error.message}`, undefined)));
    child.once("close", (code, signal) => {
      if (code === 0) finish(null);
      else finish(new NmcliError(wordsOf(printed.stderr) || `it ended with ${code ?? signal}`, code ?? undefined));
    });
    return child;
  }
}

/** A group without processes is no error. */
function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGTERM");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** The first line; the others are advice for people at a terminal. */
const wordsOf = (stderr: string): string => (stderr.split("\n")[0] ?? "").replace(/^Error: /, "").slice(0, 300);
