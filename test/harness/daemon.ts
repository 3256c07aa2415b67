import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { BusClient } from "./bus-client.ts";
import { busName, DaemonClient } from "./daemon-client.ts";
import { requirePrivateNamespace } from "./namespace.ts";
import { type PrivateBus, startPrivateBus } from "./private-bus.ts";
import { type ManagedProcess, startProcess } from "./processes.ts";
import { until } from "./until.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

export { busName, type Properties } from "./daemon-client.ts";

export interface DaemonOptions {
  /** Default: a new one, removed with the daemon. */
  readonly bus?: PrivateBus;
  /** Of a bus that goes on without us (a booted system's), instead of `bus`. */
  readonly busAddress?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Where a dump of its memory would go. Default: the project's folder. */
  readonly cwd?: string;
  /** Holds `state` and `run`. Default: a new one, removed with the daemon. */
  readonly folder?: string;
}

/**
 * The built daemon (`bin/fairleadd`) on a private bus with folders of its own. With FAIRLEAD_TEST_FROM_SOURCE=1 it runs
 * src/main.ts without a build.
 */
export class TestDaemon extends DaemonClient {
  #process: ManagedProcess | undefined;
  private constructor(
    private readonly ownBus: PrivateBus | undefined,
    busAddress: string,
    client: BusClient,
    readonly folder: string,
    private readonly options: DaemonOptions,
  ) {
    super(busAddress, client);
  }

  /** Resolves when the Manager answers. */
  static async start(options: DaemonOptions = {}): Promise<TestDaemon> {
    requirePrivateNamespace();
    const bus = options.busAddress === undefined ? (options.bus ?? (await startPrivateBus())) : undefined;
    const address = options.busAddress ?? bus?.address ?? "";
    const client = await DaemonClient.connectClient(address);
    const folder = options.folder ?? mkdtempSync(join(tmpdir(), "fairlead-daemon-"));
    const daemon = new TestDaemon(bus, address, client, folder, options);
    try {
      await daemon.launch();
    } catch (error) {
      await daemon.remove();
      throw error;
    }
    return daemon;
  }

  get bus(): PrivateBus {
    if (!this.ownBus) throw new Error("the daemon's bus belongs to the system");
    return this.ownBus;
  }
  get stateDir(): string {
    return join(this.folder, "state");
  }
  get runDir(): string {
    return join(this.folder, "run");
  }
  get process(): ManagedProcess {
    if (!this.#process) throw new Error("the daemon was not started");
    return this.#process;
  }
  /** Output of the running or last process. */
  log(): string {
    return this.#process?.output() ?? "";
  }

  /** Starts it (again) on the same bus and folders; resolves when the Manager answers. */
  async launch(extraArgs: readonly string[] = []): Promise<void> {
    if (this.#process?.isRunning) throw new Error("the daemon runs already");
    const started = startDaemonProcess(
      ["--bus-address", this.busAddress, "--state-dir", this.stateDir, "--run-dir", this.runDir],
      withoutProbes([...(this.options.args ?? []), ...extraArgs]),
      this.options.env,
      this.options.cwd,
    );
    this.#process = started;
    const answers = async () => {
      if (!started.isRunning) return "ended";
      return (await this.client.ownerOf(busName)) !== undefined && (await this.manager()) !== undefined;
    };
    const state = await until("the daemon's Manager answers", answers, 60_000).catch((error) => {
      throw new Error(`${(error as Error).message}\n--- daemon log:\n${this.log()}`);
    });
    if (state === "ended") throw new Error(`the daemon ended at start:\n${this.log()}`);
  }
  /** SIGTERM; the exit code must be 0. */
  async stop(): Promise<void> {
    this.process.kill("SIGTERM");
    const { code, signal } = await this.process.waitExit();
    if (code !== 0) throw new Error(`the daemon ended with ${code ?? signal} after SIGTERM:\n${this.log()}`);
  }
  /** SIGKILL, as after a crash. */
  async kill(): Promise<void> {
    this.process.kill("SIGKILL");
    await this.process.waitExit();
  }
  /** Ends everything that `start` made. */
  async remove(): Promise<void> {
    await this.#process?.end();
    this.client.close();
    if (!this.options.bus) await this.ownBus?.remove();
    if (!this.options.folder) rmSync(this.folder, { recursive: true, force: true });
  }
}

/** No web server of the Internet answers in here: a Service stays `ready`, unless the test names hosts to ask. */
const withoutProbes = (args: readonly string[]): readonly string[] =>
  args.some((arg) => arg.startsWith("--portal-"))
    ? args
    : ["--portal-http-url", "none", "--portal-https-url", "none", ...args];

/** bin/fairleadd with these arguments and no readiness check; for command lines that must fail. */
export function startDaemonProcess(
  folders: readonly string[],
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  cwd = root,
): ManagedProcess {
  const hasSource = process.env.FAIRLEAD_TEST_FROM_SOURCE === "1";
  if (!hasSource && !existsSync(join(root, "dist/fairleadd.cjs"))) {
    throw new Error("the daemon is not built: run `npm run build`, or set FAIRLEAD_TEST_FROM_SOURCE=1");
  }
  const source = [process.execPath, "--import", "tsx", join(root, "src/main.ts")];
  const [command = "", ...program] = hasSource ? source : [join(root, "bin/fairleadd")];
  const options = { cwd, env: { ...process.env, ...env }, name: "fairleadd" };
  return startProcess(command, [...program, ...folders, ...args], options);
}
