/** The resolver file (docs/contract/shill.md, Addressing): its contents, and the moments when it is written. */

import { familyOfServer } from "../base/ip-address.ts";
import { isDomainName } from "../base/names.ts";

export interface ResolverSettings {
  readonly nameServers: readonly string[];
  readonly searchDomains: readonly string[];
}

/**
 * `single-request`: some home routers drop the second of two questions sent at once; the short time-out lets a dead
 * server be passed over before a person gives up.
 */
const optionsLine = "options single-request timeout:1 attempts:5";

/** Undefined: there is nothing to say, and there must be no file. Invalid addresses and names are left out. */
export function resolverText({ nameServers, searchDomains }: ResolverSettings): string | undefined {
  const servers = nameServers.filter((server) => familyOfServer(server) !== undefined);
  const domains = searchDomains.filter(isDomainName);
  if (servers.length === 0 && domains.length === 0) return undefined;
  const lines = servers.map((server) => `nameserver ${server}`);
  if (domains.length > 0) lines.push(`search ${domains.join(" ")}`);
  return `${[...lines, optionsLine].join("\n")}\n`;
}

/** How the file gets on disk. Both throw DaemonError. */
export interface ResolverFilePort {
  /** Replaces the file in one step. */
  write(path: string, text: string): void;
  /** No such file: nothing happens. */
  remove(path: string): void;
}

/** Keeps the file in step with its owner's settings; the same text is not written twice. */
export class ResolverFile {
  /** Null: not known yet, an earlier run may have left a file. */
  #written: string | undefined | null = null;

  constructor(
    readonly path: string,
    private readonly port: ResolverFilePort,
  ) {}

  /** `undefined`: no network has name servers. Throws the port's error; the next call then tries again. */
  update(settings: ResolverSettings | undefined): void {
    const text = settings && resolverText(settings);
    if (text === this.#written) return;
    this.#written = null;
    if (text === undefined) this.port.remove(this.path);
    else this.port.write(this.path, text);
    this.#written = text;
  }
}
