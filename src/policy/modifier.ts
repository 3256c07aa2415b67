import { DaemonError } from "../base/errors.ts";
import { PropertyShape, propertyTable } from "../base/property.ts";
import type { RunningProcess } from "../system/processes.ts";
import { Activatable, activationProperties } from "./activatable.ts";
import type { AutomationHost } from "./automation-host.ts";
import { evaluateList, type PlaceFacts, type Verdict } from "./conditions.ts";

/** As long as a person waits for a VPN to ask for nothing. */
const commandLimitMs = 60_000;
/** At the daemon's end, which waits little longer for any program. */
const lastLimitMs = 5_000;
/**
 * A failed one whose conditions hold is tried again after this, as often as conditions are checked without an event.
 */
const retryMs = 120_000;
/** Conditions may depend on the program's effects: it is not to go up and down without end. */
const mostStarts = 5;
const startsWithinMs = 60_000;
const longestOutput = 256;
const mostWords = 64;

type Argv = readonly [program: string, ...rest: string[]];

/** Calls of a Modifier to its keeper. */
export interface ModifierKeeper {
  /** The Modifier changed: a check may be needed. */
  changed(): void;
  /** By hand. WrongState for one that goes by its conditions. */
  switchTo(modifier: Modifier, isEnabled: boolean): void;
  destroy(modifier: Modifier): void;
}

/** An external network modifier: a pair of programs that change the network in their own way, a VPN for instance. */
export class Modifier extends Activatable {
  override readonly kind = "modifier";
  start = "";
  stop = "";
  /** Of the last run; undefined: none has ended by itself. */
  lastExit: number | undefined;
  lastOutput = "";
  #running: RunningProcess | undefined;
  #stopLimitMs = commandLimitMs;
  /** Settings changed while a program ran: its result is about another Modifier. */
  #isStale = false;
  /** The commands as they were when it became active: `stop` undoes the `start` that ran. */
  #begun: { readonly start: string; readonly stop: string } | undefined;
  /** When conditions started it, the newest last. */
  #starts: readonly number[] = [];

  constructor(
    host: AutomationHost,
    name: string,
    readonly keeper: ModifierKeeper,
  ) {
    super(host, name);
  }

  override get shape(): PropertyShape<Activatable> {
    return modifierShape as unknown as PropertyShape<Activatable>;
  }
  override check(): void {
    super.check();
    if (this.start === "") throw new DaemonError("InvalidArguments", "Start is missing: there is nothing to run");
  }
  protected override settingsChanged(): void {
    this.settingsRead();
    this.keeper.changed();
  }
  /** The settings changed. */
  settingsRead(): void {
    this.failedAtMs = undefined;
    const isOther = this.#begun && (this.#begun.start !== this.start || this.#begun.stop !== this.stop);
    if (!isOther) return;
    this.#isStale = this.#running !== undefined;
    if (this.state === "online") this.leave("its commands changed");
  }

