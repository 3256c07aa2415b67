/** The URLs that validation asks; docs/validation.md says what they are told. All answer 204 without a body. */

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

/** A person who names a host of their own does not want others to be asked: the fallbacks belong to the defaults. */
export const probeHosts = (http: string, https: string): ProbeHosts => ({
  http,
  https,
  httpFallbacks: http === defaultHttpUrl ? httpFallbacks : [],
  httpsFallbacks: https === defaultHttpsUrl ? httpsFallbacks : [],
});
