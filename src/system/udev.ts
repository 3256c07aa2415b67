/** Whether udev is done with a link: it may rename it, and a kernel before 6.2 refuses that while the link is up. */
import { existsSync, type FSWatcher, readFileSync, watch } from "node:fs";
import { join } from "node:path";
import type { Cancel } from "../base/clock.ts";

export interface UdevPaths {
  /** Folder of udev's socket and of its record of each device. */
  readonly folder: string;
  /** Netlink sockets of this network namespace (proc(5), /proc/net). */
  readonly sockets: string;
}
const systemPaths: UdevPaths = { folder: "/run/udev", sockets: "/proc/net/netlink" };

const kobjectUevent = 15;
const kernelGroup = 1;

/**
 * udev writes `data/n<index>` when it is done with a link (systemd's own programs go by that file as well), and listens
 * for the kernel's news of devices. These reach one network namespace only: where no socket hears them, the visible
 * folder belongs to the udev of another namespace, which is not waited for.
 */
export class Udev {
  readonly #waiting = new Map<string, Set<() => void>>();
  #watcher: FSWatcher | undefined;

  constructor(private readonly paths: UdevPaths = systemPaths) {}

  /** Calls `done` once, when udev is done with the link. Undefined: it is done already, or there is no udev here. */
  whenDone(linkIndex: number, done: () => void): Cancel | undefined {
    if (!existsSync(join(this.paths.folder, "control")) || this.#isDone(linkIndex) || !this.#hearsKernel())
      return undefined;
    const cancel = this.#wait(`n${linkIndex}`, done);
    // Between the look and the watch.
    if (!this.#isDone(linkIndex)) return cancel;
    cancel();
    return undefined;
  }

  #isDone(linkIndex: number): boolean {
    return existsSync(join(this.paths.folder, "data", `n${linkIndex}`));
  }
  #hearsKernel(): boolean {
    try {
      return readFileSync(this.paths.sockets, "latin1")
        .split("\n")
        .some((line) => {
          const [, protocol, , groups = ""] = line.trim().split(/\s+/);
          return Number(protocol) === kobjectUevent && (Number.parseInt(groups, 16) & kernelGroup) !== 0;
        });
    } catch {
      return false;
    }
  }
  #wait(name: string, done: () => void): Cancel {
    const waiting = this.#waiting.get(name) ?? new Set();
    this.#waiting.set(name, waiting.add(done));
    this.#watch();
    return () => {
      waiting.delete(done);
      if (waiting.size === 0 && this.#waiting.get(name) === waiting) this.#waiting.delete(name);
      if (this.#waiting.size === 0) this.#unwatch();
    };
  }
  /** A folder that cannot be watched, or is not there yet, leaves the caller's own limit. */
  #watch(): void {
    if (this.#watcher) return;
    try {
      this.#watcher = watch(join(this.paths.folder, "data"), { persistent: false }, (_event, name) => {
        if (name !== null && existsSync(join(this.paths.folder, "data", name))) this.#tell(name);
      });
      this.#watcher.on("error", () => this.#unwatch());
    } catch {
      this.#watcher = undefined;
    }
  }
  #unwatch(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }
  #tell(name: string): void {
    const waiting = this.#waiting.get(name);
    if (!waiting) return;
    this.#waiting.delete(name);
    if (this.#waiting.size === 0) this.#unwatch();
    for (const done of waiting) done();
  }
}
