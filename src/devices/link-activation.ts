import type { Link, Rtnl } from "../rtnl/rtnl.ts";
import type { LinkSwitch } from "./link-switch.ts";

export interface LinkActivationHost {
  readonly rtnl: Rtnl;
  readonly linkSwitch: LinkSwitch;
  /** The network configuration's use of the link; undefined: it says nothing of it. */
  configuredUse(linkName: string): string | undefined;
  /** Why a link is left as it was found; undefined: it is ours to use. */
  leftAloneBecause(link: Link): string | undefined;
}

/** Sets a Device's link up and down, unless the link is left as it was found (docs/decisions/links-left-alone.md). */
export class LinkActivation {
  /** We set the link up, and may set it down again. */
  isSetUp = false;
  /** The request named this Device: then also a link that is left alone goes up or down. */
  isExplicitRequest = false;
  /**
   * A person connected it although it was left alone, or it was connected before another program put an address on it.
   */
  isOurs = false;

  constructor(
    private readonly host: LinkActivationHost,
    private readonly link: () => Link,
  ) {}

  /** Why the link stays as it was found until a person connects it; undefined: it is ours to use. */
  get leftAloneBecause(): string | undefined {
    const link = this.link();
    if (this.host.configuredUse(link.name) !== undefined) return undefined;
    if (link.master !== undefined) return "the link is part of another one";
    return this.isOurs ? undefined : this.host.leftAloneBecause(link);
  }
  /** It would be left alone also if it were no part of another link: the end of a container, say. */
  get isForOthers(): boolean {
    return !this.isOurs && this.host.leftAloneBecause(this.link()) !== undefined;
  }
  get #isLeftAlone(): boolean {
    return this.leftAloneBecause !== undefined;
  }

  /** Rejects with KernelError. */
  async activate(): Promise<void> {
    if (this.#isLeftAlone && !this.isExplicitRequest) return;
    this.isSetUp = true;
    await this.#setUp(true);
  }
  /** Rejects with KernelError. */
  async deactivate(): Promise<void> {
    if (this.#isLeftAlone && !this.isSetUp && !this.isExplicitRequest) return;
    this.isSetUp = false;
    await this.#setUp(false);
  }
  async #setUp(isUp: boolean): Promise<void> {
    const { index } = this.link();
    const now = this.host.rtnl.snapshot.links.get(index);
    if (now && now.isUp !== isUp) await this.host.linkSwitch.set(index, isUp);
  }
}
