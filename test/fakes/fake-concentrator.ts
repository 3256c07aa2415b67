import type { Clock } from "../../src/base/clock.ts";
import { pppdProgram } from "../../src/network/protocols/ppp/pppd-options.ts";
import type { FakeKernel } from "./fake-kernel.ts";
import type { FakeProcesses, FakeProgramRun } from "./fake-processes.ts";

/** IFF_ and ARPHRD_ of a link of PPP. */
const pppHardware = 512;

interface Session {
  readonly run: FakeProgramRun;
  readonly link: string;
  readonly options: ReadonlyMap<string, string>;
}

/**
 * An access concentrator on every link, and the pppd(8) that speaks with it: a program of {@link FakeProcesses} which
 * prints the lines of the real one, makes its link in a {@link FakeKernel}, and ends with its codes.
 */
export class FakeConcentrator {
  isThere = true;
  account = { userName: "alice", password: "secret" };
  /** Service names that it offers beside the empty one. */
  services: readonly string[] = ["gold"];
  nameServers: readonly string[] = ["10.64.0.53", "10.64.0.54"];
  /** Command lines of all runs, in order. */
  readonly commands: (readonly string[])[] = [];
  readonly #sessions = new Set<Session>();
  #isFrozen = false;
  #lastSession = 0;

  constructor(
    processes: FakeProcesses,
    private readonly kernel: FakeKernel,
    private readonly clock: Clock,
  ) {
    processes.install(pppdProgram, (run) => this.#onStart(run));
  }
  get sessions(): number {
    return this.#sessions.size;
  }
  /** All sessions end with a farewell. */
  endSessions(): void {
    for (const { run } of this.#sessions) {
      run.print("LCP terminated by peer (User request)\nConnect time 0.1 minutes.\nConnection terminated.\n");
      run.exit(16);
    }
  }
  /** It answers no echo any more; sessions notice it in the time of their keepalive. */
  freeze(): void {
    this.#isFrozen = true;
    for (const session of this.#sessions) this.#falls(session);
  }
  #falls({ run, options, link }: Session): void {
    const [failures, seconds] = ["lcp-echo-failure", "lcp-echo-interval"].map((name) => Number(options.get(name)));
    if (!failures || !seconds) return;
    this.clock.startTimer(`fake echo ${link}`, (failures + 1) * seconds * 1000, () => {
      if (!this.#isFrozen) return;
      run.print(`No response to ${failures} echo-requests\nSerial link appears to be disconnected.\n`);
      run.exit(15);
    });
  }
  thaw(): void {
    this.#isFrozen = false;
  }

  #onStart(run: FakeProgramRun): void {
    this.commands.push(run.argv);
    const options = new Map(run.argv.slice(1).flatMap((word, at) => [[word, run.argv[at + 2] ?? ""] as const]));
    run.print("Plugin pppoe.so loaded.\nPlugin passwordfd.so loaded.\n");
    run.onTerm(() => {
      run.print("Terminating on signal 15\nConnection terminated.\n");
      run.exit(5);
    });
    const service = options.get("pppoe-service");
    if (this.isThere && !this.#isFrozen && (service === undefined || this.services.includes(service))) {
      this.#open(run, options);
    } else this.#lookInVain(run, options);
  }
  #lookInVain(run: FakeProgramRun, options: ReadonlyMap<string, string>): void {
    const [first, attempts] = ["pppoe-padi-timeout", "pppoe-padi-attempts"].map((name) => Number(options.get(name)));
    const seconds = (first ?? 5) * (2 ** (attempts ?? 3) - 1);
    const cancel = this.clock.startTimer("fake discovery", seconds * 1000, () => {
      run.print("Timeout waiting for PADO packets\nUnable to complete PPPoE Discovery\n");
      run.exit(10);
    });
    run.onEnd(cancel);
  }
  #open(run: FakeProgramRun, options: ReadonlyMap<string, string>): void {
    const link = this.#freeName();
    this.kernel.addHardware({
      name: link,
      mac: "",
      hardwareType: pppHardware,
      isUp: false,
      isPlugged: true,
      mtu: 1492,
    });
    const session = { run, link, options };
    this.#sessions.add(session);
    run.onEnd(() => {
      this.#sessions.delete(session);
      this.kernel.removeHardware(link);
    });
    run.print(`PPP session is ${++this.#lastSession}\nUsing interface ${link}\nConnect: ${link} <--> eth0\n`);
    const { userName, password } = this.account;
    if (options.get("user") !== userName || run.input !== password) {
      run.print("CHAP authentication failed: Access denied\nCHAP authentication failed\nConnection terminated.\n");
      run.exit(19);
    } else this.#address(session);
  }
  #address({ run, link, options }: Session): void {
    run.print("CHAP authentication succeeded: Access granted\nCHAP authentication succeeded\n");
    const { index } = this.kernel.snapshot.linkByName(link) ?? { index: 0 };
    const address = { link: index, family: 4, address: "10.64.0.100", peer: "10.64.0.1", prefixLength: 32 } as const;
    this.kernel.outside({ op: "put-address", address });
    this.kernel.outside({ op: "set-link", link: index, change: { isUp: true, mtu: Number(options.get("mtu")) } });
    run.print("local  IP address 10.64.0.100\nremote IP address 10.64.0.1\n");
    const [first, second] = options.has("usepeerdns") ? this.nameServers : [];
    if (first !== undefined) run.print(`primary   DNS address ${first}\n`);
    if (second !== undefined) run.print(`secondary DNS address ${second}\n`);
  }
  #freeName(): string {
    for (let unit = 0; ; unit++) if (!this.kernel.snapshot.linkByName(`ppp${unit}`)) return `ppp${unit}`;
  }
}
