/**
 * Log level and scopes, changed while the daemon runs, in shill's words: a level as a number, and tags joined by `+`.
 */
import { DaemonError, describeError } from "../base/errors.ts";
import type { Log, LogControl, LogLevel } from "../base/log.ts";

/**
 * Each tag of shill's, and ours (shill's doc/manager-api.txt), in the order of the list; with the scopes of our log
 * that the tag covers. A tag without scopes is for parts that are yet to come.
 */
const scopesOfTag: Readonly<Record<string, readonly string[]>> = {
  cellular: ["modem"],
  connection: ["manager"],
  connectivitydiagnostics: [],
  crypto: [],
  daemon: ["daemon", "rehearsal"],
  dbus: ["dbus"],
  device: ["manager"],
  dhcp: ["dhcp"],
  dns: [],
  ethernet: ["manager"],
  http: [],
  inet: ["route"],
  link: ["rtnl"],
  manager: ["manager"],
  metrics: [],
  modem: ["modem"],
  portal: [],
  power: ["power"],
  ppp: [],
  profile: ["profile"],
  property: ["dbus"],
  resolver: ["daemon"],
  route: ["route"],
  rtnl: ["rtnl"],
  service: ["manager"],
  storage: ["profile"],
  task: [],
  tc: [],
  vpn: [],
  wifi: [],
};
export const debugTags = Object.keys(scopesOfTag);

/** No honest expression is longer than all tags, each taken away and put back. */
const longestExpression = 1024;
/** Severities of shill's: INFO, WARNING, ERROR, ERROR_REPORT, FATAL. Ours for each. */
const severities: readonly LogLevel[] = ["info", "warn", "error", "error", "error"];
const numberOf: Readonly<Record<LogLevel, number>> = { debug: -1, info: 0, warn: 1, error: 2 };

/** Where the override lies: it outlives the daemon. */
export interface OverrideFile {
  /** Undefined: there is none. */
  read(): string | undefined;
  write(text: string): void;
  remove(): void;
}

export class DebugControl {
  #tags: ReadonlySet<string> = new Set();
  /** As the client set it: -4 and -1 mean the same to us, and clients read back their own value. */
  #number: number | undefined;

  constructor(
    private readonly logs: LogControl,
    private readonly file: OverrideFile,
    private readonly log: Log,
  ) {
    this.#tags = new Set([...logs.scopes].filter((scope) => debugTags.includes(scope)));
  }

  get level(): number {
    return this.#number ?? numberOf[this.logs.level];
  }
  /** 0 INFO to 4 FATAL; below 0 the scopes of the tags as well. Others are ignored, as shill does. */
  setLevel(level: number): void {
    const name = level < 0 ? "info" : severities[level];
    if (name === undefined) {
      this.log.warn(`there is no severity ${level}`);
      return;
    }
    this.logs.setLevel(name);
    this.#number = level;
  }
  /** In our own words; `debug` speaks of everything, with no need for tags. */
  setLevelName(level: LogLevel): void {
    this.logs.setLevel(level);
    this.#number = undefined;
  }
  get levelName(): LogLevel {
    return this.logs.level;
  }

  get tags(): readonly string[] {
    return debugTags.filter((tag) => this.#tags.has(tag));
  }
  /**
   * `a+b` sets, `+a-b` edits the present tags. Unknown tags are ignored. Throws InvalidArguments when it is endless.
   */
  setTags(expression: string): void {
    if (expression.length > longestExpression) throw new DaemonError("InvalidArguments", "too long a list of tags");
    const tags = new Set(/^[+-]/.test(expression) ? this.#tags : []);
    for (const [, sign, tag = ""] of expression.matchAll(/([+-]?)([^+-]+)/g)) {
      if (!debugTags.includes(tag)) continue;
      if (sign === "-") tags.delete(tag);
      else tags.add(tag);
    }
    this.#tags = tags;
    this.logs.setScopes([...tags].flatMap((tag) => [tag, ...(scopesOfTag[tag] ?? [])]));
  }

  /** Stores level and tags for the next starts, or deletes the stored ones. Throws Failure. */
  persist(isKept: boolean): void {
    try {
      if (isKept) this.file.write(`${JSON.stringify({ level: this.level, tags: this.tags.join("+") })}\n`);
      else this.file.remove();
    } catch (cause) {
      const code = cause instanceof DaemonError && cause.code === "NotStored" ? cause.code : "Failure";
      throw new DaemonError(code, "the log settings cannot be stored", { cause });
    }
  }
  /**
   * Stored values win over flags and configuration file: they were stored to find a fault. A damaged file is passed
   * over.
   */
  restore(): void {
    try {
      const text = this.file.read();
      if (text === undefined) return;
      const { level, tags } = JSON.parse(text) as { readonly level: unknown; readonly tags: unknown };
      if (!Number.isInteger(level) || typeof tags !== "string") throw new Error("it holds no level and tags");
      this.setLevel(level as number);
      this.setTags(tags);
    } catch (error) {
      this.log.warn(`the stored log settings are passed over: ${describeError(error)}`);
    }
  }
}
