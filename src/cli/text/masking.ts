/**
 * Hides text that identifies a place or a person: hardware addresses, IP addresses, names of networks, users and hosts.
 * The same thing gets the same stand-in everywhere, so that a reader can still follow it.
 */
import { isIPv6 } from "node:net";

const mac = /\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b|(?<=[_"])[0-9a-f]{12}(?![0-9a-f])/gi;
const ipv4 = /(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])/g;
/** Text that looks like one; a time of day does, too. */
const ipv6 = /(?<![\w:])[0-9a-f:]{3,39}(?![\w:])/gi;
/** They identify no machine. */
const harmless = /^(?:0\.0\.0\.0|127\..*|255\..*|00:00:00:00:00:00|ff:ff:ff:ff:ff:ff|ff0\w::.*|::1?)$/i;
/** A name of one or two letters would be found in every word. */
const shortestName = 3;

export class Masking {
  readonly #standIns = new Map<string, string>();
  readonly #counts = new Map<string, number>();
  readonly #names: readonly string[];

  /** `names`: those of the machine's networks, users and hosts. */
  constructor(names: Iterable<string>) {
    const long = [...new Set(names)].filter((name) => name.length >= shortestName);
    // The longer one first: it may hold the shorter one.
    this.#names = long.sort((a, b) => b.length - a.length);
  }

  text(text: string): string {
    let masked = text;
    for (const name of this.#names) masked = masked.replaceAll(name, () => this.#standIn("name", name));
    masked = masked.replace(mac, (found) => this.#standIn("mac", found));
    masked = masked.replace(ipv6, (found) => (isIPv6(found) ? this.#standIn("ipv6", found) : found));
    return masked.replace(ipv4, (found) => this.#standIn("ipv4", found));
  }
  #standIn(kind: string, original: string): string {
    if (harmless.test(original)) return original;
    const key = `${kind} ${original.toLowerCase()}`;
    const known = this.#standIns.get(key);
    if (known !== undefined) return known;
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    const standIn = `<${kind}-${count}>`;
    this.#standIns.set(key, standIn);
    return standIn;
  }
}
