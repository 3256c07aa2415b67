import type { Cancel, Clock } from "../../base/clock.ts";
import { DaemonError, type ErrorCode, errorTable } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { StartWorker, Worker } from "../../system/worker-process.ts";
import type {
  ListedAccessPoint,
  NodeWifi,
  NodeWifiReply,
  NodeWifiRequest,
  PreparedNetwork,
  WantedNetwork,
} from "./node-wifi.ts";

export interface NodeWifiChildPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly start: StartWorker;
  /** The worker's module, by its absolute path. */
  readonly module: string;
  /** Of the bus that NetworkManager is on. */
  readonly busAddress: string;
}

interface Pending {
  resolve(result: unknown): void;
  reject(error: DaemonError): void;
  cancel(): void;
}

/**
 * The first pause after an end, doubled with each further one up to the longest; a process that lived so long is a new
 * one.
 */
const firstPauseMs = 1000;
const longestPauseMs = 60_000;
/** nmcli has limits of its own, which are shorter. */
const answerLimitMs = 150_000;

/**
 * {@link NodeWifi} in a process of its own, started with the first order, so that the daemon has neither the package
 * nor nmcli's faults in it. Its end is told to waiting callers and in the log; it is started again after a pause that
 * grows.
 */
export class NodeWifiChild implements NodeWifi {
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | undefined;
  #lastId = 0;
  #startedAtMs = 0;
  #pauseMs = 0;
  #pausedUntilMs = 0;
  #cancelRestart: Cancel = () => {};
  #isClosed = false;

  constructor(private readonly ports: NodeWifiChildPorts) {}

  /** Undefined: it does not run. */
  get pid(): number | undefined {
    return this.#worker?.pid;
  }
  close(): void {
    this.#isClosed = true;
    this.#cancelRestart();
    // Waiting callers hear nothing: NetworkManager may carry on with its orders when the daemon is gone.
    for (const pending of this.#pending.values()) pending.cancel();
    this.#pending.clear();
    this.#worker?.kill();
  }

  list(linkName: string, isFresh: boolean): Promise<readonly ListedAccessPoint[]> {
    return this.#ask("list", linkName, isFresh);
  }
  prepare(linkName: string, network: WantedNetwork): Promise<PreparedNetwork> {
    return this.#ask("prepare", linkName, network);
  }
  activate(linkName: string, network: PreparedNetwork, secret?: string): Promise<void> {
    return this.#ask("activate", linkName, network, ...(secret === undefined ? [] : [secret]));
  }
  disconnect(linkName: string): Promise<void> {
    return this.#ask("disconnect", linkName);
  }

  /** The answer comes from our own worker of the same version, so its type is trusted. */
  async #ask<R>(method: keyof NodeWifi, ...args: readonly unknown[]): Promise<R> {
    const worker = this.#running();
    const id = ++this.#lastId;
    const request: NodeWifiRequest = { id, method, args };
    return await new Promise<R>((resolve, reject) => {
      const cancel = this.ports.clock.startTimer(`node-wifi ${method}`, answerLimitMs, () => worker.kill());
      const settle = () => {
        cancel();
        this.#pending.delete(id);
      };
      this.#pending.set(id, {
        cancel,
        resolve: (result) => {
          settle();
          resolve(result as R);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      });
      worker.send(request);
    });
  }
  /** Throws Failure during the pause after an end. */
  #running(): Worker {
    if (this.#isClosed) throw new DaemonError("Failure", "the daemon is stopping");
    if (this.#worker) return this.#worker;
    const waitMs = this.#pausedUntilMs - this.ports.clock.now();
    if (waitMs > 0) {
      const seconds = Math.ceil(waitMs / 1000);
      throw new DaemonError("Failure", `the process for node-wifi ended, and is started again in ${seconds} s`);
    }
    return this.#start();
  }
  #start(): Worker {
    const { start, module, busAddress, clock, log } = this.ports;
    this.#cancelRestart();
    this.#startedAtMs = clock.now();
    const environment = {
      PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
      LC_ALL: "C.UTF-8",
      DBUS_SYSTEM_BUS_ADDRESS: busAddress,
    };
    const observer = {
      message: (message: unknown) => this.#onReply(message as NodeWifiReply),
      ended: (because: string) => this.#onEnd(because),
    };
    const worker = start({ module, environment }, observer);
    this.#worker = worker;
    log.info(`a process for node-wifi is started: pid ${worker.pid ?? "none"}`);
    return worker;
  }
  #onReply(reply: NodeWifiReply): void {
    const pending = this.#pending.get(reply.id);
    if ("error" in reply) {
      const { code, message } = reply.error;
      pending?.reject(new DaemonError(Object.hasOwn(errorTable, code) ? (code as ErrorCode) : "Failure", message));
    } else pending?.resolve(reply.result ?? undefined);
  }
  #onEnd(because: string): void {
    this.#worker = undefined;
    const { clock, log } = this.ports;
    const error = new DaemonError("Failure", `the process for node-wifi ended: ${because}`);
    for (const pending of [...this.#pending.values()]) pending.reject(error);
    if (this.#isClosed) return;
    const now = clock.now();
    const livedMs = now - this.#startedAtMs;
    this.#pauseMs =
      livedMs >= longestPauseMs ? firstPauseMs : Math.min(longestPauseMs, this.#pauseMs * 2 || firstPauseMs);
    this.#pausedUntilMs = now + this.#pauseMs;
    log.warn(`the process for node-wifi ended: ${because}; it is started again in ${this.#pauseMs / 1000} s`);
    this.#cancelRestart = clock.startTimer("node-wifi restart", this.#pauseMs, () => {
      if (!this.#worker && !this.#isClosed) this.#start();
    });
  }
}
