import type { Clock } from "../../src/base/clock.ts";
import { DaemonError } from "../../src/base/errors.ts";
import {
  defaultBodyBytes,
  type Http,
  type HttpOrder,
  type HttpPhase,
  type HttpResult,
  mostHeaderBytes,
} from "../../src/system/http.ts";

/** Answer of a server of the fake; "silent" never comes. */
export interface FakeAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}
export type FakeServer = (path: string) => FakeAnswer | "silent" | undefined;

/** Web servers in memory, one set for each link. An unknown one is answered as a network would. */
export class FakeHttp implements Http {
  readonly #servers = new Map<string, FakeServer>();
  /** URLs in the order they were asked for, each behind the name of its link. */
  readonly asked: string[] = [];

  constructor(private readonly clock: Clock) {}

  /** `host` with its port where that is not 80 or 443; a later server takes the place of the first. */
  serve(linkName: string, host: string, server: FakeServer): void {
    this.#servers.set(`${linkName} ${host}`, server);
  }

  async get(order: HttpOrder, abort?: AbortSignal): Promise<HttpResult> {
    const isWeb = URL.canParse(order.url) && /^https?:$/.test(new URL(order.url).protocol);
    if (!isWeb) throw new DaemonError("InvalidArguments", `"${order.url}" is no http or https URL`);
    return abort?.aborted ? { kind: "aborted" } : this.#ask(order, new URL(order.url), order.mostRedirects ?? 0, abort);
  }

  async #ask(order: HttpOrder, url: URL, redirectsLeft: number, abort?: AbortSignal): Promise<HttpResult> {
    const { link } = order;
    this.asked.push(`${link.name} ${url.href}`);
    await Promise.resolve();
    if (abort?.aborted) return { kind: "aborted" };
    const isName = !/^[\d.]+$|^\[/.test(url.hostname);
    if (isName && (link.nameServers.length === 0 || !this.#isKnown(link.name, url.hostname))) return failed("name");
    const answer = this.#servers.get(`${link.name} ${url.host}`)?.(`${url.pathname}${url.search}`);
    if (answer === undefined) return failed("connection");
    if (answer === "silent") return this.#never(order, abort);
    if (JSON.stringify(answer.headers ?? {}).length > mostHeaderBytes) return failed("answer");
    const result = resultOf(answer, url, order.mostBodyBytes ?? defaultBodyBytes);
    if (result.location === undefined || redirectsLeft === 0) return result;
    return this.#ask(order, new URL(result.location), redirectsLeft - 1, abort);
  }
  #isKnown(linkName: string, host: string): boolean {
    return [...this.#servers.keys()].some(
      (key) => key === `${linkName} ${host}` || key.startsWith(`${linkName} ${host}:`),
    );
  }
  #never({ timeLimitMs, url }: HttpOrder, abort?: AbortSignal): Promise<HttpResult> {
    return new Promise((resolve) => {
      const cancel = this.clock.startTimer(`http ${url}`, timeLimitMs, () => resolve(failed("answer", true)));
      abort?.addEventListener("abort", () => {
        cancel();
        resolve({ kind: "aborted" });
      });
    });
  }
}

const failed = (phase: HttpPhase, isTimeout = false): HttpResult => ({
  kind: "failed",
  phase,
  isTimeout,
  message: isTimeout ? `no ${phase} in time` : `no ${phase}`,
});

function resultOf({ status, headers = {}, body = "" }: FakeAnswer, base: URL, most: number) {
  const bytes = Buffer.from(body);
  const { location, "content-type": contentType } = headers;
  const target = location !== undefined && URL.canParse(location, base.href) ? new URL(location, base.href) : undefined;
  const isWeb = target !== undefined && /^https?:$/.test(target.protocol);
  return {
    kind: "answer" as const,
    status,
    ...(isWeb ? { location: target.href } : {}),
    ...(contentType === undefined ? {} : { contentType }),
    body: bytes.subarray(0, most),
    isBodyCut: bytes.length > most,
  };
}
