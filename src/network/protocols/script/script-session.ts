import type { Cancel } from "../../../base/clock.ts";
import { DaemonError, describeError } from "../../../base/errors.ts";
import type { Link, Rtnl } from "../../../rtnl/rtnl.ts";
import { type ProcessEnd, type Processes, programEnvironment, type RunningProcess } from "../../../system/processes.ts";
import type { IpSettings } from "../../ip-settings.ts";
import type { ProtocolHost, ProtocolSession, TeardownOptions } from "../handler.ts";
import type { ScriptConfigTexts, ScriptDescription } from "./description.ts";
import { type Notification, parseNotification } from "./update.ts";

/** Time for an aborted setup to clean up. */
const abortGraceMs = 1_000;
/** A teardown that takes longer hangs. */
const teardownLimitMs = 5_000;

export interface ScriptPorts {
  readonly processes: Processes;
  readonly rtnl: Pick<Rtnl, "snapshot" | "onDelta">;
  readonly teardowns: Teardowns;
}

export interface ScriptOrder {
  /** Absolute. */
  readonly script: string;
  readonly folder: string;
  readonly description: ScriptDescription;
  readonly interfaceName: string;
  readonly config: ScriptConfigTexts;
  /** Undefined: it needs no link. */
  readonly device: string | undefined;
}

type Action = "setup" | "teardown" | "renew";
interface Attempt {
  readonly resolve: (settings: IpSettings) => void;
  readonly reject: (error: unknown) => void;
}

/** Teardowns under way: the next setup of the interface waits for its own, the end of the daemon for all. */
export class Teardowns {
  readonly #pending = new Map<string, Promise<void>>();

