import type { Clock } from "../base/clock.ts";
import { randomBytes } from "../system/random.ts";

/** Holds the key in the environment of each program that the helper runs; the daemon is not told of it. */
export const taskKeyVariable = "FAIRLEAD_TASK_KEY";

/** The daemon asks for a task in the same turn in which it hears of it. */
const grantMs = 10_000;
/** Of one run: netifd's scripts announce one. */
const mostGrants = 16;
/** netifd's notification "run command". */
const runCommand = 1;

interface Grant {
  /** The command and its whole environment. */
  readonly order: string;
  readonly untilMs: number;
}

/**
 * The programs that handlers asked for. A line of a handler's output counts only with the key of its run: text of the
 * daemon that a script repeats, by an `echo` for instance, has not got it.
 */
export class TaskGrants {
  #grants: readonly Grant[] = [];

  constructor(
    private readonly clock: Pick<Clock, "now">,
    /** The variables that each program gets. */
    private readonly base: Readonly<Record<string, string>>,
  ) {}

  /** For a new run. Not kept: {@link read} is given it with each line. */
  makeKey(): string {
    return randomBytes(16).toString("hex");
  }
  /** A line of standard output. Returns it as the daemon may see it. */
  read(line: string, key: string): string {
    const wanted = line.startsWith("{") && line.includes(key) ? commandOf(line, key) : undefined;
    if (wanted) this.#add(orderText(wanted.argv, { ...this.base, ...wanted.environment }));
    return withoutKey(line, key);
  }
  #add(order: string): void {
    const untilMs = this.clock.now() + grantMs;
    this.#grants = [...this.#valid(), { order, untilMs }].slice(-mostGrants);
  }
  /** Whether a handler asked for exactly this a moment ago; then once. */
  take(argv: readonly string[], environment: Readonly<Record<string, string>>): boolean {
    const text = orderText(argv, environment);
    const valid = this.#valid();
    const found = valid.find(({ order }) => order === text);
    this.#grants = valid.filter((grant) => grant !== found);
    return found !== undefined;
  }
  #valid(): readonly Grant[] {
    const now = this.clock.now();
    return this.#grants.filter(({ untilMs }) => now < untilMs);
  }
}

/** A shorter part of a key leaves the rest beyond all guessing. */
const tellingPart = 8;

/** A line as the daemon may see it. A long line comes in pieces: one may end in the middle of the key. */
export function withoutKey(line: string, key: string): string {
  let [shown, atEnd, atStart] = [line.replaceAll(key, ""), key.length - 1, key.length - 1];
  while (atEnd >= tellingPart && !shown.endsWith(key.slice(0, atEnd))) atEnd--;
  if (atEnd >= tellingPart) shown = shown.slice(0, -atEnd);
  while (atStart >= tellingPart && !shown.startsWith(key.slice(-atStart))) atStart--;
  return atStart >= tellingPart ? shown.slice(atStart) : shown;
}

function commandOf(line: string, key: string) {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // The daemon says so in its log.
    return undefined;
  }
  const { action, key: shown, command, env = [] } = value as Readonly<Record<string, unknown>>;
  if (action !== runCommand || shown !== key || !isTexts(command) || !isTexts(env)) return undefined;
  const environment = env.map((entry) => [entry.split("=", 1)[0] ?? "", entry.slice(entry.indexOf("=") + 1)] as const);
  return { argv: command, environment: Object.fromEntries(environment) };
}
const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((one) => typeof one === "string");

const orderText = (argv: readonly string[], environment: Readonly<Record<string, string>>): string =>
  JSON.stringify([argv, Object.entries(environment).sort(([a], [b]) => (a < b ? -1 : 1))]);
