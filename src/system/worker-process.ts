import { type ChildProcess, spawn } from "node:child_process";

/** Of its output to standard error, for the log. */
const longestWords = 500;

export interface WorkerOrder {
  /** A module that Node can run, by its absolute path. */
  readonly module: string;
  /** The whole environment; nothing is inherited. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Never called from inside a call to the worker. */
export interface WorkerObserver {
  message(message: unknown): void;
  /** Once, as the last thing. `because`: the end of a sentence. */
  ended(because: string): void;
}

export interface Worker {
  readonly pid: number | undefined;
  /** Dropped once it has ended. */
  send(message: unknown): void;
  /** SIGKILL; its end is told as any other. */
  kill(): void;
}
export type StartWorker = (order: WorkerOrder, observer: WorkerObserver) => Worker;

/**
 * A process of Node that messages go to and come from, over a pair of sockets that no other process has. When the
 * daemon is gone, the module hears "disconnect", and is to end.
 */
export const startWorker: StartWorker = ({ module, environment }, observer) => {
  const child: ChildProcess = spawn(process.execPath, [module], {
    cwd: "/",
    env: { ...environment },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    serialization: "json",
  });
  let isOver = false;
  let lastWords = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    lastWords = (lastWords + text).slice(-longestWords);
  });
  const end = (because: string) => {
    if (isOver) return;
    isOver = true;
    observer.ended(because);
  };
  child.on("message", (message) => observer.message(message));
  child.once("error", (error) => end(`could not be started: ${error.message}`));
  // Not "exit": its complaints are read by then.
  child.once("close", (code, signal) => {
    const words = lastWords.trim().split("\n").at(-1) ?? "";
    end(`${signal === null ? `exit code ${code}` : `signal ${signal}`}${words === "" ? "" : ` (${words})`}`);
  });
  return {
    pid: child.pid,
    // Its end is told; a message that was under way has no other answer.
    send: (message) => void (child.connected && child.send(message as object, () => {})),
    kill: () => void child.kill("SIGKILL"),
  };
};
