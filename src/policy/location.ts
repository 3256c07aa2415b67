import { DaemonError } from "../base/errors.ts";
import { familyOf } from "../base/ip-address.ts";
import { isDomainName } from "../base/names.ts";
import { PropertyShape, propertyTable } from "../base/property.ts";
import { Activatable, activationProperties, boundedList } from "./activatable.ts";
import type { AutomationHost, NameService } from "./automation-host.ts";
import { type LocationCandidate, noNet } from "./location-choice.ts";

/** After a failure it is not tried again before this: as often as conditions are checked without an event. */
const retryMs = 120_000;

/** Calls of a Location after a client's order. */
export interface LocationKeeper {
  /** A client changed a setting. */
  settingsChanged(location: Location): void;
  /** By hand. WrongState for one that is held back. */
  enable(location: Location): void;
  disable(location: Location): void;
  /** PermissionDenied for one that is built in. */
  destroy(location: Location): void;
  /** An administrator lets a user's count, now and at the next logins. */
  agreeTo(location: Location): void;
}

/** Settings of the whole machine that go with a place. */
export class Location extends Activatable {
  override readonly kind = "location";
  nameServers: readonly string[] = [];
  searchDomains: readonly string[] = [];
  filterFile = "";

  constructor(
    host: AutomationHost,
    name: string,
    /** Name servers come from the Services; it cannot be changed or destroyed. */
    readonly isBuiltIn: boolean,
    readonly keeper: LocationKeeper,
  ) {
    super(host, name);
    if (isBuiltIn) this.activationMode = "system";
  }

  override get shape(): PropertyShape<Activatable> {
    return locationShape as unknown as PropertyShape<Activatable>;
  }
  override check(): void {
    super.check();
    if (this.filterFile === "" || this.profile?.isMachine !== false) return;
    throw new DaemonError("InvalidArguments", "FilterFile is for Locations in Profiles of the machine");
  }
  protected override settingsChanged(): void {
    this.keeper.settingsChanged(this);
  }
  override save(): void {
    if (!this.isBuiltIn) super.save();
    else {
      const rows = new Map(this.isEnabled ? [["Enabled", "true"]] : []);
      this.host.profiles.profileForDevices()?.store.write(this.entry, rows);
    }
  }

  get names(): NameService {
    if (this.name === noNet) return { nameServers: [], searchDomains: [] };
    const ifAny = (list: readonly string[]) => (list.length === 0 ? undefined : list);
    return { nameServers: ifAny(this.nameServers), searchDomains: ifAny(this.searchDomains) };
  }
  get candidate(): LocationCandidate {
    return {
      name: this.name,
      isEnabled: this.isEnabled,
      conditions: this.isEnabled ? undefined : this.conditionList,
      heldBackBecause: this.heldBackBecause ?? this.conditionFault,
      failedBecause: this.#failure,
    };
  }
  get #failure(): string | undefined {
    const isRecent = this.failedAtMs !== undefined && this.host.clock.now() - this.failedAtMs < retryMs;
    return isRecent ? this.because : undefined;
  }
}

const isAddress = (text: string): boolean => familyOf(text) !== undefined;

export const locationShape = new PropertyShape<Location>({
  ...activationProperties,
  ...propertyTable<Location>()({
    FilterFile: {
      signature: "s",
      doc:
        "Absolute path of a file with the body of an nftables table (chains, sets), loaded into the table inet " +
        "fairlead_location while the Location is active. Root's alone to write. Only in Profiles of the machine.",
      get: ({ filterFile }) => filterFile,
      set: (of, value) => {
        if (value !== "" && (!value.startsWith("/") || value.length > 4096 || /\p{Cc}/u.test(value))) {
          throw new DaemonError("InvalidArguments", "FilterFile is an absolute path, or empty");
        }
        of.filterFile = value;
      },
      persist: {
        default: "",
        restore: (of, value) => {
          // However it came there: a user's Profile says nothing about packets.
          of.filterFile = of.profile?.isMachine && value.startsWith("/") ? value : "";
        },
      },
    },
    NameServers: {
      signature: "as",
      doc: "Addresses that take the place of the Services' name servers; empty: theirs are used.",
      get: ({ nameServers }) => nameServers,
      set: (of, value) => {
        of.nameServers = boundedList("NameServers", value, "IP address", isAddress);
      },
      persist: {
        default: [],
        restore: (of, value) => {
          of.nameServers = boundedList("NameServers", value, "IP address", isAddress);
        },
      },
    },
    SearchDomains: {
      signature: "as",
      doc: "Search domains that take the place of the Services'; empty: theirs are used.",
      get: ({ searchDomains }) => searchDomains,
      set: (of, value) => {
        of.searchDomains = boundedList("SearchDomains", value, "name of a domain", isDomainName);
      },
      persist: {
        default: [],
        restore: (of, value) => {
          of.searchDomains = boundedList("SearchDomains", value, "name of a domain", isDomainName);
        },
      },
    },
  }),
});
