import type { Cancel, Clock } from "../../base/clock.ts";
import { describeError } from "../../base/errors.ts";
import type { Http, HttpLink, HttpResult } from "../../system/http.ts";
import { type Finding, judge, type Probe, portalBehind, tellingBodyBytes } from "./probe-findings.ts";
import { intervalAfter, urlOfAttempt } from "./validation-plan.ts";

/** Outside ports of validation. */
export interface WebPorts {
  readonly clock: Clock;
  readonly http: Http;
  random(): number;
}
export interface ProbePorts extends WebPorts {
  /** Undefined: the link is gone. */
  linkName(index: number): string | undefined;
}

/** One network, as it is to be probed. */
export interface ProbeOrder {
  readonly link: HttpLink;
  readonly httpUrls: readonly string[];
  readonly httpsUrls: readonly string[];
}

const attemptLimitMs = 10_000;
/** Some portals show their login page to browsers alone; one text for all machines identifies none. */
const userAgent =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36";

/**
 * Probes one network until the internet is found: at once, then after ever longer intervals. One attempt at a time; the
 * results of an ended attempt are dropped.
 */
export class Validation {
  #order: ProbeOrder | undefined;
  #key = "";
  #attempt = 0;
  #cancelTimer: Cancel = () => {};
  #running: AbortController | undefined;
  #last: Finding | undefined;

  constructor(
    private readonly ports: ProbePorts,
    private readonly name: string,
    private readonly onFinding: (finding: Finding) => void,
  ) {}

  /** Probes this network from now on; the same order again changes nothing. */
  follow(order: ProbeOrder): void {
    const key = JSON.stringify(order);
    if (key === this.#key) return;
    this.stop();
    this.#key = key;
    this.#order = order;
    this.#startSoon(0);
  }
  /** Another attempt now, the intervals begin anew. An attempt under way is enough. */
  hurry(): void {
    if (!this.#order || this.#running) return;
    this.#attempt = 0;
    this.#startSoon(0);
  }
  /** As {@link hurry}, but an attempt under way is of no account: it began in another world. */
  restart(): void {
    this.#abort();
    this.hurry();
  }
  stop(): void {
    this.#abort();
    this.#cancelTimer();
    this.#order = undefined;
    this.#last = undefined;
    this.#key = "";
    this.#attempt = 0;
  }
  #abort(): void {
    this.#running?.abort();
    this.#running = undefined;
  }

  /** By a timer even now: the first packets and words of a connection go before. */
  #startSoon(ms: number): void {
    this.#cancelTimer();
    this.#cancelTimer = this.ports.clock.startTimer(this.name, ms, () => void this.#start());
  }
  async #start(): Promise<void> {
    const order = this.#order;
    if (!order) return;
    this.#attempt++;
    const startedAt = this.ports.clock.now();
    const running = new AbortController();
    this.#running = running;
    const finding = await this.#probe(order, running);
    if (this.#running !== running) return;
    this.#running = undefined;
    this.#last = finding;
    const since = this.ports.clock.now() - startedAt;
    if (finding.kind !== "internet") this.#startSoon(Math.max(0, intervalAfter(this.#attempt) - since));
    this.onFinding(finding);
  }

  async #probe({ link, httpUrls, httpsUrls }: ProbeOrder, running: AbortController): Promise<Finding> {
    const { random } = this.ports;
    const http = this.#portalsProbe(httpUrls) ?? urlOfAttempt(httpUrls, this.#attempt, random);
    const https = urlOfAttempt(httpsUrls, this.#attempt, random);
    const httpsAbort = new AbortController();
    running.signal.addEventListener("abort", () => httpsAbort.abort(), { once: true });
    const [first, second] = await Promise.all([
      this.#ask(http, link, running.signal).then((probe) => {
        // A portal's answer decides: the result of HTTPS does not matter any more.
        if (probe && portalBehind(probe)) httpsAbort.abort();
        return probe;
      }),
      this.#ask(https, link, httpsAbort.signal),
    ]);
    const finding = judge(first, second, this.#last);
    if (finding.kind === "portal" && http !== undefined) this.#portalMetBy = http;
    return finding;
  }
  /** The URL that met a portal is asked again: another one may be let through. */
  #portalMetBy = "";
  #portalsProbe(urls: readonly string[]): string | undefined {
    return this.#last?.kind === "portal" ? urls.find((url) => url === this.#portalMetBy) : undefined;
  }

  async #ask(url: string | undefined, link: HttpLink, signal: AbortSignal): Promise<Probe | undefined> {
    return url === undefined ? undefined : { url, result: await this.#get(url, link, signal) };
  }
  async #get(url: string, link: HttpLink, signal: AbortSignal): Promise<HttpResult> {
    const headers = { "user-agent": userAgent };
    const order = { url, link, timeLimitMs: attemptLimitMs, mostBodyBytes: tellingBodyBytes, headers };
    try {
      return await this.ports.http.get(order, signal);
    } catch (error) {
      return { kind: "failed", phase: "name", isTimeout: false, message: describeError(error) };
    }
  }
}
