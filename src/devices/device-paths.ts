import type { Link } from "../rtnl/rtnl.ts";

/** A link's name in the characters that a D-Bus path may have (docs/contract/shill.md, Objects). */
export const busName = (linkName: string): string => linkName.replace(/[^A-Za-z0-9_]/g, "_");

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
