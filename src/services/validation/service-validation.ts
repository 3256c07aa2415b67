import { DaemonError } from "../../base/errors.ts";
import type { Network } from "../../network/network.ts";
import type { HttpLink } from "../../system/http.ts";
import { type ConnectInput, type ConnectState, isConnected } from "../connect-states.ts";
import type { Finding } from "./probe-findings.ts";
import { type ProbePorts, Validation } from "./validation.ts";
import type { ValidationPlan } from "./validation-plan.ts";

/** The Service that is validated. */
export interface Validated {
  readonly logName: string;
  readonly label: string;
  readonly state: ConnectState;
  readonly network: Pick<Network, "layer3Link" | "effective"> | undefined;
  readonly validationPlan: ValidationPlan;
  readonly probePorts: ProbePorts;
  advance(input: ConnectInput, because: string): void;
  /** The state stays; its reason is another one. */
  explain(because: string): void;
  probeUrlChanged(): void;
}

const inputs = { internet: "internet-found", portal: "portal-found", nothing: "no-internet-found" } as const;

/** Whether the internet is behind a Service: asks while it is connected, and tells its state. */
export class ServiceValidation {
  #validation: Validation | undefined;
  /** The last finding of this connection, and when it was made (milliseconds since 1970). */
  last: { readonly finding: Finding; readonly atMs: number } | undefined;

  constructor(private readonly service: Validated) {}

  /** Where a person can log in; empty: no portal was met. */
  get portalUrl(): string {
    return this.last?.finding.portalUrl ?? "";
  }

  /** Settings or addressing may be others: probes begin, begin anew, or end. Else everything stays. */
  review(): void {
    const { service } = this;
    if (!isConnected(service.state)) return;
    const plan = service.validationPlan;
    const link = plan.kind === "probe" ? probedLink(service) : undefined;
    if (plan.kind === "probe" && link) {
      this.#validation ??= this.#make();
      this.#validation.follow({ link, httpUrls: plan.httpUrls, httpsUrls: plan.httpsUrls });
      return;
    }
    this.stop();
    if (plan.kind === "trusted") service.advance("internet-found", "validation is disabled");
  }
  /** A client asks. Throws Failure where nothing is connected. */
  request(): void {
    const { state, label } = this.service;
    if (!isConnected(state)) throw new DaemonError("Failure", `${label} is not connected`);
    this.review();
    this.#validation?.hurry();
  }
  /** The Service is the default now: worth another look if the internet was not found. */
  becameDefault(): void {
    if (this.service.state !== "online") this.#validation?.hurry();
  }
  /** Another network may be at the other end. */
  resumed(): void {
    this.#validation?.restart();
  }
  /** The Service is not connected any more. */
  stop(): void {
    this.#validation?.stop();
    if (this.last === undefined) return;
    this.last = undefined;
    this.service.probeUrlChanged();
  }

  #make(): Validation {
    const { probePorts, logName } = this.service;
    return new Validation(probePorts, `validation ${logName}`, (finding) => this.#found(finding));
  }
  #found(finding: Finding): void {
    const { service } = this;
    this.last = { finding, atMs: service.probePorts.clock.wallTime() };
    const before = service.state;
    service.advance(inputs[finding.kind], finding.because);
    if (service.state === before) service.explain(finding.because);
    service.probeUrlChanged();
  }
}

/** The link that carries layer 3, which need not be the Device's, with its own addresses and name servers. */
function probedLink({ network, probePorts }: Validated): HttpLink | undefined {
  const { layer3Link, effective } = network ?? {};
  const name = layer3Link === undefined ? undefined : probePorts.linkName(layer3Link);
  if (name === undefined || !effective) return undefined;
  const addresses = [effective.ipv4?.address, effective.ipv6?.address].filter((address) => address !== undefined);
  return { name, addresses, nameServers: effective.nameServers };
}
