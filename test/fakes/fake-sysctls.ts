import type { LinkSysctlPort } from "../../src/network/kernel/link-sysctls.ts";

/**
 * Per-link settings in memory. Like the kernel it knows only links it was told of, and has a value for each setting.
 */
export class FakeSysctls implements LinkSysctlPort {
  readonly #values = new Map<string, number>();
  readonly #links = new Set<string>();
  /** Every write that changed something, as `ipv4/eth0/arp_ignore=1`. */
  readonly writes: string[] = [];
  isReadOnly = false;

  addLink(name: string): void {
    this.#links.add(name);
  }
  getForLink(family: "ipv4" | "ipv6", link: string, name: string): number | undefined {
    return this.#links.has(link) ? (this.#values.get(`${family}/${link}/${name}`) ?? 0) : undefined;
  }
  setForLink(family: "ipv4" | "ipv6", link: string, name: string, value: number): boolean {
    const before = this.getForLink(family, link, name);
    if (before === undefined || this.isReadOnly) return false;
    if (before === value) return true;
    this.#values.set(`${family}/${link}/${name}`, value);
    this.writes.push(`${family}/${link}/${name}=${value}`);
    return true;
  }
}
