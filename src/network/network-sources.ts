import { addressesOf, type IpSettings } from "./ip-settings.ts";
import type { AddressLifetime } from "./kernel/wish.ts";
import { type DynamicSource, type EffectiveSettings, mergeSettings } from "./merge.ts";
import type { StaticIp } from "./static-ip.ts";

interface TimedSettings {
  readonly settings: IpSettings;
  readonly madeAtMs: number;
}

/** What the sources of one Network say at the moment, and since when. */
export class NetworkSources {
  readonly #told = new Map<DynamicSource, TimedSettings>();
  #captivePortalUri: string | undefined;

  /** `undefined`: nothing any more. */
  set(name: DynamicSource, settings: IpSettings | undefined, nowMs: number): void {
    if (settings) this.#told.set(name, { settings, madeAtMs: nowMs });
    else this.#told.delete(name);
  }
  get(name: DynamicSource): IpSettings | undefined {
    return this.#told.get(name)?.settings;
  }
  has(...names: readonly DynamicSource[]): boolean {
    return names.some((name) => this.#told.has(name));
  }
  clear(): void {
    this.#told.clear();
    this.#captivePortalUri = undefined;
  }

  merge(fixed: StaticIp): EffectiveSettings {
    const told = Object.fromEntries([...this.#told].map(([name, { settings }]) => [name, settings]));
    const merged = mergeSettings({ ...told, static: fixed }, this.#captivePortalUri);
    this.#captivePortalUri = merged.captivePortalUri;
    return merged;
  }
  /** When the addresses among the merged ones end, by the source that they came from. */
  lifetimes({ ipv4, ipv6 }: EffectiveSettings): { readonly [address: string]: AddressLifetime } {
    const used = new Set([...addressesOf(ipv4), ...addressesOf(ipv6)]);
    const all = [...this.#told.values()].flatMap(({ settings, madeAtMs }) =>
      [...addressesOf(settings.ipv4), ...addressesOf(settings.ipv6)].map((own) => ({ ...own, madeAtMs })),
    );
    const found: { [address: string]: AddressLifetime } = {};
    for (const { address, validSeconds, isKernels } of used) {
      const source = all.find((own) => own.address === address);
      if (validSeconds === undefined || isKernels || !source) continue;
      found[address] = {
        validUntilMs: source.madeAtMs + validSeconds * 1000,
        ...(source.preferredSeconds !== undefined && {
          preferredUntilMs: source.madeAtMs + source.preferredSeconds * 1000,
        }),
      };
    }
    return found;
  }
}
