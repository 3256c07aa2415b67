import type { Cancel } from "../../base/clock.ts";
import { DaemonError, describeError } from "../../base/errors.ts";
import type { DeviceConfig } from "../../config/uci/network-config.ts";
import type { ClaimableDevice, DeviceEvent, DeviceUser } from "../../devices/device-claims.ts";
import type { ProviderHost } from "../../providers/provider.ts";
import type { Link } from "../../rtnl/rtnl.ts";
import { isOwnLink, markOf, stackedKinds } from "./stacked-kinds.ts";

export type StackedHost = Pick<ProviderHost, "clock" | "log" | "rtnl" | "claims"> & {
  /** The link has an enabled Device, and is no end of a container or of a virtual machine. */
  isUsed(link: string): boolean;
};

/** A request that the kernel refused is repeated after this time, then after twice as long each. */
const firstRetryMs = 1_000;
const longestRetryMs = 60_000;

/**
 * A bridge or a VLAN of the network configuration. It is in the kernel while something that it stands on is, and holds
 * that by a claim. After each event the wish is compared with the kernel, and the difference is asked for.
 */
export class StackedLink implements DeviceUser {
  readonly name: string;
  #config: DeviceConfig;
  #isWanted = true;
  /** Ports that the configuration has named and names no longer. */
  readonly #leaving = new Set<string>();
  /** Ports that an earlier run has left in the bridge; undefined: not looked at yet. */
  #inherited: Set<string> | undefined;
  #work: Promise<void> = Promise.resolve();
  #isDue = false;
  #retryMs = firstRetryMs;
  #cancelRetry: Cancel | undefined;

