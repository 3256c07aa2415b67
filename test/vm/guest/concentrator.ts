import { mkdirSync, readlinkSync, writeFileSync } from "node:fs";
import type { Peer } from "../../harness/namespace.ts";
import { type ManagedProcess, tryRun } from "../../harness/processes.ts";
import type { Scene } from "./scene.ts";

export interface Account {
  readonly userName: string;
  readonly password: string;
}

const folder = "/run/concentrator";

/**
 * An access concentrator: pppoe-server(8) and its pppds on a link of a peer. Subscribers get 10.64.0.100 and later, the
 * other end is 10.64.0.1.
 */
export class Concentrator {
  #server: ManagedProcess | undefined;

  constructor(
    scene: Scene,
    private readonly peer: Peer,
    private readonly link: string,
  ) {
    mkdirSync(folder, { recursive: true });
    const options = [
      "require-chap",
      "ms-dns 10.64.0.53",
      "ms-dns 10.64.0.54",
      "noipdefault",
      "nodefaultroute",
      "noipv6",
    ];
    const scripts = ["ip-up-script /bin/true", "ip-down-script /bin/true"];
    writeFileSync(`${folder}/options`, `${[...options, ...scripts, `logfile ${folder}/log`].join("\n")}\n`);
    scene.add(this, { name: "concentrator", log: () => this.log(), end: () => this.stop() });
  }

  /** The one account that it knows; others are refused. pppd reads the file for each session anew. */
  setAccount({ userName, password }: Account): void {
    const quoted = (word: string) => `"${word.replace(/["\\]/g, "\\$&")}"`;
    writeFileSync("/etc/ppp/chap-secrets", `${quoted(userName)} * ${quoted(password)} *\n`, { mode: 0o600 });
  }
  start(): void {
    const addresses = ["-L", "10.64.0.1", "-R", "10.64.0.100"];
    const names = ["-C", "isp-ac", "-S", "gold"];
    const files = ["-O", `${folder}/options`, "-q", "/usr/sbin/pppd"];
    this.#server = this.peer.spawn("pppoe-server", ["-F", "-I", this.link, ...names, ...addresses, ...files]);
  }
  /** It is gone without a farewell. */
  async kill(): Promise<void> {
    await this.#server?.end();
    this.#signal("KILL");
  }
  /** Its sessions are there and answer nothing. */
  freeze(): void {
    this.#signal("STOP");
  }
  thaw(): void {
    this.#signal("CONT");
  }
  /** It says farewell to its subscribers, and takes new ones. */
  endSessions(): void {
    this.#signal("TERM");
  }
  async stop(): Promise<void> {
    this.thaw();
    await this.kill();
  }
  log(): string {
    return `${this.#server?.output()}\n${tryRun("tail", ["-c", "20000", `${folder}/log`]).stdout}`;
  }
  get sessions(): number {
    return this.#pids().length;
  }

  /** The pppds of this end are those in the peer's namespace. */
  #pids(): readonly string[] {
    const pids = tryRun("pidof", ["pppd"])
      .stdout.split(/\s+/)
      .filter((pid) => pid !== "");
    return pids.filter((pid) => namespaceOf(pid) !== namespaceOf("self"));
  }
  #signal(name: string): void {
    const pids = this.#pids();
    if (pids.length > 0) tryRun("kill", [`-${name}`, ...pids]);
  }
}

function namespaceOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return readlinkSync("/proc/self/ns/net");
  }
}
