import type { Log } from "../../base/log.ts";

/** /proc/sys/net/<family>/conf/<link>/<name>, as far as it is needed here. */
export interface LinkSysctlPort {
  /** Undefined when there is no such setting, or no right to read it. */
  getForLink(family: "ipv4" | "ipv6", link: string, name: string): number | undefined;
  /** Whether the setting now has the value. */
  setForLink(family: "ipv4" | "ipv6", link: string, name: string, value: number): boolean;
}

/** Settings as an earlier run found them, which was killed before it gave them back. By index of the link. */
export interface OriginalSettings {
  read(link: number): readonly Original[];
  /** An empty list removes the record. */
  write(link: number, settings: readonly Original[]): void;
  links(): readonly number[];
}
type Original = Pick<Setting, "family" | "name" | "value">;

const noOriginals: OriginalSettings = { read: () => [], write: () => {}, links: () => [] };

export interface Setting {
  readonly family: "ipv4" | "ipv6";
  readonly name: string;
  readonly value: number;
  /** Changed only where it is this. */
  readonly onlyFrom?: number;
}

/** Settings of a managed link, each with its reason. */
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

/** Holder of the settings: the Device for as long as it is enabled, or only the network that is connected just now. */
export type SettingsHolder = "device" | "network";

interface ManagedLink {
  readonly holders: Set<SettingsHolder>;
  /** Values before, of the settings that differed. */
  readonly before: readonly Original[];
}

/** Sets links up for being managed, and restores them when their last holder releases them. */
export class LinkSysctls {
  readonly #managed = new Map<number, ManagedLink>();

  constructor(
    private readonly port: LinkSysctlPort,
    private readonly log: Log,
    private readonly settings: readonly Setting[] = managedLinkSettings,
    private readonly originals: OriginalSettings = noOriginals,
  ) {}

  /** Twice changes nothing. A setting that cannot be made is logged; the link works without it, only less well. */
  hold(holder: SettingsHolder, link: number, name: string): void {
    const managed = this.#managed.get(link) ?? this.#setUp(link, name);
    managed.holders.add(holder);
  }

  /** `name`: the link's name now; undefined when it is gone, and its settings with it. */
  release(holder: SettingsHolder, link: number, name: string | undefined): void {
    const managed = this.#managed.get(link);
    if (!managed) return;
    managed.holders.delete(holder);
    if (managed.holders.size > 0 && name !== undefined) return;
    this.#managed.delete(link);
    this.#giveBack(link, name, managed.before);
  }

  /** Links that an earlier run has changed, and this one does not hold. `nameOf`: undefined for one that is gone. */
  releaseUnheld(nameOf: (link: number) => string | undefined): void {
    for (const link of this.originals.links())
      if (!this.#managed.has(link)) this.#giveBack(link, nameOf(link), this.#knownOriginals(link));
  }

  #setUp(link: number, name: string): ManagedLink {
    const kept = this.#knownOriginals(link);
    const found = this.settings.flatMap((setting) => {
      const value = this.port.getForLink(setting.family, name, setting.name);
      const isToChange = setting.onlyFrom === undefined ? value !== setting.value : value === setting.onlyFrom;
      return value === undefined || !isToChange ? [] : [{ setting, value }];
    });
    const isKept = ({ family, name: own }: Original) =>
      kept.some((original) => original.family === family && original.name === own);
    const news = found.map(({ setting: { family, name: own }, value }) => ({ family, name: own, value }));
    // The values that an earlier run found are the originals: those found now are its doing.
    const before = [...kept, ...news.filter((original) => !isKept(original))];
    const managed: ManagedLink = { holders: new Set(), before };
    this.#managed.set(link, managed);
    // Before anything is changed: a crash in between loses nothing.
    if (before.length > kept.length) this.originals.write(link, before);
    for (const { setting } of found) this.#set(setting.family, name, setting.name, setting.value);
    return managed;
  }
  /** Recorded originals of the settings that are made here; others in the record are left out. */
  #knownOriginals(link: number): readonly Original[] {
    return this.originals
      .read(link)
      .filter(({ family, name }) => this.settings.some((own) => own.family === family && own.name === name));
  }
  #giveBack(link: number, name: string | undefined, before: readonly Original[]): void {
    if (name !== undefined) for (const { family, name: own, value } of before) this.#set(family, name, own, value);
    this.originals.write(link, []);
  }

  #set(family: "ipv4" | "ipv6", link: string, name: string, value: number): void {
    if (this.port.setForLink(family, link, name, value)) return;
    this.log.debug(() => `${link}: ${family} ${name} could not be set to ${value}`);
  }
}