  add(interfaceName: string, ended: Promise<void>): void {
    const all = Promise.all([this.#pending.get(interfaceName), ended]).then(() => {
      if (this.#pending.get(interfaceName) === all) this.#pending.delete(interfaceName);
    });
    this.#pending.set(interfaceName, all);
  }
  async of(interfaceName: string): Promise<void> {
    await this.#pending.get(interfaceName);
  }
  async all(): Promise<void> {
    await Promise.all(this.#pending.values());
  }
}

/**
 * One interface in the hands of a handler script, as netifd runs them: the script is started for each action, may leave
 * one program running (the task), and reports settings by lines of JSON on its standard output.
 */
export class ScriptSession implements ProtocolSession {
  #script: RunningProcess | undefined;
  #task: RunningProcess | undefined;
  #attempt: Attempt | undefined;
  #state: "idle" | "setup" | "up" | "teardown" = "idle";
  /** Exit code of the task, for the teardown that follows. */
  #error: string | undefined;
  #words: readonly string[] = [];
  #isRenewWanted = false;
  #teardown: Promise<void> | undefined;
  /** The link of settings that were told: until it is there, and then until it is gone. */
  #stopFollowing: Cancel = () => {};

  constructor(
    private readonly order: ScriptOrder,
    private readonly ports: ScriptPorts,
    private readonly host: ProtocolHost,
  ) {}

  async setup(abort: AbortSignal): Promise<IpSettings> {
    // Lost, and not taken down: the script is to clean up, and learns of its task's end.
    if (this.#state !== "idle") await this.teardown({ force: false });
    // The teardown of an earlier session, with its own options.
    await this.ports.teardowns.of(this.order.interfaceName);
    if (abort.aborted) throw new DaemonError("OperationAborted", "it was given up");
    this.#state = "setup";
    this.#error = undefined;
    this.#words = [];
    const settings = new Promise<IpSettings>((resolve, reject) => {
      this.#attempt = { resolve, reject };
    });
    abort.addEventListener("abort", () => this.#abort(), { once: true });
    const script = this.#run("setup");
    void script.ended.then((end) => this.#onSetupEnded(end));
    return settings;
  }
  #abort(): void {
    if (this.#state !== "setup") return;
    this.#script?.stop();
    this.#task?.stop();
    this.#fail("it was given up");
  }
  #onSetupEnded(end: ProcessEnd): void {
    this.#script = undefined;
    if (end.kind === "not-started") this.#fail(`${this.order.script} could not be started: ${end.message}`);
    // With neither an answer nor a program that could give one, nothing more comes.
    else if (this.#state === "setup" && !this.#task && !this.order.description.needsNoTask) {
      this.#fail(`its script ended (${describeEnd(end)}) and left nothing running`);
    }
    if (this.#isRenewWanted && this.#state === "up") this.renew();
  }

  /** `force`: waits only for the script, which undoes the setup: that may be more than settings. */
  teardown({ force }: TeardownOptions): Promise<void> {
    if (force) for (const running of [this.#script, this.#task]) running?.kill();
    if (!this.#teardown) {
      this.#teardown = this.#takeDown().finally(() => {
        this.#teardown = undefined;
      });
      this.ports.teardowns.add(this.order.interfaceName, this.#teardown);
    }
    return this.#teardown;
  }
  async #takeDown(): Promise<void> {
    this.#state = "teardown";
    this.#isRenewWanted = false;
    this.#attempt = undefined;
    this.#stopFollowing();
    const [script, task] = [this.#script, this.#task];
    script?.stop();
    await script?.ended;
    await this.#limited(this.#run("teardown"));
    task?.stop();
    if (task) await this.#limited(task);
    this.#script = this.#task = undefined;
    this.#state = "idle";
  }
  async #limited(running: RunningProcess): Promise<void> {
    const cancel = this.host.clock.startTimer(`handler ${running.name}`, teardownLimitMs, () => running.kill());
    await running.ended;
    cancel();
  }

  /** After the running action; never during a teardown. */
  renew(): void {
    if (this.#state !== "up") return;
    if (this.#script) {
      this.#isRenewWanted = true;
      return;
    }
    this.#isRenewWanted = false;
    const script = this.#run("renew");
    void script.ended.then(() => {
      if (this.#script === script) this.#script = undefined;
    });
  }

  #run(action: Action): RunningProcess {
    const { script, folder, description, interfaceName, config, device } = this.order;
    const last = device === undefined ? [] : [device];
    this.#script = this.ports.processes.run({
      name: `${description.name} ${action} ${interfaceName}`,
      argv: [script, description.name, action, interfaceName, config.open, ...last],
      input: `${config.whole}\n`,
      environment: { ...programEnvironment, ...(this.#error !== undefined && { ERROR: this.#error }) },
      folder,
      graceMs: abortGraceMs,
      onLine: (line, from) => this.#onLine(line, from === "stdout"),
    });
    return this.#script;
  }

  #onLine(line: string, isAnswer: boolean): void {
    if (!isAnswer || !line.startsWith("{")) {
      this.host.log.info(() => `${this.order.interfaceName}: ${line.slice(0, 200)}`);
      return;
    }
    try {
      this.#onNotification(parseNotification(line));
    } catch (error) {
      if (!(error instanceof DaemonError)) throw error;
      this.host.log.warn(() => `${this.order.interfaceName}: a notification does not count: ${describeError(error)}`);
    }
  }
  #onNotification(notification: Notification): void {
    if (this.#state === "idle" || this.#state === "teardown") return;
    switch (notification.kind) {
      case "up":
        for (const what of notification.leftOut) {
          this.host.log.warn(() => `${this.order.interfaceName}: an entry of a notification is left out: ${what}`);
        }
        this.#onUp(notification.settings, notification.linkName);
        break;
      case "link-lost":
        if (this.#state === "up") this.host.lost("its handler says that the link is down");
        break;
      case "run":
        this.#startTask(notification.argv, notification.environment);
        break;
      case "kill":
        this.#task?.stop();
        break;
      case "error":
        this.#words = notification.words;
        break;
      case "setup-failed":
        this.#fail("its handler says that the setup failed");
        break;
      case "unsupported":
        this.host.log.info(() => `${this.order.interfaceName}: action ${notification.action} is not supported yet`);
    }
  }
  #onUp(told: IpSettings, linkName = this.order.device): void {
    this.#stopFollowing();
    const settings = linkName === undefined ? told : withZones(told, linkName);
    if (linkName === this.order.device || linkName === undefined) {
      this.#tell(settings);
      return;
    }
    const { rtnl } = this.ports;
    const take = () => {
      const link = rtnl.snapshot.linkByName(linkName);
      if (!link) return;
      this.#followLink(link);
      this.#tell({ ...settings, layer3Link: link.index });
    };
    // The line and the kernel's news of a link that was just made come by two ways.
    this.#stopFollowing = rtnl.onDelta((delta) => delta.kind.startsWith("link-") && take());
    take();
  }
  /** Nothing of the settings outlives the link, and the handler need not notice its end. */
  #followLink({ index, name }: Link): void {
    this.#stopFollowing();
    this.#stopFollowing = this.ports.rtnl.onDelta((delta) => {
      if (delta.kind !== "link-removed" || delta.link.index !== index) return;
      this.#stopFollowing();
      if (this.#state === "up") this.host.lost(`its link ${name} is gone`);
    });
  }
  #tell(settings: IpSettings): void {
    const attempt = this.#attempt;
    this.#attempt = undefined;
    this.#state = "up";
    if (attempt) attempt.resolve(settings);
    else this.host.settingsChanged(settings);
  }
  #fail(because: string): void {
    const attempt = this.#attempt;
    this.#attempt = undefined;
    const told = this.#words.length > 0 ? `${this.#words.join(" ")} (${because})` : because;
    attempt?.reject(new DaemonError("Failure", told));
    if (attempt) void this.teardown({ force: false });
  }

  #startTask(argv: readonly [string, ...string[]], environment: Readonly<Record<string, string>>): void {
    this.#task?.stop();
    const { description, interfaceName, folder } = this.order;
    const task = this.ports.processes.run({
      name: `${description.name} task ${interfaceName}`,
      ...{ argv, environment: { ...programEnvironment, ...environment }, folder, graceMs: abortGraceMs },
      onLine: (line) => this.host.log.info(() => `${interfaceName}: ${line.slice(0, 200)}`),
    });
    this.#task = task;
    void task.ended.then((end) => this.#onTaskEnded(task, end));
  }
  #onTaskEnded(task: RunningProcess, end: ProcessEnd): void {
    if (this.#task !== task) return;
    this.#task = undefined;
    this.#error = end.kind === "exited" ? String(end.code) : "0";
    const because = `its program ended (${describeEnd(end)})`;
    if (this.#state === "up") this.host.lost(because);
    else if (this.#state === "setup" && !this.#script) this.#fail(because);
  }
}

/** A link-local name server means nothing without its link. */
const withZones = (settings: IpSettings, linkName: string): IpSettings => ({
  ...settings,
  nameServers: settings.nameServers.map((server) =>
    /^fe[89ab][^%]*$/.test(server) ? `${server}%${linkName}` : server,
  ),
});

const describeEnd = (end: ProcessEnd): string =>
  end.kind === "exited" ? `exit ${end.code}` : end.kind === "killed" ? end.signal : end.message;
