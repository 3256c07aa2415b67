/** Whether and when a connected network is validated, and by which URLs (docs/validation.md). Pure. */
import type { ConfigurationSource } from "../service-order.ts";

export type ValidationPlan =
  /** The administrator answers for the network: it counts as online. */
  | { readonly kind: "trusted" }
  /** No host may be asked, so nothing is known: the network stays ready. */
  | { readonly kind: "unasked" }
  | { readonly kind: "probe"; readonly httpUrls: readonly string[]; readonly httpsUrls: readonly string[] };

export interface ValidationFacts {
  readonly checkPortal: string;
  readonly configurationSource: ConfigurationSource;
  readonly proxyConfig: string;
}

export function validationPlan(facts: ValidationFacts, isListed: boolean, hosts: ProbeHosts): ValidationPlan {
  if (!isValidated(facts, isListed)) return { kind: "trusted" };
  const httpUrls = hosts.http === "" ? [] : [hosts.http, ...hosts.httpFallbacks];
  const isHttpsAsked = hosts.https !== "" && facts.checkPortal !== "http-only" && !hasProxy(facts);
  const httpsUrls = isHttpsAsked ? [hosts.https, ...hosts.httpsFallbacks] : [];
  return httpUrls.length + httpsUrls.length === 0 ? { kind: "unasked" } : { kind: "probe", httpUrls, httpsUrls };
}

function isValidated({ checkPortal, configurationSource }: ValidationFacts, isListed: boolean): boolean {
  if (checkPortal !== "auto") return checkPortal !== "false";
  // An administrator's network is trusted: no probes leave from it unless CheckPortal says so.
  return configurationSource !== "DevicePolicy" && configurationSource !== "UserPolicy" && isListed;
}

/** Where a proxy is prescribed HTTPS may be open through it alone. `true` asks over both all the same. */
function hasProxy({ checkPortal, proxyConfig }: ValidationFacts): boolean {
  if (checkPortal !== "auto" || proxyConfig === "") return false;
  try {
    return (JSON.parse(proxyConfig) as { readonly mode?: unknown } | null)?.mode !== "direct";
  } catch {
    return true;
  }
}

/** The URLs that validation asks. All answer 204 without a body. */
export interface ProbeHosts {
  /** Asked first; empty: none over HTTP. */
  readonly http: string;
  /** Asked first; empty: none over HTTPS. */
  readonly https: string;
  readonly httpFallbacks: readonly string[];
  readonly httpsFallbacks: readonly string[];
}

export const defaultHttpUrl = "http://connectivitycheck.gstatic.com/generate_204";
export const defaultHttpsUrl = "https://www.google.com/generate_204";

const withPath = (scheme: string, hosts: readonly string[]): readonly string[] =>
  hosts.map((host) => `${scheme}://${host}/generate_204`);
const httpFallbacks = withPath("http", [
  "play.googleapis.com",
  "www.gstatic.com",
  "safebrowsing.google.com",
  "www.googleapis.com",
]);
const httpsFallbacks = withPath("https", ["accounts.google.com", "clients3.google.com"]);

/** The fallbacks belong to the defaults: an administrator's own host is the only one asked. */
export const probeHosts = (http: string, https: string): ProbeHosts => ({
  http,
  https,
  httpFallbacks: http === defaultHttpUrl ? httpFallbacks : [],
  httpsFallbacks: https === defaultHttpsUrl ? httpsFallbacks : [],
});

const firstIntervalMs = 3_000;
const longestIntervalMs = 60_000;

/** From the start of one attempt to the start of the next, `attempt` counted from 1. */
export const intervalAfter = (attempt: number): number =>
  Math.min(firstIntervalMs * 2 ** Math.min(attempt - 1, 10), longestIntervalMs);

/** The first URL, then each fallback, then any of them. `random`: from 0 up to and without 1. */
export function urlOfAttempt(urls: readonly string[], attempt: number, random: () => number): string | undefined {
  return urls[attempt - 1] ?? urls[Math.floor(random() * urls.length)];
}
