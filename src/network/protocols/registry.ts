import { DaemonError } from "../../base/errors.ts";
import type { ProtocolHandler } from "./handler.ts";

/** The protocol handlers that this daemon has, by name. */
export class ProtocolRegistry {
  // biome-ignore lint/suspicious/noExplicitAny: each handler has its own kind of configuration, known to callers of get
  readonly #handlers = new Map<string, ProtocolHandler<any>>();
  // biome-ignore lint/suspicious/noExplicitAny: as above
  #scripts: ReadonlyMap<string, ProtocolHandler<any>> = new Map();

  /** Throws DaemonError AlreadyExists: two handlers of one name would hide each other by the order of start. */
  register<Config>(handler: ProtocolHandler<Config>): void {
    if (this.#handlers.has(handler.name)) {
      throw new DaemonError("AlreadyExists", `There is a protocol handler "${handler.name}" already`);
    }
    this.#handlers.set(handler.name, handler);
  }

  /**
   * Takes the place of all that it was told before. Returns the names of those that stay out: a protocol of ours has
   * the name.
   */
  replaceScripts<Config>(handlers: readonly ProtocolHandler<Config>[]): readonly string[] {
    const isTaken = ({ name }: ProtocolHandler<Config>) => this.#handlers.has(name);
    this.#scripts = new Map(handlers.filter((one) => !isTaken(one)).map((one) => [one.name, one]));
    return handlers.filter(isTaken).map(({ name }) => name);
  }

  /** `Config`: the handler's configuration type, which the caller vouches for. Throws DaemonError NotFound. */
  get<Config>(name: string): ProtocolHandler<Config> {
    const handler = this.#handlers.get(name) ?? this.#scripts.get(name);
    if (handler) return handler;
    const known = this.names().join(", ") || "none";
    throw new DaemonError("NotFound", `There is no protocol handler "${name}" (known: ${known})`);
  }

  /** In alphabetical order. */
  names(): readonly string[] {
    return [...this.#handlers.keys(), ...this.#scripts.keys()].sort();
  }
}
