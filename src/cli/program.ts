import type { Cancel, Clock } from "../base/clock.ts";
import type { BusPort } from "../bus/bus.ts";
import { Daemon, notRunning, type Patience } from "./daemon.ts";
import { type ExitCode, exitCodes, Failure } from "./failure.ts";
import { helpText, verbHelpText } from "./help.ts";
import { Output, type Sink } from "./text/terminal-output.ts";
import type { Options, VerbCall } from "./verb.ts";
import { verbs } from "./verbs.ts";
import { parseCommandLine } from "./words/command-line.ts";

/** All that the program has to do with: replaced by a test, given by main.ts. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly clock: Clock;
  readonly version: string;
  /** A connected bus. Rejects with one clear line. */
  connect(address: string): Promise<BusPort>;
  onInterrupt(listener: () => void): Cancel;
  readInput(mostBytes: number): Promise<string>;
  readSecret(prompt: string): Promise<string>;
}

/** Where libdbus looks when nothing is said. */
export const systemBus = "unix:path=/var/run/dbus/system_bus_socket";

/** Runs one command line; resolves with the exit code, also after any error. */
export async function runProgram(args: readonly string[], around: Surroundings): Promise<ExitCode> {
  const connection = new LazyConnection(around);
  try {
    return await runVerb(args, around, connection);
  } catch (error) {
    return complain(error, args.includes("--json"), new Output(around.stderr, around.env));
  } finally {
    await connection.close();
  }
}

async function runVerb(args: readonly string[], around: Surroundings, connection: LazyConnection): Promise<ExitCode> {
  const { verb, operands, options } = parseCommandLine(args, verbs);
  const out = new Output(around.stdout, around.env);
  if (options.has("version")) out.verbatim(`fairlead ${around.version}\n`);
  else if (options.has("help")) out.verbatim(verb ? verbHelpText(verb) : helpText(verbs));
  else if (!verb) {
    around.stderr.write(helpText(verbs));
    return exitCodes.usage;
  } else return verb.run(verbCall(operands, options, out, around, connection));
  return exitCodes.ok;
}

function verbCall(
  operands: readonly string[],
  options: Options,
  out: Output,
  around: Surroundings,
  connection: LazyConnection,
): VerbCall {
  return {
    operands,
    options,
    out,
    clock: around.clock,
    verbs,
    daemon: () => connection.daemon(options.value("bus-address"), patienceOf(around, options)),
    onInterrupt: (listener) => around.onInterrupt(listener),
    readInput: (mostBytes) => around.readInput(mostBytes),
    readSecret: (prompt) => around.readSecret(prompt),
  };
}

/** For people; a program that reads JSON waits in silence. */
const patienceOf = ({ clock, stderr, env }: Surroundings, options: Options): Patience => ({
  clock,
  tell: (note) => {
    if (!options.has("json")) new Output(stderr, env).paragraph(`fairlead: ${note}`, 2);
  },
});

class LazyConnection {
  #bus: BusPort | undefined;
  constructor(private readonly around: Surroundings) {}

  async daemon(wished: string | undefined, patience: Patience): Promise<Daemon> {
    const address = wished ?? (this.around.env.DBUS_SYSTEM_BUS_ADDRESS || systemBus);
    try {
      this.#bus ??= await this.around.connect(address);
    } catch (error) {
      throw notRunning((error as Error).message);
    }
    return new Daemon(this.#bus, patience);
  }
  async close(): Promise<void> {
    await this.#bus?.close();
  }
}

/** One line, and details that may help below it; on stderr, as JSON when that was asked for. */
function complain(error: unknown, asJson: boolean, err: Output): ExitCode {
  const failure = error instanceof Failure ? error : internal(error);
  const { exitCode, errorName, message, details } = failure;
  if (asJson) err.json({ error: { exitCode, name: errorName, message, details } }, 0);
  else {
    err.paragraph(`fairlead: ${errorName === "" ? "" : `${errorName}: `}${message}`, 2);
    err.lines(details);
  }
  return exitCode;
}

/** A fault of this program: the stack is for its developer. */
const internal = (error: unknown): Failure => {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new Failure(exitCodes.refused, "internal error", "", stack.split("\n"));
};
