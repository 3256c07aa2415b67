import { readFileSync } from "node:fs";
import type { LabOptions } from "./arguments.ts";
import { logFile, startLabDaemon } from "./daemon.ts";
import { LabNetwork } from "./network.ts";
import type { LabCommands } from "./prompt.ts";
import { type PrivateBus, startPrivateBus } from "./world/private-bus.ts";
import { type ManagedProcess, startProcess } from "./world/processes.ts";

const shownLogLines = 30;

/** Everything that runs inside: network, bus and daemon. `close` ends all of it. */
export class Lab {
  #daemon: ManagedProcess;
  /** The daemon ended without an order. */
  onDaemonEnded: (how: string) => void = () => {};

  private constructor(
    readonly network: LabNetwork,
    readonly bus: PrivateBus,
    private readonly options: LabOptions,
  ) {
    this.#daemon = this.#start();
  }

  static async open(options: LabOptions): Promise<Lab> {
    const bus = await startPrivateBus({ folder: options.folder });
    return new Lab(await LabNetwork.build(), bus, options);
  }

  get environment(): NodeJS.ProcessEnv {
    return { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: this.bus.address };
  }

  readonly commands: LabCommands = {
    setPlugged: (link, plugged) => this.network.setPlugged(link, plugged),
    switchServers: (on) => this.network.switchServers(on),
    fairlead: (...args) => this.fairlead(args),
    restart: () => this.#restart("SIGTERM"),
    crash: () => this.#restart("SIGKILL"),
    log: () => this.logTail(),
  };

  /** Output of `fairlead ARGS`; errors of the program are part of it. Verbs that go on for ever are cut after 10 s. */
  async fairlead(args: readonly string[]): Promise<string> {
    const client = startProcess("fairlead", args, { env: this.environment });
    client.closeInput();
    await client.waitExit(10_000).catch(() => client.end());
    return client.output().trimEnd();
  }

  logTail(): string {
    const lines = readFileSync(logFile(this.options.folder), "utf8").trimEnd().split("\n");
    return lines.slice(-shownLogLines).join("\n");
  }

  async close(): Promise<void> {
    this.onDaemonEnded = () => {};
    await this.#daemon.end();
    await this.network.switchServers(false);
    await this.bus.remove();
  }

  #start(): ManagedProcess {
    const { folder, daemon } = this.options;
    const started = startLabDaemon(daemon, { folder, busAddress: this.bus.address });
    started.exited.then(({ code, signal }) => {
      if (started === this.#daemon) this.onDaemonEnded(`the daemon ended with ${signal ?? `exit code ${code}`}`);
    });
    return started;
  }
  async #restart(signal: NodeJS.Signals): Promise<void> {
    const old = this.#daemon;
    this.#daemon = startProcess("true", []);
    old.kill(signal);
    await old.waitExit();
    this.#daemon = this.#start();
  }
}
