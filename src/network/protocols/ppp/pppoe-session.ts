import type { Cancel } from "../../../base/clock.ts";
import { DaemonError } from "../../../base/errors.ts";
import type { Link, Rtnl } from "../../../rtnl/rtnl.ts";
import type { ProcessEnd, Processes, RunningProcess } from "../../../system/processes.ts";
import { emptyIpSettings, type IpSettings } from "../../ip-settings.ts";
import type { ProtocolHost, ProtocolLink, ProtocolSession, TeardownOptions } from "../handler.ts";
import { type PppoeConfig, pppdCommand } from "./pppd-options.ts";
import { describeEnd, emptyReport, type PppdReport, withLine } from "./pppd-report.ts";

export interface PppoePorts {
  /** pppd, or a program that executes it; `processes` runs it as root. */
  readonly program: string;
  readonly processes: Processes;
  readonly rtnl: Pick<Rtnl, "snapshot" | "onDelta">;
}

/** For the farewell to the other end (LCP, PADT), and as long where nothing is to be waited for. */
const farewellMs = 3_000;
const forcedFarewellMs = 500;
/** A session that was shorter than this begins anew after 1, 2, 4, 8 s; a longer one at once. */
const steadyMs = 60_000;
const longestWaitMs = 8_000;
/** ARPHRD_PPP */
const pppHardware = 512;

interface Attempt {
  readonly resolve: (settings: IpSettings) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * One PPPoE session on one link: pppd runs for as long as it is up. pppd makes the link `pppN` with its addresses,
 * which are used as they are; the rest (routes, name servers) is the Network's. See docs/pppoe.md.
 */
export class PppoeSession implements ProtocolSession {
  #pppd: RunningProcess | undefined;
  #report: PppdReport = emptyReport;
  #attempt: Attempt | undefined;
  #told: string | undefined;
  #upSinceMs: number | undefined;
  /** Sessions in a row that were over soon after they were up. */
  #shortSessions = 0;
  #cancelWait: Cancel | undefined;
  #stopListening: Cancel | undefined;

  constructor(
    private readonly link: ProtocolLink,
    private readonly config: PppoeConfig,
    private readonly ports: PppoePorts,
    private readonly host: ProtocolHost,
  ) {}

  setup(abort: AbortSignal): Promise<IpSettings> {
    this.#report = emptyReport;
    this.#told = undefined;
    const settings = new Promise<IpSettings>((resolve, reject) => {
      this.#attempt = { resolve, reject };
    });
    abort.addEventListener("abort", () => this.#fail(new DaemonError("OperationAborted", "it was given up")));
    const waitMs = this.#shortSessions === 0 ? 0 : Math.min(1000 * 2 ** (this.#shortSessions - 1), longestWaitMs);
    if (waitMs === 0) this.#run();
    else this.#cancelWait = this.host.clock.startTimer(`pppoe ${this.link.name}`, waitMs, () => this.#run());
    return settings;
  }
  #run(): void {
    this.#step(`looking for an access concentrator on ${this.link.name}`);
    this.#stopListening = this.ports.rtnl.onDelta((delta) => {
      if (delta.kind === "address-added" || delta.kind === "link-added") this.#review();
    });
    const pppd = this.ports.processes.run({
      name: `pppd on ${this.link.name}`,
      argv: pppdCommand(this.ports.program, this.link, this.config),
      // pppd says things in the language of its environment.
      environment: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" },
      input: this.config.password,
      graceMs: farewellMs,
      onLine: (line) => this.#onLine(line),
    });
    this.#pppd = pppd;
    void pppd.ended.then((end) => this.#onEnded(pppd, end));
  }

  /** Also without force the farewell is bounded; pppd takes its link and the addresses along. */
  async teardown({ force }: TeardownOptions): Promise<void> {
    this.#fail(new DaemonError("OperationAborted", "it was given up"));
    const pppd = this.#pppd;
    this.#forget();
    this.#shortSessions = 0;
    if (!pppd) return;
    pppd.stop();
    const cancel = force
      ? this.host.clock.startTimer(`pppd farewell ${this.link.name}`, forcedFarewellMs, () => pppd.kill())
      : () => {};
    await pppd.ended;
    cancel();
  }

  inspect(): Readonly<Record<string, unknown>> {
    return { pid: this.#pppd?.pid, ...this.#report, shortSessions: this.#shortSessions };
  }

  #onLine(line: string): void {
    this.host.log.debug(() => `pppd on ${this.link.name}: ${line.slice(0, 200)}`);
    const before = this.#report;
    this.#report = withLine(before, line);
    if (this.#report.linkName !== before.linkName) this.#step("the session is open; the two ends agree on its options");
    this.#review();
  }
  /** The line comes by one way and the kernel's news by another. */
  #review(): void {
    const link = this.#sessionLink();
    const { localAddress, nameServers } = this.#report;
    if (!link || localAddress === undefined || !this.#pppd) return;
    const address = this.ports.rtnl.snapshot.addresses(link.index).find((own) => own.address === localAddress);
    if (!address) return;
    const told = JSON.stringify([link.index, localAddress, nameServers]);
    if (told === this.#told) return;
    this.#told = told;
    this.#tell({
      ...emptyIpSettings,
      layer3Link: link.index,
      ipv4: {
        ...{ family: 4, address: localAddress, prefixLength: address.prefixLength, isKernels: true },
        ...(this.config.wantsDefaultRoute && { isAllOnLink: true as const }),
      },
      nameServers,
    });
  }
  /** Nothing but a link of PPP is believed to be the session's. */
  #sessionLink(): Link | undefined {
    const link = this.ports.rtnl.snapshot.linkByName(this.#report.linkName ?? "");
    return link?.hardwareType === pppHardware ? link : undefined;
  }
  #tell(settings: IpSettings): void {
    const attempt = this.#attempt;
    this.#attempt = undefined;
    this.#upSinceMs ??= this.host.clock.now();
    if (attempt) attempt.resolve(settings);
    else this.host.settingsChanged(settings);
  }

  #onEnded(pppd: RunningProcess, end: ProcessEnd): void {
    if (this.#pppd !== pppd) return;
    const { because, trouble } = describeEnd(end, this.#report);
    const wasUp = this.#upSinceMs !== undefined;
    if (wasUp) this.#countShortSession();
    this.#forget();
    if (wasUp) this.host.lost(because);
    else this.#fail(new DaemonError("Failure", because, { context: { reason: trouble ?? "" } }));
  }
  #countShortSession(): void {
    const upMs = this.host.clock.now() - (this.#upSinceMs ?? 0);
    this.#shortSessions = upMs < steadyMs ? this.#shortSessions + 1 : 0;
  }
  #forget(): void {
    this.#stopListening?.();
    this.#cancelWait?.();
    this.#pppd = this.#stopListening = this.#cancelWait = this.#upSinceMs = undefined;
  }
  #fail(error: DaemonError): void {
    const attempt = this.#attempt;
    this.#attempt = undefined;
    attempt?.reject(error);
  }
  #step(text: string): void {
    this.host.step?.({ kind: "asking", text });
  }
}
