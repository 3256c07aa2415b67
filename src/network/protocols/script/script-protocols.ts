import { basename, dirname } from "node:path";
import type { Cancel } from "../../../base/clock.ts";
import { DaemonError, describeError } from "../../../base/errors.ts";
import type { Log } from "../../../base/log.ts";
import type { ProcessEnd, Processes } from "../../../system/processes.ts";
import type { FoundProgram } from "../../../system/trusted-file.ts";
import type { ProtocolHandler } from "../handler.ts";
import type { ProtocolRegistry } from "../registry.ts";
import { parseDump, type ScriptDescription } from "./description.ts";
import { type ScriptConfig, scriptHandler } from "./script-handler.ts";
import { type ScriptPorts, Teardowns } from "./script-session.ts";

/** A handler describes itself without a look at anything. */
const dumpLimitMs = 5_000;
/** A handler that lists features of a kernel prints less. */
const mostLines = 1_000;

/** Protocols that programs of others bring. */
export interface HandlerCatalogue {
  /** Empty until they were first asked for: by {@link find} or {@link whenKnown}. */
  readonly names: readonly string[];
  /** The first call has them read; until then there is none, and {@link onChange} tells when that is over. */
  find(name: string): ScriptDescription | undefined;
  /** Resolves when they have been read. */
  whenKnown(): Promise<void>;
  /** Why there are no others, for people; empty: nothing is known of handlers here. */
  readonly whyNoOthers: string;
  /** Looks again, if they were read before; those that ask for changes hear of it. */
  reread(): void;
  onChange(listener: () => void): Cancel;
}

export interface ScriptProtocolsPorts {
  readonly log: Log;
  /** As root, or on the way to it. */
  readonly processes: Processes;
  readonly rtnl: ScriptPorts["rtnl"];
  readonly registry: Pick<ProtocolRegistry, "replaceScripts">;
  readonly folders: readonly string[];
  programsIn(folder: string): readonly FoundProgram[];
}

interface FoundScript {
  readonly path: string;
  readonly description: ScriptDescription;
}

/**
 * The handler scripts of the configured folders. They are asked for their descriptions when a configuration first names
 * a protocol that is none of ours, and again at each reload: a machine without such a configuration runs none.
 */
export class ScriptProtocols implements HandlerCatalogue {
  #found: ReadonlyMap<string, ScriptDescription> = new Map();
  /** Of reading; the newest counts. */
  #reading = 0;
  #isRead = false;
  #firstRead: Promise<void> | undefined;
  /** Why no handler can be run; undefined: they were asked. */
  #absence: string | undefined;
  readonly #listeners = new Set<() => void>();
  readonly #teardowns = new Teardowns();

  constructor(private readonly ports: ScriptProtocolsPorts) {}

  get names(): readonly string[] {
    return [...this.#found.keys()].sort();
  }
  find(name: string): ScriptDescription | undefined {
    void this.whenKnown();
    return this.#found.get(name);
  }
  whenKnown(): Promise<void> {
    // In a turn of its own: a folder without programs is read at once, and its listeners ask again.
    this.#firstRead ??= Promise.resolve().then(() => this.read());
    return this.#firstRead;
  }
  get whyNoOthers(): string {
    if (!this.#isRead) return "the handlers are being read";
    return this.#absence ?? `no handler of that name in ${this.ports.folders.join(" or ")}`;
  }
  reread(): void {
    if (this.#firstRead) void this.read();
  }
  onChange(listener: () => void): Cancel {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
  /** Resolves when every script that takes an interface down has ended. */
  whenTornDown(): Promise<void> {
    return this.#teardowns.all();
  }

  /** Never rejects. One that does not answer, or not as it should, is left out and told in the log. */
  async read(): Promise<void> {
    const reading = ++this.#reading;
    this.#absence = undefined;
    const scripts: FoundScript[] = [];
    for (const { path, fault } of this.ports.folders.flatMap((folder) => this.ports.programsIn(folder))) {
      if (fault === undefined) scripts.push(...(await this.#ask(path)));
      else this.ports.log.warn(() => `the handler ${path} is left out: ${fault}`);
      if (reading !== this.#reading) return;
      if (this.#absence !== undefined) break;
    }
    this.#isRead = true;
    // While no script can be run, the earlier descriptions are better than none.
    if (this.#absence === undefined) this.#take(scripts);
    for (const listener of this.#listeners) listener();
  }
  async #ask(path: string): Promise<readonly FoundScript[]> {
    const { processes, log } = this.ports;
    const lines: string[] = [];
    const onLine = (line: string) => void (lines.length < mostLines && lines.push(line));
    const order = { argv: [path, "", "dump"] as const, folder: dirname(path), timeLimitMs: dumpLimitMs, onLine };
    const end = await processes.run({ name: `dump ${basename(path)}`, ...order }).ended;
    if (isNobodyThere(end)) {
      this.#absence = end.message;
      log.warn(() => `handlers are not run: ${end.message}`);
      return [];
    }
    try {
      if (end.kind !== "exited" || end.because !== "itself") throw new DaemonError("Failure", endText(end));
      return parseDump(lines).map((description) => ({ path, description }));
    } catch (error) {
      log.warn(() => `the handler ${path} is left out: ${describeError(error)}`);
      return [];
    }
  }

  #take(scripts: readonly FoundScript[]): void {
    const { processes, rtnl, registry, log } = this.ports;
    const handlers = new Map<string, ProtocolHandler<ScriptConfig>>();
    const found = new Map<string, ScriptDescription>();
    for (const { path, description } of scripts) {
      const { name } = description;
      if (found.has(name)) log.warn(() => `the handler ${path} is left out: another one is called ${name}, too`);
      if (found.has(name)) continue;
      found.set(name, description);
      const place = { script: path, folder: dirname(path) };
      handlers.set(name, scriptHandler(description, place, { processes, rtnl, teardowns: this.#teardowns }));
    }
    for (const name of registry.replaceScripts([...handlers.values()])) {
      log.warn(() => `the handler ${name} is left out: it has the name of a protocol of ours`);
      found.delete(name);
    }
    const before = this.names.join(", ");
    this.#found = found;
    const now = this.names.join(", ");
    if (before !== now) log.info(() => `handlers: ${now === "" ? "none" : now}`);
  }
}

/** The helper that would run it cannot be reached. */
const isNobodyThere = (end: ProcessEnd): end is Extract<ProcessEnd, { kind: "not-started" }> =>
  end.kind === "not-started" && end.code === "ENOTCONN";

const endText = (end: ProcessEnd): string =>
  end.kind === "not-started" ? end.message : end.because === "time-limit" ? "it does not answer" : "it was killed";
