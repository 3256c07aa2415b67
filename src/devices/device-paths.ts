import type { IpConfigIdentity } from "../network/ip-config.ts";
import type { Link } from "../rtnl/rtnl.ts";

/** A link's name in the characters that a D-Bus path may have (docs/contract/shill.md, Objects). */
const busName = (linkName: string): string => linkName.replace(/[^A-Za-z0-9_]/g, "_");

/** Gives each Device an object path of its own: `eth0.1` and `eth0_1` would have the same. */
export class DevicePaths {
  readonly #taken = new Set<string>();

  /** `/device/<name>`; where that is taken the link's index follows, and more if need be. */
  take({ name, index }: Link): string {
    let path = `/device/${busName(name)}`;
    while (this.#taken.has(path)) path += `_${index}`;
    this.#taken.add(path);
    return path;
  }
  free(path: string): void {
    this.#taken.delete(path);
  }
}

/** Object path of an IPConfig on the link: a number of its own, never used again in one run. */
export const ipConfigPath = (linkName: string, { id, kind }: IpConfigIdentity): string =>
  `/ipconfig/${busName(linkName)}_${id}_${kind}`;
