import type { Clock } from "../base/clock.ts";
import type { ProfileStack } from "./profile-stack.ts";
import type { ProfileStore, StoredLease } from "./store.ts";

/** A laptop's usual places. An older network is asked afresh, which costs two packets. */
const leasesPerEntry = 16;

export interface LeaseKeeperOptions {
  /** Storage identifier of the Device, or of the network. */
  readonly entry: string;
  /** Where an entry has leases of several cards: the one meant, since a server gives each another. Default: none. */
  readonly card?: string;
  /** Asked at each call, as a Service moves between Profiles; undefined: the lease lives as long as this object. */
  store(): ProfileStore | undefined;
  readonly clock: Pick<Clock, "wallTime">;
}

/**
 * The leases of one entry, one per network, the newest 16, without those that have run out. It implements LeaseKeeper
 * of the protocol handlers' sessions. A failing store throws DaemonError, and then nothing has changed.
 */
export class ProfileLeaseKeeper {
  /** The lease that the session uses now; `forget` deletes it. */
  #current: StoredLease | undefined;
  /** The lease saved last, whether it has run out or not. */
  #newest: StoredLease | undefined;
  /** The newest that had not run out when the store was read. */
  #newestValid: StoredLease | undefined;
  #isForgotten = false;
  #readFrom: ProfileStore | undefined;

  constructor(private readonly options: LeaseKeeperOptions) {}

  /**
   * JSON of the lease saved last that has not run out; `evenExpired`: of the one saved last, since the wall clock may
   * have been set. After `forget` nothing, until the next `save`.
   */
  load({ evenExpired }: { readonly evenExpired: boolean } = { evenExpired: false }): string | undefined {
    if (this.#isForgotten) return undefined;
    const store = this.options.store();
    if (store !== this.#readFrom) this.#read(store);
    const valid = this.#newestValid && this.#isValid(this.#newestValid) ? this.#newestValid : undefined;
    this.#current = evenExpired ? this.#newest : valid;
    return this.#current?.json;
  }
  /** Once: no other program writes these leases, and a cable that goes in must not wait for the disk. */
  #read(store: ProfileStore | undefined): void {
    // The network was forgotten, or its Profile left the stack, and the lease with it.
    if (this.#readFrom && !store) this.#newest = this.#newestValid = undefined;
    this.#readFrom = store;
    const leases = store?.leases(this.options.entry).filter(({ network }) => network.startsWith(this.#prefix)) ?? [];
    this.#newest = leases[0] ?? this.#newest;
    this.#newestValid = leases.find((lease) => this.#isValid(lease)) ?? this.#newestValid;
  }

  /** `expiresAtMs`: milliseconds since 1970. `network`: tells this network from others that the Service may be in. */
  save(json: string, expiresAtMs: number, network: string): void {
    const lease: StoredLease = { entry: this.options.entry, network: this.#prefix + network, json, expiresAtMs };
    const store = this.options.store();
    if (store) this.#store(store, lease);
    this.#readFrom = store;
    this.#current = this.#newest = this.#newestValid = lease;
    this.#isForgotten = false;
  }

  /** Stores a lease that came before there was a Profile to keep it. */
  storeUnstored(): void {
    const store = this.options.store();
    if (!store || !this.#newest || this.#readFrom) return;
    this.#store(store, this.#newest);
    this.#readFrom = store;
  }

  /** The current lease is void. Those of other networks are kept. */
  forget(): void {
    const lease = this.#current;
    const store = this.options.store();
    if (lease) store?.keep(() => store.deleteLease(lease.entry, lease.network));
    this.#current = this.#newest = this.#newestValid = undefined;
    this.#isForgotten = true;
  }

  #store(store: ProfileStore, lease: StoredLease): void {
    store.keep(() => {
      store.writeLease(lease);
      store.leases(lease.entry).forEach((stored, place) => {
        if (place >= leasesPerEntry || !this.#isValid(stored)) store.deleteLease(stored.entry, stored.network);
      });
    });
  }

  get #prefix(): string {
    return this.options.card === undefined ? "" : `${this.options.card} `;
  }
  #isValid(lease: StoredLease): boolean {
    return lease.expiresAtMs > this.options.clock.wallTime();
  }
}

/** A Device, as far as its leases are concerned. */
export interface LeaseOwner {
  /** Name of its entry in a Profile; another one after its address or name changed. */
  readonly storageId: string;
}

/** A network that is known before its server answers. */
export interface LeaseNetwork {
  readonly storageId: string;
  /** Undefined: it is not stored yet, or no more. */
  readonly profile: { readonly store: ProfileStore } | undefined;
}

/** The leases of each Device, read from the Profile when the Device is prepared and not when its cable goes in. */
export class DeviceLeases {
  /** Keepers go with their Device: cards come and go for as long as the daemon runs. */
  readonly #keepers = new WeakMap<LeaseOwner, { readonly entry: string; readonly keeper: ProfileLeaseKeeper }>();
  readonly #networks = new WeakMap<LeaseNetwork, Map<string, ProfileLeaseKeeper>>();
  constructor(
    private readonly profiles: Pick<ProfileStack, "profileForDevices">,
    private readonly clock: Clock,
  ) {}

  /**
   * Without a network, a lease belongs to the socket and not to the Service: Services swap identities, the server knows
   * the address.
   */
  of(device: LeaseOwner, network?: LeaseNetwork): ProfileLeaseKeeper {
    return network ? this.#in(network, device.storageId) : this.#on(device);
  }
  #on(device: LeaseOwner): ProfileLeaseKeeper {
    const { storageId: entry } = device;
    const known = this.#keepers.get(device);
    if (known?.entry === entry) return known.keeper;
    const store = () => this.profiles.profileForDevices()?.store;
    const keeper = new ProfileLeaseKeeper({ entry, store, clock: this.clock });
    this.#keepers.set(device, { entry, keeper });
    return keeper;
  }
  /** The network is in a Profile now: its first lease may be older. */
  store(network: LeaseNetwork): void {
    for (const keeper of this.#networks.get(network)?.values() ?? []) keeper.storeUnstored();
  }
  /** Beside the network's settings: who forgets the network forgets its addresses, too. */
  #in(network: LeaseNetwork, card: string): ProfileLeaseKeeper {
    const keepers = this.#networks.get(network) ?? new Map<string, ProfileLeaseKeeper>();
    this.#networks.set(network, keepers);
    const store = () => network.profile?.store;
    const keeper =
      keepers.get(card) ?? new ProfileLeaseKeeper({ entry: network.storageId, card, store, clock: this.clock });
    keepers.set(card, keeper);
    return keeper;
  }
}
