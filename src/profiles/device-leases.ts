import type { Clock } from "../base/clock.ts";
import { ProfileLeaseKeeper } from "./lease-keeper.ts";
import type { ProfileStack } from "./profile-stack.ts";

/** A Device, as far as its leases are concerned. */
export interface LeaseOwner {
  /** Name of its entry in a Profile; another one after its address or name changed. */
  readonly storageId: string;
}

/** The leases of each Device, read from the Profile when the Device is prepared and not when its cable goes in. */
export class DeviceLeases {
  /** They go with their Device: cards come and go for as long as the daemon runs. */
  readonly #keepers = new WeakMap<LeaseOwner, { readonly entry: string; readonly keeper: ProfileLeaseKeeper }>();
  constructor(
    private readonly profiles: ProfileStack,
    private readonly clock: Clock,
  ) {}

  /** A lease belongs to the socket, not to the Service: Services swap identities, the server knows the address. */
  of(device: LeaseOwner): ProfileLeaseKeeper {
    const { storageId: entry } = device;
    const known = this.#keepers.get(device);
    if (known?.entry === entry) return known.keeper;
    const store = () => this.profiles.profileForDevices()?.store;
    const keeper = new ProfileLeaseKeeper({ entry, store, clock: this.clock });
    this.#keepers.set(device, { entry, keeper });
    return keeper;
  }
}