  /** Whether it is to be active now. */
  wish(facts: PlaceFacts): Verdict {
    if (this.heldBackBecause !== undefined) return { isTrue: false, because: this.heldBackBecause };
    if (this.conditionFault !== undefined) return { isTrue: false, because: this.conditionFault };
    if (!this.isConditional) {
      return { isTrue: this.isEnabled, because: this.isEnabled ? "it is enabled by hand" : "it is not enabled" };
    }
    return this.conditionList ? evaluateList(this.conditionList, facts) : { isTrue: false, because: "no conditions" };
  }
  follow({ isTrue, because }: Verdict): void {
    if (isTrue) this.#want(because);
    else this.leave(because);
  }
  #want(because: string): void {
    if (this.state === "maintenance" && !this.#mayRetry()) return;
    // A stop under way comes to its end first; the check after it starts anew.
    if (this.state === "online*" || this.#isRestless() || !this.advance("wanted", because)) return;
    if (this.isConditional) this.#starts = [...this.#starts.slice(1 - mostStarts), this.host.clock.now()];
    this.#begun = { start: this.start, stop: this.stop };
    void this.#run("start", this.start, commandLimitMs);
  }
  /** Undone until the conditions are looked at without an event. */
  #isRestless(): boolean {
    const [oldest = 0] = this.#starts;
    const isFull = this.#starts.length >= mostStarts && this.state === "offline";
    if (!this.isConditional || !isFull || this.host.clock.now() - oldest >= startsWithinMs) return false;
    this.because = `its conditions started it ${mostStarts} times within ${startsWithinMs / 1000} s`;
    this.properties.touch("Because");
    return true;
  }
  /** Manual ones wait for a person. */
  #mayRetry(): boolean {
    if (!this.isConditional) return this.failedAtMs === undefined;
    return this.failedAtMs === undefined || this.host.clock.now() - this.failedAtMs >= retryMs;
  }
  leave(because: string): void {
    const { state } = this;
    if (state === "maintenance" || state === "offline" || state === "disabled") {
      if (state === "maintenance") this.advance(this.isSwitchedOff ? "disable" : "unwanted", because);
      else this.rest(because);
      return;
    }
    if (!this.advance("unwanted", because)) return;
    if (this.#running) this.#running.stop();
    else void this.#undo(because);
  }
  async #undo(because: string): Promise<void> {
    const stop = this.#begun?.stop ?? this.stop;
    if (stop === "") this.#finishStop(because);
    else await this.#run("stop", stop, this.#stopLimitMs);
  }
  #finishStop(because: string): void {
    this.advance(this.isSwitchedOff ? "disable" : "deconfigured", because);
    this.keeper.changed();
  }

  async #run(what: "start" | "stop", command: string, timeLimitMs: number): Promise<void> {
    const argv = argvOf(command);
    const fault = argv ? this.host.programFault(argv[0]) : "there is no command";
    if (!argv || fault !== undefined) {
      this.#noteEnd(undefined, "");
      this.advance("failed", fault ?? "", argv ? "invalid-config" : "method-missing");
      return;
    }
    let lastLine = "";
    const running = this.host.processes.run({
      name: `modifier ${this.name} ${what}`,
      argv,
      environment: {
        ...{ PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C.UTF-8" },
        ...{ FAIRLEAD_MODIFIER: this.name, FAIRLEAD_ACTION: what },
      },
      timeLimitMs,
      queue: `modifier ${this.name}`,
      onLine: (line) => {
        if (line.trim() !== "") lastLine = line.trim();
      },
    });
    this.#running = running;
    const end = await running.ended;
    this.#running = undefined;
    const code = end.kind === "exited" ? end.code : undefined;
    this.#noteEnd(code, end.kind === "not-started" ? end.message : lastLine);
    const isCut = end.kind !== "not-started" && end.because === "time-limit";
    const how = isCut
      ? `it did not end within ${timeLimitMs / 1000} s`
      : code === undefined
        ? "it did not run"
        : `exit code ${code}`;
    this.#ended(what, code === 0 && !isCut, `${what}: ${how}${this.lastOutput === "" ? "" : `: ${this.lastOutput}`}`);
  }
  #noteEnd(code: number | undefined, output: string): void {
    this.lastExit = code;
    this.lastOutput = output.slice(0, longestOutput);
    for (const name of ["LastExit", "LastOutput"]) this.properties.touch(name);
  }
  #ended(what: "start" | "stop", isGood: boolean, because: string): void {
    const isStale = this.#isStale;
    this.#isStale = false;
    if (what === "stop") {
      if (isGood) this.#finishStop(because);
      else this.advance("failed", because);
    } else if (this.state === "online*" || isStale) {
      // Not wanted any more, or with other settings: its possible effects are undone.
      this.advance("unwanted", "its settings changed");
      void this.#undo(because);
    } else this.advance(isGood ? "configured" : "failed", because);
    this.keeper.changed();
  }

  /** The daemon ends: an active Modifier is undone. Resolves when it is. */
  async end(): Promise<void> {
    this.#stopLimitMs = lastLimitMs;
    this.leave("the daemon ends");
    while (this.#running) {
      await this.#running.ended;
      await Promise.resolve();
    }
  }
}

/** Split at blanks, without a shell; undefined: empty. */
function argvOf(command: string): Argv | undefined {
  const [program, ...rest] = command.split(/\s+/).filter((word) => word !== "");
  return program === undefined ? undefined : [program, ...rest];
}

function checkedCommand(what: string, command: string): string {
  if (command === "") return command;
  const argv = argvOf(command);
  if (!argv?.[0].startsWith("/") || command.length > 4096 || /\p{Cc}/u.test(command) || argv.length > mostWords) {
    throw new DaemonError(
      "InvalidArguments",
      `${what} is the absolute path of a program and its arguments, with blanks between`,
    );
  }
  return command;
}

const command = (what: "Start" | "Stop", key: "start" | "stop", doc: string) =>
  ({
    signature: "s",
    doc,
    get: (of: Modifier) => of[key],
    set: (of: Modifier, value: string) => {
      of[key] = checkedCommand(what, value);
    },
    persist: {
      default: "",
      restore: (of: Modifier, value: string) => {
        of[key] = checkedCommand(what, value);
      },
    },
  }) as const;

export const modifierShape = new PropertyShape<Modifier>({
  ...activationProperties,
  ...propertyTable<Modifier>()({
    LastExit: {
      signature: "i",
      doc: "Exit code of the program that ran last; absent: it was killed, could not be started, or none has run.",
      get: ({ lastExit }) => lastExit,
    },
    LastOutput: {
      signature: "s",
      doc: "The last line that it printed, or why it could not be started.",
      get: ({ lastOutput }) => lastOutput,
    },
    Start: command(
      "Start",
      "start",
      "Program and arguments, split at blanks, without a shell; run when the Modifier becomes active. Root's alone to write.",
    ),
    Stop: command("Stop", "stop", "As Start, for when it ceases to be active; empty: there is nothing to undo."),
  }),
});
