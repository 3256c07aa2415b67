import { addressesOf, type IpAddress, type IpSettings } from "./ip-settings.ts";
import type { AddressLifetime } from "./kernel/wish.ts";
import { type DynamicSource, type EffectiveSettings, mergeSettings } from "./merge.ts";
import type { StaticIp } from "./static-ip.ts";

interface TimedSettings {
  readonly settings: IpSettings;
  readonly madeAtMs: number;
}

/** Settings of each source of one Network, and since when. */
export class NetworkSources {
  readonly #told = new Map<DynamicSource, TimedSettings>();
  #captivePortalUri: string | undefined;

  /** `undefined`: nothing any more. The same again: since when stays. */
  set(name: DynamicSource, settings: IpSettings | undefined, nowMs: number): void {
    if (settings && settings === this.#told.get(name)?.settings) return;
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
    for (const own of used) {
      const source = all.find(({ address }) => address === own.address);
      const lifetime = source && lifetimeFrom({ ...own, preferredSeconds: source.preferredSeconds }, source.madeAtMs);
      if (lifetime) found[own.address] = lifetime;
    }
    return found;
  }
  /** Of an address that the source told; undefined: for ever. */
  lifetimeOf(name: DynamicSource, own: IpAddress): AddressLifetime | undefined {
    const told = this.#told.get(name);
    return told && lifetimeFrom(own, told.madeAtMs);
  }
}

type Timed = Pick<IpAddress, "validSeconds" | "isKernels"> & { readonly preferredSeconds?: number | undefined };

function lifetimeFrom(own: Timed, madeAtMs: number): AddressLifetime | undefined {
  const { validSeconds, preferredSeconds, isKernels } = own;
  if (validSeconds === undefined || isKernels) return undefined;
  return {
    validUntilMs: madeAtMs + validSeconds * 1000,
    ...(preferredSeconds !== undefined && { preferredUntilMs: madeAtMs + preferredSeconds * 1000 }),
  };
}