  constructor(
    private readonly host: StackedHost,
    config: DeviceConfig,
  ) {
    this.name = `${config.type} ${config.name}`;
    this.#config = config;
    this.#own.addUser(this);
    this.#follow(config.below);
    this.check();
  }
  get #own(): ClaimableDevice {
    return this.host.claims.device(this.#config.name);
  }
  get #kind() {
    return stackedKinds[this.#config.type ?? ""];
  }
  #follow(below: readonly string[]): void {
    for (const lower of below) this.host.claims.device(lower).addUser(this);
  }

  takeConfig(config: DeviceConfig): void {
    for (const lower of this.#config.below) if (!config.below.includes(lower)) this.#leaving.add(lower);
    for (const lower of config.below) this.#leaving.delete(lower);
    this.#config = config;
    this.#follow(config.below);
    this.#retrySoon();
  }
  /** The section is gone: the link goes, and the links below are free. */
  retire(): void {
    this.#isWanted = false;
    this.#retrySoon();
  }
  onDeviceEvent(event: DeviceEvent): void {
    if (event === "add" || event === "remove") this.#retrySoon();
  }
  #retrySoon(): void {
    this.#retryMs = firstRetryMs;
    this.check();
  }

  /** Asking often costs nothing. */
  check(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    if (this.#isDue) return;
    this.#isDue = true;
    this.#work = this.#work.then(() => this.#attempt());
  }
  async #attempt(): Promise<void> {
    this.#isDue = false;
    try {
      await this.#review();
      this.#retryMs = firstRetryMs;
    } catch (error) {
      this.host.log.warn(`${this.name}: ${describeError(error)}`);
      this.#cancelRetry = this.host.clock.startTimer(`stacked-link ${this.#config.name}`, this.#retryMs, () =>
        this.check(),
      );
      this.#retryMs = Math.min(this.#retryMs * 2, longestRetryMs);
    }
  }

  async #review(): Promise<void> {
    await this.#letGo();
    const mayBeEmpty = this.#config.isKeptEmpty && this.#kind?.hasPorts;
    if (!this.#isWanted || !(mayBeEmpty || this.#hasSomethingBelow)) {
      await this.#unmake();
      return;
    }
    const below = this.#present();
    if (below.length === 0 && !mayBeEmpty) return;
    // Below first: a VLAN goes up only on a link that is up.
    const errors = await this.#each(below, async ({ name }) => this.host.claims.device(name).claim(this));
    const link = await this.#make(below[0]);
    await this.#letGoOfStrays(link);
    if (this.#kind?.hasPorts) errors.push(...(await this.#each(below, (port) => this.#join(port, link.index))));
    if (errors.length > 0) throw errors[0];
  }
  /** A failure with one link does not stop the others. */
  async #each(links: readonly Link[], act: (link: Link) => Promise<void>): Promise<unknown[]> {
    const errors: unknown[] = [];
    for (const link of links) await act(link).catch((error: unknown) => errors.push(error));
    return errors;
  }
  /**
   * A link of the kernel that is no Device yet, perhaps as udev is not done with it, is no reason to take down the link
   * above.
   */
  get #hasSomethingBelow(): boolean {
    return this.#config.below.some((name) => this.host.rtnl.snapshot.linkByName(name) !== undefined);
  }
  /** Links below that are there to be used. */
  #present(): readonly Link[] {
    const { snapshot } = this.host.rtnl;
    return this.#config.below.flatMap((name) => {
      const link = this.host.claims.device(name).isPresent ? snapshot.linkByName(name) : undefined;
      return link ? [link] : [];
    });
  }
  async #join(port: Link, master: number): Promise<void> {
    if (port.master === master) return;
    await this.host.rtnl.request({ op: "set-link", link: port.index, change: { master } });
    this.#own.topologyChanged();
  }

  /** A link of that name and kind that another program made is used, and never removed. */
  async #make(first: Link | undefined): Promise<Link> {
    const { name, values } = this.#config;
    let link = this.#find();
    if (link && isOwnLink(link) && link.alias !== markOf(this.#config)) {
      await this.#remove(link);
      link = undefined;
    }
    link ??= await this.#create(first);
    if (link.kind !== this.#kind?.kind) {
      throw new DaemonError("AlreadyExists", `there is a link ${name} already, which is no ${this.#config.type}`);
    }
    const { txqueuelen } = values;
    if (txqueuelen !== undefined && txqueuelen !== link.txQueueLength) {
      await this.host.rtnl.request({ op: "set-link", link: link.index, change: { txQueueLength: txqueuelen } });
    }
    return link;
  }
  #find(): Link | undefined {
    return this.host.rtnl.snapshot.linkByName(this.#config.name);
  }
  async #create(first: Link | undefined): Promise<Link> {
    const { name } = this.#config;
    const wish = this.#kind?.newLink(this.#config, first);
    if (!wish) throw new DaemonError("Failure", `${name} lacks what it stands on`);
    await this.host.rtnl.request({ op: "add-link", link: wish });
    const link = this.#find();
    if (!link) throw new DaemonError("NotFound", `${name} is gone already`);
    this.host.log.info(`${this.name}: made`);
    await this.host.rtnl.request({ op: "set-link", link: link.index, change: { alias: markOf(this.#config) } });
    return this.#find() ?? link;
  }
  async #remove({ index }: Link): Promise<void> {
    await this.host.rtnl.request({ op: "delete-link", link: index });
    this.host.log.info(`${this.name}: removed`);
  }

  async #unmake(): Promise<void> {
    const link = this.#find();
    // Retired: another section may have made a link of the same name meanwhile.
    const isOurs = link && isOwnLink(link) && (this.#isWanted || link.alias === markOf(this.#config));
    if (isOurs) await this.#remove(link);
    for (const name of this.#config.below) {
      if (this.#isWanted) await this.host.claims.device(name).release(this);
      else await this.#free(name);
    }
    if (!this.#isWanted) await this.#forget(this.#config.name);
  }
  async #letGo(): Promise<void> {
    for (const name of this.#leaving) {
      await this.#free(name);
      this.#leaving.delete(name);
    }
  }
  /**
   * Links that a section named once and no section names now leave our bridge. Ends of containers and taps of virtual
   * machines are for the program that put them there; so are links that join while we run.
   */
  async #letGoOfStrays(link: Link): Promise<void> {
    if (!this.#kind?.hasPorts || link.alias !== markOf(this.#config)) return;
    const { snapshot } = this.host.rtnl;
    if (!this.#inherited) {
      const ports = [...snapshot.links.values()].filter(({ master }) => master === link.index);
      this.#inherited = new Set(ports.map(({ name }) => name));
    }
    for (const name of this.#inherited) {
      const isNamed = this.#config.below.includes(name);
      if (!isNamed && !this.host.isUsed(name)) continue;
      this.#inherited.delete(name);
      if (isNamed) continue;
      await this.#free(name);
      this.host.log.info(`${this.name}: ${name} has left: the network configuration names it no longer`);
    }
  }
  /** A port of ours no longer. */
  async #free(name: string): Promise<void> {
    const port = this.host.rtnl.snapshot.linkByName(name);
    const link = this.#find();
    if (port && link && this.#kind?.hasPorts && port.master === link.index) {
      await this.host.rtnl.request({ op: "set-link", link: port.index, change: { master: 0 } });
    }
    await this.#forget(name);
  }
  async #forget(name: string): Promise<void> {
    await this.host.claims.device(name).removeUser(this);
    this.host.claims.collect(name);
  }
}
