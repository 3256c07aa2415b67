import type { Log } from "../../base/log.ts";

/** /proc/sys/net/<family>/conf/<link>/<name>, as far as it is needed here. */
export interface LinkSysctlPort {
  /** Undefined when there is no such setting, or no right to read it. */
  getForLink(family: "ipv4" | "ipv6", link: string, name: string): number | undefined;
  /** Whether the setting now has the value. */
  setForLink(family: "ipv4" | "ipv6", link: string, name: string, value: number): boolean;
}

export interface Setting {
  readonly family: "ipv4" | "ipv6";
  readonly name: string;
  readonly value: number;
  /** Changed only where it is this. */
  readonly onlyFrom?: number;
}

/** What a managed link is set to, each with its reason. */
export const managedLinkSettings: readonly Setting[] = [
  // The kernel leaves a dead cable in the same instant, before we have even heard of it.
  { family: "ipv4", name: "ignore_routes_with_linkdown", value: 1 },
  { family: "ipv6", name: "ignore_routes_with_linkdown", value: 1 },
  // Two cables in one subnet: each answers for its own addresses only, and asks with them.
  { family: "ipv4", name: "arp_announce", value: 2 },
  { family: "ipv4", name: "arp_ignore", value: 1 },
  // A new lease in the old subnet is secondary to the old one, and would be removed together with it.
  { family: "ipv4", name: "promote_secondaries", value: 1 },
];

/** Who needs the settings: the Device for as long as it is enabled, or only the network that is connected just now. */
export type SettingsHolder = "device" | "network";

interface ManagedLink {
  readonly holders: Set<SettingsHolder>;
  /** What differed before. */
  readonly before: readonly Setting[];
}

/** Sets links up for being managed, and gives them back as they were when nobody holds them any more. */
export class LinkSysctls {
  readonly #managed = new Map<number, ManagedLink>();

  constructor(
    private readonly port: LinkSysctlPort,
    private readonly log: Log,
    private readonly settings: readonly Setting[] = managedLinkSettings,
  ) {}

  /** Twice changes nothing. What cannot be set is logged; the link works without, only less well. */
  hold(holder: SettingsHolder, link: number, name: string): void {
    const managed = this.#managed.get(link) ?? this.#setUp(link, name);
    managed.holders.add(holder);
  }

  /** `name`: what the link is called now; undefined when it is gone, and its settings with it. */
  release(holder: SettingsHolder, link: number, name: string | undefined): void {
    const managed = this.#managed.get(link);
    if (!managed) return;
    managed.holders.delete(holder);
    if (managed.holders.size > 0 && name !== undefined) return;
    this.#managed.delete(link);
    if (name === undefined) return;
    for (const { family, name: setting, value } of managed.before) this.#set(family, name, setting, value);
  }

  #setUp(link: number, name: string): ManagedLink {
    const before = this.settings.flatMap((setting) => {
      const value = this.port.getForLink(setting.family, name, setting.name);
      const isToChange = setting.onlyFrom === undefined ? value !== setting.value : value === setting.onlyFrom;
      return value === undefined || !isToChange ? [] : [{ ...setting, value }];
    });
    const managed: ManagedLink = { holders: new Set(), before };
    this.#managed.set(link, managed);
    for (const { family, name: setting } of before) {
      const wished = this.settings.find((other) => other.family === family && other.name === setting);
      if (wished) this.#set(family, name, setting, wished.value);
    }
    return managed;
  }

  #set(family: "ipv4" | "ipv6", link: string, name: string, value: number): void {
    if (this.port.setForLink(family, link, name, value)) return;
    this.log.debug(() => `${link}: ${family} ${name} could not be set to ${value}`);
  }
}
