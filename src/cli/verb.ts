import type { Cancel, Clock } from "../base/clock.ts";
import type { Daemon } from "./daemon.ts";
import type { ExitCode } from "./failure.ts";
import type { Output } from "./text/terminal-output.ts";

export interface OptionDef {
  /** Name of its value in the help; absent: a switch. */
  readonly value?: string;
  readonly doc: string;
}

/** One action of a verb with several: `profile push NAME`. */
export interface ActionDef {
  /** The words behind its name, as the help shows them. */
  readonly operands?: string;
  readonly doc: string;
}
export type Actions = Readonly<Record<string, ActionDef>>;

/** Kinds of words in an operand's place, for completion. */
export type Candidates =
  | "action"
  | "service"
  | "device"
  | "object"
  | "property"
  | "shell"
  | "profile"
  | "subject"
  | "network"
  | "location"
  | "modifier"
  | "location-setting"
  | "modifier-setting"
  | "policy"
  | "technology"
  /** Where the action takes a FILE. */
  | "file"
  | "none";

/** One verb: its line in the help, its arguments, its action. The manual page is checked against these. */
export interface Verb {
  readonly name: string;
  /** As the help shows them: `OBJECT [PROPERTY]`. */
  readonly operands: string;
  readonly leastOperands: number;
  readonly mostOperands: number;
  readonly summary: string;
  /** The words that its first operand may be. */
  readonly actions?: Actions;
  readonly options?: Readonly<Record<string, OptionDef>>;
  /** By place of the operand; the last one stands for all that follow. */
  readonly completes?: readonly Candidates[];
  /** Not in the help: for scripts of ours. */
  readonly isHidden?: true;
  run(call: VerbCall): Promise<ExitCode>;
}

/** One run of a verb. */
export interface VerbCall {
  readonly operands: readonly string[];
  readonly options: Options;
  readonly out: Output;
  readonly clock: Clock;
  /** All verbs, for completion. */
  readonly verbs: readonly Verb[];
  /**
   * Connects at the first call. Rejects with a {@link import("./failure.ts").Failure} that names the missing bus or
   * daemon.
   */
  daemon(): Promise<Daemon>;
  /** Calls `listener` at Ctrl-C or SIGTERM, instead of ending at once. */
  onInterrupt(listener: () => void): Cancel;
  /** All of standard input as text, without its last line end. Rejects with a usage Failure beyond `mostBytes`. */
  readInput(mostBytes: number): Promise<string>;
  /** One line that is not shown: asked for on a terminal, else the first line of standard input. */
  readSecret(prompt: string): Promise<string>;
}

/** The options of a command line: of the verb, and those that all verbs have. */
export class Options {
  constructor(private readonly given: ReadonlyMap<string, string>) {}
  has(name: string): boolean {
    return this.given.has(name);
  }
  value(name: string): string | undefined {
    return this.given.get(name);
  }
  get json(): boolean {
    return this.has("json");
  }
}
