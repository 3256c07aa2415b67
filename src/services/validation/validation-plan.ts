/** Whether a connected network is validated, and by which URLs. Pure. */
import type { ConfigurationSource } from "../service-order.ts";
import type { ProbeHosts } from "./probe-hosts.ts";

export type ValidationPlan =
  /** A person answers for it: the network counts as online. */
  | { readonly kind: "trusted" }
  /** Nobody may be asked, so nothing is known: the network stays ready. */
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
  // An administrator who rolls out a network answers for it: no probes leave from it unless CheckPortal says so.
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
