import type { Log } from "../base/log.ts";

/** /proc/sys/net/<family>/conf/<link>/<name>, as far as it is needed here. */
export interface LinkSysctlPort {
  /** Undefined when there is no such setting, or no right to read it. */
  getForLink(family: "ipv4" | "ipv6", link: string, name: string): number | undefined;
  /** Whether the setting now has the value. */
  setForLink(family: "ipv4" | "ipv6", link: string, name: string, value: number): boolean;
}

interface Setting {
  readonly family: "ipv4" | "ipv6";
  readonly name: string;
  readonly value: number;
}

/** What a managed link is set to, each with its reason. */
export const managedLinkSettings: readonly Setting[] = [
  // The kernel leaves a dead cable in the same instant, before we have even heard of it.
  { family: "ipv4", name: "ignore_routes_with_linkdown", value: 1 },
  { family: "ipv6", name: "ignore_routes_with_linkdown", value: 1 },
  // Two cables in one subnet: each answers for its own addresses only, and asks with them (shill-behaviour 9.1).
  { family: "ipv4", name: "arp_announce", value: 2 },
  { family: "ipv4", name: "arp_ignore", value: 1 },
  // A new lease in the old subnet is secondary to the old one, and would be removed together with it.
  { family: "ipv4", name: "promote_secondaries", value: 1 },
];

/** Sets links up for being managed, and gives them back as they were. */
export class LinkSysctls {
  readonly #before = new Map<number, { readonly name: string; readonly settings: readonly Setting[] }>();

  constructor(
    private readonly port: LinkSysctlPort,
    private readonly log: Log,
  ) {}

  /** Twice changes nothing. What cannot be set is logged; the link works without, only less well. */
  manage(link: number, name: string): void {
    if (this.#before.has(link)) return;
    const settings = managedLinkSettings.flatMap((setting) => {
      const value = this.port.getForLink(setting.family, name, setting.name);
      return value === undefined || value === setting.value ? [] : [{ ...setting, value }];
    });
    this.#before.set(link, { name, settings });
    for (const { family, name: setting, value } of managedLinkSettings) this.#set(family, name, setting, value);
  }

  /** `name`: what the link is called now; undefined when it is gone, and its settings with it. */
  release(link: number, name: string | undefined): void {
    const before = this.#before.get(link);
    this.#before.delete(link);
    if (name === undefined) return;
    for (const setting of before?.settings ?? []) this.#set(setting.family, name, setting.name, setting.value);
  }

  #set(family: "ipv4" | "ipv6", link: string, name: string, value: number): void {
    if (this.port.setForLink(family, link, name, value)) return;
    this.log.debug(() => `${link}: ${family} ${name} could not be set to ${value}`);
  }
}
