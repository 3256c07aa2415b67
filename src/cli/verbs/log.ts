import type { Daemon } from "../daemon.ts";
import { exitCodes, usageFailure } from "../failure.ts";
import { localTime, toPlain } from "../text/bus-values.ts";
import type { Verb, VerbCall } from "../verb.ts";
import { quoted } from "../view/object-names.ts";
import type { Properties } from "../view/snapshot.ts";

/** As many as the daemon keeps. */
const mostLines = 500;
const usualLines = 50;
/** A person reads no faster, and the daemon does not notice. */
const followMs = 500;

const orders = ["level", "tags", "keep"];

export const log: Verb = {
  name: "log",
  operands: "",
  leastOperands: 0,
  mostOperands: 0,
  summary: "the newest lines of the daemon's log; shows or sets what is logged",
  options: {
    lines: { value: "N", doc: `how many, at most ${mostLines}; ${usualLines} when absent` },
    follow: { doc: "goes on with what comes, until Ctrl-C" },
    settings: { doc: "what is logged, instead of lines" },
    level: { value: "LEVEL", doc: "log error, warn, info or debug of all parts" },
    tags: { value: "A+B", doc: "log everything of these parts; +A-B edits what is set" },
    keep: { value: "yes|no", doc: "keep what is set for the next starts of the daemon, or forget what was kept" },
  },
  async run(call) {
    const { options } = call;
    const count = countOf(options.value("lines"));
    const settings = ["settings", ...orders].find((name) => options.has(name));
    const lines = ["lines", "follow"].find((name) => options.has(name));
    if (settings && lines) throw usageFailure(`--${lines} is about lines, --${settings} about what is logged`);
    const daemon = await call.daemon();
    await applyOrders(call, daemon);
    if (settings) await showSettings(call, daemon);
    else await showLines(call, daemon, count);
    return exitCodes.ok;
  },
};

function countOf(text = String(usualLines)): number {
  const count = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > mostLines) throw usageFailure(`--lines is a number from 1 to ${mostLines}`);
  return count;
}

async function applyOrders({ options }: VerbCall, daemon: Daemon): Promise<void> {
  const [level, tags, keep] = orders.map((name) => options.value(name));
  if (keep !== undefined && keep !== "yes" && keep !== "no") throw usageFailure("--keep is yes or no");
  if (tags !== undefined) await checkTags(daemon, tags);
  if (level !== undefined) await daemon.setLogLevel(level);
  if (tags !== undefined) await daemon.setLogTags(tags);
  if (keep !== undefined) await daemon.persistLog(keep === "yes");
}

/** The daemon passes over what it does not know, as shill does; a person has mistyped it. */
async function checkTags(daemon: Daemon, expression: string): Promise<void> {
  const known = listOf((await daemon.logSettings()).allTags);
  const unknown = expression.split(/[+-]/).find((tag) => tag !== "" && !known.includes(tag));
  if (unknown !== undefined)
    throw usageFailure(`--tags: there is no ${quoted(unknown)}`, [`there are ${known.join(", ")}`]);
}

async function showSettings({ options, out }: VerbCall, daemon: Daemon): Promise<void> {
  const { level, tags, allTags } = await daemon.logSettings();
  if (options.json) out.json({ level, tags: listOf(tags), allTags: listOf(allTags) }, 0);
  else {
    out.line(`level ${level}`);
    out.line(`tags  ${tags || "none"}`);
    out.paragraph(`there are ${listOf(allTags).join(", ")}`, 2, "dim");
  }
}
const listOf = (joined: string): readonly string[] => (joined === "" ? [] : joined.split("+"));

async function showLines(call: VerbCall, daemon: Daemon, count: number): Promise<void> {
  if (!call.options.has("follow")) {
    show(call, await daemon.logLines(0n, count), 0n);
    return;
  }
  // Before the first line: a user who has seen one may end it, also while the daemon is being asked.
  const interrupt = new Interrupt(call);
  let last = show(call, await daemon.logLines(0n, count), 0n);
  while (await interrupt.isFreeFor(followMs)) last = show(call, await daemon.logLines(last, mostLines), last);
}

/** Returns the number of the last line there is. */
function show({ options, out }: VerbCall, lines: readonly Properties[], last: bigint): bigint {
  for (const line of lines) {
    const value = (name: string) => line.get(name)?.value;
    if (options.json) out.json(toPlain(lineFields(line)), 0);
    else out.value(`${localTime(Number(value("Time")))} ${value("Level")} ${value("Scope")}: ${value("Text")}`);
  }
  return (lines.at(-1)?.get("Number")?.value as bigint | undefined) ?? last;
}
const lineFields = (line: Properties): ReadonlyMap<string, unknown> =>
  new Map([...line].map(([name, { value }]) => [name.toLowerCase(), value]));

/** Ctrl-C, whenever it came. */
class Interrupt {
  readonly #clock: VerbCall["clock"];
  #hasCome = false;
  #wake = () => {};

  constructor({ clock, onInterrupt }: VerbCall) {
    this.#clock = clock;
    onInterrupt(() => {
      this.#hasCome = true;
      this.#wake();
    });
  }
  /** Waits; false as soon as there is, or was, an interrupt. */
  async isFreeFor(ms: number): Promise<boolean> {
    if (this.#hasCome) return false;
    let cancel = () => {};
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      cancel = this.#clock.startTimer("follow", ms, resolve);
    });
    cancel();
    return !this.#hasCome;
  }
}
