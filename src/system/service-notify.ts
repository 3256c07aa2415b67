/** Telling the service manager how we are: the protocol of sd_notify(3). Does nothing unless the environment asks. */
import type { Cancel, Clock } from "../base/clock.ts";
import { describeError } from "../base/errors.ts";
import { type Log, silentLog } from "../base/log.ts";
import { type NativeAddon, type NativeSocket, nativeAddon } from "../native/native.ts";

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
/** sun_path; a path ends with NUL, an abstract name need not. */
const longestName = 107;

export interface ServiceNotifyOptions {
  readonly clock: Clock;
  /** NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID. They are taken out, so that children do not speak for us. */
  readonly env?: NodeJS.ProcessEnv;
  readonly log?: Log;
  readonly pid?: number;
  readonly native?: () => NativeAddon;
}

export class ServiceNotify {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #native: () => NativeAddon;
  readonly #address: Uint8Array | undefined;
  /** Milliseconds; half of the service manager's limit. Undefined: no watchdog. */
  readonly watchdogMs: number | undefined;
  readonly #waiting = new Set<NativeSocket>();
  #cancelWatchdog: Cancel = () => {};

  constructor(options: ServiceNotifyOptions) {
    const { clock, env = process.env, log = silentLog, pid = process.pid, native = nativeAddon } = options;
    this.#clock = clock;
    this.#log = log;
    this.#native = native;
    this.#address = socketAddress(env.NOTIFY_SOCKET);
    if (env.NOTIFY_SOCKET && !this.#address)
      log.warn("NOTIFY_SOCKET is not a socket's name", { name: env.NOTIFY_SOCKET });
    this.watchdogMs = this.#address && watchdogInterval(env, pid);
    for (const name of ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]) delete env[name];
  }

  /** Whether a service manager listens. */
  get isWanted(): boolean {
    return this.#address !== undefined;
  }
  /** READY=1; begins to pat the watchdog. */
  ready(status?: string): void {
    this.#send(["READY=1", ...statusLine(status)]);
    this.#startWatchdog();
  }
  /** A line for people, shown by the service manager. */
  status(status: string): void {
    this.#send(statusLine(status));
  }
  /** STOPPING=1; the watchdog is patted until {@link close}. */
  stopping(): void {
    this.#send(["STOPPING=1"]);
  }
  /** Twice is harmless. */
  close(): void {
    this.#cancelWatchdog();
    this.#cancelWatchdog = () => {};
    for (const socket of this.#waiting) socket.close();
    this.#waiting.clear();
  }

  #startWatchdog(): void {
    const interval = this.watchdogMs;
    if (interval === undefined) return;
    this.#cancelWatchdog();
    const pat = () => {
      this.#send(["WATCHDOG=1"]);
      this.#cancelWatchdog = this.#clock.startTimer("service-watchdog", interval, pat);
    };
    this.#cancelWatchdog = this.#clock.startTimer("service-watchdog", interval, pat);
  }

  /**
   * A socket for each message: it is connected, so that a full queue can be waited for, and survives a new listener.
   */
  #send(lines: readonly string[]): void {
    if (!this.#address || lines.length === 0) return;
    const data = Buffer.from(lines.join("\n"));
    let socket: NativeSocket | undefined;
    try {
      socket = this.#native().openSocket(AF_UNIX, SOCK_DGRAM, 0);
      socket.connect(this.#address);
      if (!socket.send(data)) this.#sendLater(socket, data);
      else socket.close();
    } catch (error) {
      socket?.close();
      this.#log.warn("service manager not told", { what: lines[0], because: describeError(error) });
    }
  }
  #sendLater(socket: NativeSocket, data: Uint8Array): void {
    const finish = (error?: unknown) => {
      socket.close();
      this.#waiting.delete(socket);
      if (error) this.#log.warn("service manager not told", { because: describeError(error) });
    };
    this.#waiting.add(socket);
    socket.setKeepAlive(false);
    socket.start({
      onMessage() {},
      onError: finish,
      onWritable: () => {
        try {
          if (socket.send(data)) finish();
        } catch (error) {
          finish(error);
        }
      },
    });
  }
}

/** A line break would begin another assignment. */
const statusLine = (status: string | undefined): string[] =>
  status === undefined ? [] : [`STATUS=${status.replace(/[\n\r\0]+/g, " ")}`];

/** struct sockaddr_un of a path, or of an abstract name written with `@`; undefined for everything else (vsock). */
function socketAddress(name: string | undefined): Uint8Array | undefined {
  if (!name || !/^[/@]./s.test(name) || name.includes("\0") || Buffer.byteLength(name) > longestName) return undefined;
  const path = Buffer.from(name.replace(/^@/, "\0"));
  const family = new Uint8Array(new Uint16Array([AF_UNIX]).buffer);
  return Buffer.concat([family, path]);
}

function watchdogInterval(env: NodeJS.ProcessEnv, pid: number): number | undefined {
  const { WATCHDOG_USEC = "", WATCHDOG_PID } = env;
  if (WATCHDOG_PID !== undefined && WATCHDOG_PID !== String(pid)) return undefined;
  return /^[1-9]\d{0,15}$/.test(WATCHDOG_USEC) ? Number(WATCHDOG_USEC) / 2000 : undefined;
}
