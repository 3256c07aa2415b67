import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type DhcpServer, startDhcpServer } from "../harness/dhcp-server.ts";
import { addCable, addPeer, type Cable, type Peer, requirePrivateNamespace } from "../harness/namespace.ts";
import { type PrivateBus, startPrivateBus } from "../harness/private-bus.ts";
import { run, tryRun } from "../harness/processes.ts";
import { until } from "../harness/until.ts";
import { Probe, type ProbeEvent } from "./probe.ts";
import { cpuMs } from "./process-figures.ts";
import type { Place, Subject } from "./subject.ts";

/** A program that has just started still has things to do; measuring begins when its processor use has ended. */
const settlePauseMs = 150;
const quietCpuMs = 2;

/** One measured program in its namespace, with the other ends of its cables, and its observer. */
export class World {
  #pid: number | undefined;
  private constructor(
    readonly subject: Subject,
    readonly place: Place,
    readonly bus: PrivateBus,
    readonly probe: Probe,
    readonly peer: Peer,
  ) {}

  static async open(subject: Subject): Promise<World> {
    requirePrivateNamespace();
    for (const scope of ["all", "default"]) run("sysctl", ["-qw", `net.ipv6.conf.${scope}.disable_ipv6=1`]);
    // In the private /run: programs that change to another user must get at the socket.
    mkdirSync("/run/bench");
    const bus = await startPrivateBus({ folder: "/run/bench" });
    process.env.DBUS_SYSTEM_BUS_ADDRESS = bus.address;
    const place = { busAddress: bus.address, folder: mkdtempSync(join(tmpdir(), "fairlead-bench-")) };
    subject.prepare(place);
    const probe = await Probe.start();
    await probe.openBus(bus.address, subject.match);
    return new World(subject, place, bus, probe, addPeer("peer"));
  }

  /** A cable that is not plugged, and a DHCP server at its end. Far ends must not be in a bridge: one flapping port may
   *  get its carrier a second late. */
  async addServedCable(link: string, network: string): Promise<{ cable: Cable; server: DhcpServer }> {
    const mac = `02:00:00:00:${network.split(".")[1]?.padStart(2, "0")}:01`;
    const cable = addCable(link, this.peer, { address: `${network}.1/24`, mac, plugged: true });
    const options = [`option:router,${network}.1`];
    const range = `${network}.100,${network}.199,255.255.255.0,1h`;
    const server = await startDhcpServer(this.peer, { link, range, options });
    cable.unplug();
    return { cable, server };
  }

  get pid(): number {
    if (this.#pid === undefined) throw new Error(`${this.subject.name} does not run`);
    return this.#pid;
  }
  get logFile(): string {
    return join(this.place.folder, "log");
  }

  /** Milliseconds from just before execve to the first answer of the main call. */
  async start(): Promise<number> {
    const { argv, mainCall } = this.subject;
    const { pid, ms } = await this.probe.startProgram(argv(this.place), this.logFile, mainCall).catch((error) => {
      throw new Error(`${error.message}; its log ends with: ${readFileSync(this.logFile, "utf8").trim().slice(-500)}`);
    });
    this.#pid = pid;
    return ms;
  }
  async stop(): Promise<void> {
    const { pid } = this;
    process.kill(pid, "SIGTERM");
    await until(`${this.subject.name} has ended`, () => tryRun("kill", ["-0", String(pid)]).code !== 0, 20_000);
    this.#pid = undefined;
  }

  /** Waits until the program has nothing left to do. */
  async settle(): Promise<void> {
    await until(
      `${this.subject.name} is quiet`,
      async () => {
        const before = cpuMs(this.pid);
        await pause(settlePauseMs);
        return cpuMs(this.pid) - before < quietCpuMs;
      },
      120_000,
    );
  }
  /** The link is up without carrier, as a managed link without a cable is. */
  untilReadyForCable(link: string): Promise<unknown> {
    return until(`${link} is up`, () => / UP|,UP/.test(run("ip", ["-o", "link", "show", link])), 10_000);
  }

  wait(what: string, fits: (event: ProbeEvent) => boolean, from: number, limitMs?: number): Promise<ProbeEvent> {
    return this.probe.wait(`${this.subject.name}: ${what}`, fits, from, limitMs);
  }

  close(): void {
    this.probe.end();
    rmSync(this.place.folder, { recursive: true, force: true });
  }
}
