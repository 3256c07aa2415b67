/**
 * The port for programs that the daemon runs: hooks, protocol handler scripts, external daemons. The real ones are
 * {@link file://./child-processes.ts} and, as root, {@link file://../helper/helper-processes.ts}, the fake
 * `test/fakes/fake-processes.ts`; one contract holds all.
 */
import { DaemonError } from "../base/errors.ts";

export interface ProcessOrder {
  /** For the log and the debug dump; no secret. */
  readonly name: string;
  /** The program by its absolute path, then its arguments. No secret: every user of the machine can read them. */
  readonly argv: readonly [program: string, ...rest: string[]];
  /** The whole environment; nothing is inherited. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Working folder; `/` when absent. */
  readonly folder?: string;
  /** Written to standard input, which is then closed. Absent: standard input is empty. */
  readonly input?: string | Uint8Array;
  /** Milliseconds until SIGTERM goes to the whole group. Absent: no limit. */
  readonly timeLimitMs?: number;
  /** Milliseconds from SIGTERM to SIGKILL; 5,000 when absent. */
  readonly graceMs?: number;
  /** Orders of one class run one after the other, in the order they were given. Absent: runs at once. */
  readonly queue?: string;
  /** Goes on when the daemon ends, and is not ended with its group. Absent: nothing of the group survives. */
  readonly isLasting?: boolean;
  /** One line without its end, at most {@link longestLineBytes} long. */
  onLine?(line: string, from: OutputStream): void;
}

export type OutputStream = "stdout" | "stderr";

/** How a run ended. `because` tells an end that we caused from one that came by itself. */
export type ProcessEnd =
  | { readonly kind: "exited"; readonly code: number; readonly because: EndCause }
  | { readonly kind: "killed"; readonly signal: string; readonly because: EndCause }
  /**
   * `code`: the name of the system error (ENOENT, EACCES), ECANCELED for an order that was stopped in its queue, or
   * ENOTCONN where the program that would run it does not answer.
   */
  | { readonly kind: "not-started"; readonly code: string; readonly message: string };

export type EndCause = "itself" | "stop" | "time-limit";

export interface RunningProcess {
  readonly name: string;
  /** Undefined while the order waits in its queue, and when the program could not be started. */
  readonly pid: number | undefined;
  /** Output beyond {@link mostOutputBytes} in {@link outputWindowMs} was dropped. */
  readonly isOutputCut: boolean;
  /** Never rejects. Settles when the program has ended, its output is read and its group is gone. */
  readonly ended: Promise<ProcessEnd>;
  /** SIGTERM to the group, SIGKILL after the grace. Twice or too late: nothing happens. */
  stop(): void;
  /** SIGKILL to the group at once. */
  kill(): void;
}

export interface Processes {
  /**
   * Never throws for a refusal of the system: the end says it. Throws InvalidArguments for an order that no system
   * could run.
   */
  run(order: ProcessOrder): RunningProcess;
  /** Running and waiting programs, for the debug dump. */
  list(): readonly { readonly name: string; readonly pid: number | undefined }[];
  /** Stops all that is not lasting; resolves when it has ended. */
  stopAll(): Promise<void>;
}

/** A notification of a handler with hundreds of routes is shorter. A longer line comes in pieces of this length. */
export const longestLineBytes = 64 * 1024;
/** A program gone mad must not keep the daemon busy with its lines; a task or pppd may run for months. */
export const mostOutputBytes = 1024 * 1024;
/** Milliseconds in which {@link mostOutputBytes} are read. */
export const outputWindowMs = 60_000;
/** As long as systemd's handlers and netifd's scripts usually get to clean up. */
export const defaultGraceMs = 5000;

/** Where programs that the daemon runs look for others, and the language of their messages. */
export const programEnvironment: Readonly<Record<string, string>> = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  LC_ALL: "C.UTF-8",
};

/**
 * Throws InvalidArguments. NUL ends a string of the kernel: the program would see another argument than the order says.
 */
export function checkOrder({ name, argv, environment = {}, folder = "/" }: ProcessOrder): void {
  const texts = [...argv, folder, ...Object.entries(environment).flat()];
  if (!argv[0].startsWith("/")) throw new DaemonError("InvalidArguments", `${name}: ${argv[0]} is no absolute path`);
  if (texts.some((text) => text.includes("\0"))) {
    throw new DaemonError("InvalidArguments", `${name}: an argument, a variable or the folder has a NUL in it`);
  }
}
