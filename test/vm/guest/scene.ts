import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type TestContext, test } from "node:test";
import { type DaemonOptions, TestDaemon } from "../../harness/daemon.ts";
import type { DaemonClient } from "../../harness/daemon-client.ts";
import { addCable, addPeer, type Cable, type Peer } from "../../harness/namespace.ts";
import { startProcess, tryRun } from "../../harness/processes.ts";
import { until } from "../../harness/until.ts";
import { type AccessPoint, type AccessPointOptions, startAccessPoint } from "./access-point.ts";
import { InstalledDaemon } from "./installed-daemon.ts";
import { patienceMs } from "./patience.ts";

/** The runner brings these files out of the guest when the scenario fails. */
const evidenceFolder = "/run/vm/evidence";

/** A part that has to be ended, and that may have a log when a scenario fails. */
interface Part {
  readonly name: string;
  log?(): string;
  end(): unknown;
}

/** All parts that a scenario sets up in its guest. Parts end in reverse order; their logs are kept when it fails. */
export class Scene {
  readonly #parts: Part[] = [];
  #daemon: DaemonClient | undefined;
  /** `t`: for helpers of the host's integration tests, which all work in a guest. */
  constructor(readonly t: TestContext) {}

  add<T>(part: T, named: Part): T {
    this.#parts.push(named);
    return part;
  }
  /** The built daemon, on a private bus or another one, with more arguments if need be. */
  async startDaemon(options: Pick<DaemonOptions, "args" | "busAddress"> = {}): Promise<TestDaemon> {
    const daemon = await TestDaemon.start(options);
    this.#daemon = daemon;
    return this.add(daemon, { name: "fairleadd", log: () => daemon.log(), end: () => daemon.remove() });
  }
  /**
   * The daemon as the shipped unit starts it, on a guest with systemd. Installed, with these units enabled, but not
   * started.
   */
  async installDaemon(enabled: readonly string[] = []): Promise<InstalledDaemon> {
    const daemon = await InstalledDaemon.install(enabled);
    this.#daemon = daemon;
    return this.add(daemon, { name: "fairlead.service", log: () => daemon.log(), end: () => daemon.remove() });
  }
  /** Another machine: a network namespace. */
  addPeer(name: string): Peer {
    const peer = addPeer(name);
    return this.add(peer, { name, end: () => peer.remove() });
  }
  addCable(link: string, peer: Peer, address: string): Cable {
    const cable = addCable(link, peer, { address });
    return this.add(cable, { name: link, end: () => cable.remove() });
  }
  /** An access point on one of the guest's radios, in a namespace of its own, with a DHCP server behind it. */
  async startAccessPoint(options: AccessPointOptions): Promise<AccessPoint> {
    const point = await startAccessPoint(options);
    return this.add(point, { name: `access-point-${options.radio}`, log: () => point.log(), end: () => point.stop() });
  }
  /** Any other program that runs until the scenario ends. */
  start(command: string, args: readonly string[]) {
    const started = startProcess(command, args);
    return this.add(started, { name: basename(command), log: () => started.output(), end: () => started.end() });
  }
  /** The property has one of the values; resolves to it. */
  waitForProperty(path: string, kind: string, property: string, ...values: readonly unknown[]): Promise<unknown> {
    const daemon = this.#daemon;
    if (!daemon) throw new Error("no daemon was started");
    const what = `${path} has ${property} ${values.join(" or ")}`;
    const seen = async () => {
      const value = (await daemon.properties(path, kind))[property];
      return values.includes(value) ? { value } : undefined;
    };
    return until(what, seen, patienceMs).then(({ value }) => value);
  }
  /** One echo comes back within the limit; `from` is the link or the address to send from. */
  async ping(address: string, from?: string): Promise<void> {
    const source = from === undefined ? [] : ["-I", from];
    const answered = () => tryRun("ping", ["-c", "1", "-W", "1", ...source, address]).code === 0;
    await until(`${address} answers a ping`, answered, patienceMs);
  }

  /** Before anything is ended: afterwards there is nothing to see. */
  record(): void {
    mkdirSync(evidenceFolder, { recursive: true });
    const save = (name: string, text: string) => writeFileSync(join(evidenceFolder, name), text);
    const asked = (command: string, ...args: string[]) => {
      const { stdout, stderr } = tryRun(command, args);
      return `$ ${command} ${args.join(" ")}\n${stdout}${stderr}\n`;
    };
    for (const [index, { name, log }] of this.#parts.entries()) {
      if (log) save(`${index}-${name}.log`, log());
    }
    save("links.txt", asked("ip", "-d", "address") + asked("ip", "-d", "link") + asked("iw", "dev"));
    save("routes.txt", asked("ip", "route", "show", "table", "all") + asked("ip", "rule"));
    if (this.#daemon) process.env.DBUS_SYSTEM_BUS_ADDRESS = this.#daemon.busAddress;
    save("dump.json", tryRun("bin/fairlead", ["dump", "--json"]).stdout);
    save("why.txt", asked("bin/fairlead", "why"));
  }
  async end(): Promise<void> {
    for (const part of this.#parts.reverse()) await part.end();
  }
}

/** A test in the guest. Its parts end with it; when it fails, their logs are kept first. */
export function scenario(name: string, steps: (scene: Scene) => Promise<void>): void {
  test(name, async (t) => {
    const scene = new Scene(t);
    try {
      await steps(scene);
    } catch (error) {
      scene.record();
      throw error;
    } finally {
      await scene.end();
    }
  });
}
