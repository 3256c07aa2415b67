import { DaemonError, describeError } from "../../base/errors.ts";
import type { SectionChange } from "../../config/uci/differences.ts";
import type { NetworkConfig } from "../../config/uci/network-config.ts";
import type { Device } from "../../devices/device.ts";
import type { Provider, ProviderHost } from "../../providers/provider.ts";
import type { Delta, Link } from "../../rtnl/rtnl.ts";
import type { Service } from "../../services/service.ts";
import { isOwnLink, stackedKinds } from "./stacked-kinds.ts";
import { type StackedHost, StackedLink } from "./stacked-link.ts";

/** The bridges and VLANs of the network configuration. It has no Services: a person connects interfaces. */
export class StackedProvider implements Provider {
  readonly technology = "unknown";
  readonly #links = new Map<string, StackedLink>();
  /** Names of links. */
  readonly #used = new Set<string>();
  readonly #linkHost: StackedHost;

  constructor(private readonly host: ProviderHost) {
    const { clock, log, rtnl, claims } = host;
    this.#linkHost = { clock, log, rtnl, claims, isUsed: (link) => this.#used.has(link) };
  }

  start(): void {
    this.host.rtnl.onDelta((delta) => this.#onDelta(delta));
  }
  /** Made by an earlier run, for a section that is gone since. */
  #onDelta(delta: Delta): void {
    if (delta.kind !== "link-added" || !this.#isLeftover(delta.link)) return;
    const { name, index } = delta.link;
    this.host.log.info(`${name}: removed: the network configuration names it no longer`);
    this.host.rtnl.request({ op: "delete-link", link: index }).catch((error: unknown) => {
      this.host.log.warn(`${name}: could not be removed: ${describeError(error)}`);
    });
  }

  #isLeftover(link: Link): boolean {
    return isOwnLink(link) && !this.#links.has(link.name);
  }
  isRemoving(linkName: string): boolean {
    const link = this.host.rtnl.snapshot.linkByName(linkName);
    return link !== undefined && this.#isLeftover(link);
  }

  configured({ devices }: NetworkConfig, changes: readonly SectionChange[]): void {
    for (const { kind, name } of changes) {
      if (kind !== "device") continue;
      const section = devices.get(name);
      const type = section?.type !== undefined && Object.hasOwn(stackedKinds, section.type) ? section.type : undefined;
      const known = this.#links.get(name);
      if (!section || type === undefined || (known && known.name !== `${type} ${name}`)) this.#retire(name);
      if (!section || type === undefined) continue;
      const link = this.#links.get(name);
      if (link) link.takeConfig(section);
      else this.#links.set(name, new StackedLink(this.#linkHost, section));
    }
  }
  #retire(name: string): void {
    this.#links.get(name)?.retire();
    this.#links.delete(name);
  }

  deviceEnabled({ linkName, isForOthers }: Device): void {
    if (isForOthers || this.#used.has(linkName)) return;
    this.#used.add(linkName);
    for (const link of this.#links.values()) link.check();
  }
  deviceDisabled({ linkName }: Device): void {
    this.#used.delete(linkName);
  }
  servicesOn(): readonly Service[] {
    return [];
  }
  sorted(): void {}
  findSimilar(): undefined {
    return undefined;
  }
  getService(): never {
    throw new DaemonError("NotSupported", "links of the network configuration are no Services");
  }
  makeTemporary(): never {
    return this.getService();
  }
}
