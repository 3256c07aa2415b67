/** Findings about a network from the answers of one attempt. Pure. */
import type { HttpResult } from "../../system/http.ts";

export interface Probe {
  readonly url: string;
  readonly result: HttpResult;
}

export interface Finding {
  readonly kind: "internet" | "portal" | "nothing";
  readonly because: string;
  /** Where a person can log in; of a portal only. */
  readonly portalUrl?: string;
}

/** Bytes of a body that tell an empty answer from a page. */
export const tellingBodyBytes = 2;
/** Only a network in between redirects the host that is asked, also where the Location is missing or cannot be used. */
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** Network Authentication Required (RFC 6585, section 6). */
const loginRequired = 511;
/** An error of a resolver or a socket may quote the network. */
const longestMessage = 200;

/** A portal in the way of an HTTP probe; undefined: the answer shows none. */
export function portalBehind({ url, result }: Probe): Finding | undefined {
  if (result.kind !== "answer") return undefined;
  const { status, location, body } = result;
  const found = (because: string, portalUrl: string): Finding => ({ kind: "portal", because, portalUrl });
  const host = hostOf(url);
  if (status >= 300 && status < 400 && location !== undefined) {
    // The rest of the address may name the person or the session: it is in ProbeUrl alone.
    return found(`${host} leads to ${hostOf(location)} (status ${status})`, location);
  }
  if (redirects.has(status)) return found(`${host} leads away and does not say where to (status ${status})`, url);
  if (status === loginRequired) return found(`${host} asks for a login (status ${status})`, url);
  if (status === 200 && body.length >= tellingBodyBytes) return found(`${host} answers with a page of its own`, url);
  return undefined;
}

/**
 * `before`: finding of the previous attempt. Some portals let HTTP through for a moment: a portal once seen is over
 * when both ways are open, and not earlier.
 */
export function judge(http: Probe | undefined, https: Probe | undefined, before: Finding | undefined): Finding {
  const portal = http && portalBehind(http);
  if (portal) return portal;
  const isHttpOpen = http === undefined || isEmptyAnswer(http.result);
  const isHttpsOpen = https === undefined || https.result.kind === "answer";
  const because = [http, https]
    .filter((probe) => probe !== undefined)
    .map(describe)
    .join("; ");
  if (isHttpOpen && isHttpsOpen) return { kind: "internet", because };
  if (before?.kind === "portal" && http && isHttpOpen)
    return { ...before, because: `a portal was seen, and ${because}` };
  return { kind: "nothing", because };
}

const isEmptyAnswer = (result: HttpResult): boolean =>
  result.kind === "answer" &&
  (result.status === 204 || (result.status === 200 && result.body.length < tellingBodyBytes));

function describe({ url, result }: Probe): string {
  const name = `${hostOf(url)} (${new URL(url).protocol.slice(0, -1)})`;
  if (result.kind === "answer") return `${name} answers ${result.status}`;
  return `${name} does not answer${result.kind === "failed" ? `: ${result.message.slice(0, longestMessage)}` : ""}`;
}

const hostOf = (url: string): string => new URL(url).host.slice(0, longestMessage);
