/** Carries a plan for names out: the file always, systemd-resolved where it answers the machine's programs. */
import { describeError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { NamePlan } from "./name-plan.ts";
import type { Resolved } from "./resolved.ts";
import type { ResolverFile } from "./resolver-file.ts";

export const resolverChoices = ["auto", "file", "resolved"] as const;
export type ResolverChoice = (typeof resolverChoices)[number];

export interface BackEnd {
  readonly name: "file" | "systemd-resolved";
  /** As a whole sentence without its full stop. */
  readonly because: string;
}

/** Pure. `leadsToResolved`: whether programs that read /etc/resolv.conf ask systemd-resolved, or its servers. */
export function chooseBackEnd(choice: ResolverChoice, isOnBus: boolean, leadsToResolved: boolean): BackEnd {
  if (choice === "file") return { name: "file", because: "the configuration says resolver = file" };
  if (!isOnBus) return { name: "file", because: "systemd-resolved is not on the bus" };
  if (choice === "resolved") return { name: "systemd-resolved", because: "the configuration says resolver = resolved" };
  return leadsToResolved
    ? { name: "systemd-resolved", because: "/etc/resolv.conf leads to it" }
    : { name: "file", because: "/etc/resolv.conf does not lead to systemd-resolved" };
}

export interface NameResolutionPorts {
  readonly file: ResolverFile;
  readonly resolved: Resolved;
  readonly choice: ResolverChoice;
  readonly log: Log;
  /** Hears of a file that cannot be written. */
  readonly health: {
    works(path: string): void;
    failed(path: string, problem: string, retry: () => void): void;
  };
  leadsToResolved(): boolean;
}

export class NameResolution {
  #plan: NamePlan | undefined;
  #backEnd: BackEnd = { name: "file", because: "no network was connected yet" };

  constructor(private readonly ports: NameResolutionPorts) {
    ports.resolved.onOwner = () => this.#tellResolved();
  }

  start(): void {
    if (this.ports.choice !== "file") this.ports.resolved.start();
  }
  stop(): void {
    this.ports.resolved.stop();
  }
  get backEnd(): BackEnd {
    return this.#backEnd;
  }
  /** For the debug dump. */
  get state() {
    const { file, resolved } = this.ports;
    return { ...this.#backEnd, file: file.path, plan: this.#plan, told: resolved.links, problem: resolved.problem };
  }

  update(plan: NamePlan): void {
    this.#plan = plan;
    this.#writeFile(plan);
    this.#tellResolved();
  }
  #writeFile({ nameServers, searchDomains }: NamePlan): void {
    const { file, health } = this.ports;
    const write = () => file.update(nameServers.length === 0 ? undefined : { nameServers, searchDomains });
    try {
      write();
      health.works(file.path);
    } catch (error) {
      health.failed(file.path, `${file.path} cannot be written: ${describeError(error)}`, write);
    }
  }
  /** Looked at anew each time: an administrator may lay the link, or take it away, while we run. */
  #tellResolved(): void {
    const { resolved, choice, log } = this.ports;
    const { isOnBus } = resolved;
    const chosen = chooseBackEnd(choice, isOnBus, isOnBus && choice === "auto" && this.ports.leadsToResolved());
    if (chosen.name !== this.#backEnd.name) log.info(`names are resolved by ${chosen.name}: ${chosen.because}`);
    this.#backEnd = chosen;
    resolved.update(chosen.name === "systemd-resolved" ? (this.#plan?.links ?? []) : []);
  }
}
