import { DaemonError, describeError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { differences, type SectionChange } from "../config/uci/differences.ts";
import { emptyNetworkConfig, linksInUse, type NetworkConfig, readNetworkConfig } from "../config/uci/network-config.ts";
import type { Device } from "../devices/device.ts";
import type { HandlerCatalogue } from "../network/protocols/script/script-protocols.ts";
import type { Provider } from "../providers/provider.ts";

/** Where the text of the network configuration stands. */
export interface ConfigurationSource {
  /** For messages: a file's path. */
  readonly name: string;
  /** Undefined: there is none. Throws DaemonError. */
  read(): string | undefined;
  /** Keeps the text for the next start. Throws DaemonError, and then nothing has changed. */
  write(text: string): void;
}

export interface ConfiguratorHost {
  readonly log: Log;
  readonly source: ConfigurationSource;
  readonly handlers: HandlerCatalogue;
  readonly serviceRegistry: { readonly providers: readonly Provider[] };
  readonly deviceRegistry: {
    readonly all: readonly Device[];
    /** Tells the Providers anew whether they may use the Device. */
    tellProviders(device: Device): void;
  };
}

export interface ConfigurationReport {
  readonly problems: NetworkConfig["problems"];
  readonly changes: readonly SectionChange[];
}

/** Brings the network configuration into force, by its difference to the one before. */
export class NetworkConfigurator {
  #config: NetworkConfig = emptyNetworkConfig;
  #uses: ReadonlyMap<string, string> = new Map();

  constructor(private readonly host: ConfiguratorHost) {}

  get handlers(): HandlerCatalogue {
    return this.host.handlers;
  }
  /** The configuration's use of the link. */
  useOf(linkName: string): string | undefined {
    return this.#uses.get(linkName);
  }
  /** Before the links are known. An unreadable part is told in the log: half a network is better than none. */
  start(): void {
    const { log, source } = this.host;
    try {
      const config = readNetworkConfig(source.read() ?? "");
      for (const { line, column, severity, message } of config.problems) {
        log[severity === "error" ? "error" : "info"](`${source.name}:${line}:${column}: ${message}`);
      }
      this.#apply(config);
    } catch (error) {
      if (!(error instanceof DaemonError)) throw error;
      log.error(`the network configuration is not in force: ${describeError(error)}`);
    }
  }
  /** Changes that {@link reload} would make. Throws DaemonError where the source cannot be read. */
  preview(text?: string): ConfigurationReport {
    const { source } = this.host;
    const config =
      text === undefined ? this.#readable(source.name, source.read() ?? "") : this.#readable("the text", text);
    return { problems: config.problems, changes: differences(this.#config, config) };
  }
  /** Reads the source again. A text with an error of syntax changes nothing: InvalidArguments, with its place. */
  reload(): ConfigurationReport {
    const report = this.#take(this.host.source.read() ?? "");
    this.host.handlers.reread();
    return report;
  }
  /** Takes another text, and keeps it for the next start. As {@link reload}. */
  import(text: string): ConfigurationReport {
    this.#readable("the text", text);
    this.host.source.write(text);
    return this.#take(text);
  }
  #take(text: string): ConfigurationReport {
    const config = this.#readable(this.host.source.name, text);
    return { problems: config.problems, changes: this.#apply(config) };
  }

  #apply(config: NetworkConfig): readonly SectionChange[] {
    const changes = differences(this.#config, config);
    const uses = linksInUse(config);
    const others = new Set(
      [...this.#uses.keys(), ...uses.keys()].filter((link) => uses.has(link) !== this.#uses.has(link)),
    );
    const { deviceRegistry, serviceRegistry } = this.host;
    const { providers } = serviceRegistry;
    const devices = deviceRegistry.all.filter(({ name }) => others.has(name));
    this.#config = config;
    this.#uses = uses;
    for (const device of devices) for (const provider of providers) provider.deviceDisabled(device);
    for (const provider of providers) provider.configured?.(config, changes);
    for (const device of devices) deviceRegistry.tellProviders(device);
    for (const { kind, name, action, options } of changes) {
      this.host.log.info(`${kind} ${name}: ${action}${options.length > 0 ? ` (${options.join(", ")})` : ""}`);
    }
    return changes;
  }
  #readable(name: string, text: string): NetworkConfig {
    const config = readNetworkConfig(text, this.host.handlers);
    const broken = config.syntaxError;
    if (!broken) return config;
    throw new DaemonError("InvalidArguments", `${name}:${broken.line}:${broken.column}: ${broken.message}`);
  }
}
