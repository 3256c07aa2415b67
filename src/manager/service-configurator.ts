/** Finds, makes and configures Services for clients (docs/contract/shill.md, Connecting). */
import { DaemonError } from "../base/errors.ts";
import { isTechnologyName, type Technology } from "../base/technology.ts";
import { ownerOfProfile, type Profile } from "../profiles/profile.ts";
import type { ProfileStack } from "../profiles/profile-stack.ts";
import type { Provider } from "../providers/provider.ts";
import { type Configuration, matcherOf, settingNames, textOf } from "../services/configuration.ts";
import type { Service } from "../services/service.ts";
import type { Need } from "../services/who-decides.ts";

export interface ConfigurationHost {
  readonly profiles: ProfileStack;
  readonly serviceRegistry: {
    /** Best first. */
    readonly list: { readonly all: readonly Service[] };
    providerOf(technology: Technology): Provider | undefined;
  };
  readonly follower: {
    /** The entry of this name was written in the Profile, and not by its Service. */
    reviewEntry(entry: string, changed: Profile): void;
  };
}

export class ServiceConfigurator {
  constructor(private readonly host: ConfigurationHost) {}

  /** The best Service that has every given property with exactly this value. Throws NotFound. */
  findMatching(wanted: Configuration): Service {
    const found = this.host.serviceRegistry.list.all.find(matcherOf<Service>(wanted));
    // Clients compare this text.
    if (!found) throw new DaemonError("NotFound", "Matching service was not found");
    return found;
  }

  /** Finds or makes the Service and configures it; stored only where it belongs to a Profile already. */
  get(configuration: Configuration): Service {
    const service = this.#findOrMake(configuration);
    service.configure(configuration);
    return service;
  }

  /** As {@link get}, and stores the result in the Profile that is named, or else in the active one. */
  configure(configuration: Configuration): Service {
    const named = textOf(configuration, "Profile");
    const target = this.targetOf(configuration);
    const service = this.#findOrMake(configuration);
    if (service.profile === target) {
      this.#configureAtHome(service, target, configuration);
      return service;
    }
    const isMove = service.profile === undefined || named !== undefined;
    // The new settings are laid on the target's present entry.
    service.entry.leaveTerms(settingNames(configuration));
    if (target.has(service.storageId)) service.entry.takeSettings(target, service.terms);
    this.#configureInto(service, target, configuration);
    if (isMove) service.entry.belongTo(target);
    service.entry.agreeTo(target);
    return service;
  }

  /** Configures the entry in exactly this Profile, also where another one above it is in force. */
  configureForProfile(path: string, configuration: Configuration): Service {
    const technology = technologyOf(configuration);
    const target = this.host.profiles.byPath(path);
    if (!target) throw new DaemonError("NotFound", "Profile specified was not found");
    const named = textOf(configuration, "Profile");
    if (named !== undefined && named !== path) {
      throw new DaemonError("InvalidArguments", "Profile argument does not match that in the configuration arguments");
    }
    const service = this.#byGuid(configuration, technology) ?? this.#provider(technology).findSimilar(configuration);
    if (!service) return this.configure(new Map([...configuration, ["Profile", { signature: "s", value: path }]]));
    if (this.#isAbove(service, target)) {
      this.#configureBelow(target, technology, configuration);
      this.host.follower.reviewEntry(service.storageId, target);
      if (service.profile === target) return service;
      throw new DaemonError("NotFound", "Temporary service configured but not usable");
    }
    if (service.profile === target) this.#configureAtHome(service, target, configuration);
    else {
      service.entry.leaveTerms(settingNames(configuration));
      this.#configureInto(service, target, configuration);
      service.entry.belongTo(target);
      service.entry.agreeTo(target);
    }
    return service;
  }

  /** Consents needed for {@link get}. Throws its error when there is no such Service. */
  needsToGet(configuration: Configuration): readonly Need[] {
    const existing = this.existing(configuration);
    const owner = existing ? existing.entry.ownerOfChange(settingNames(configuration)) : "machine";
    return [{ right: "settings", owner: owner === "nobody" ? "machine" : owner }];
  }
  /** Consents needed for {@link configure}. */
  needsToConfigure(configuration: Configuration): readonly Need[] {
    return this.#needsIn(this.targetOf(configuration), configuration, this.existing(configuration));
  }
  /** Consents needed for {@link configureForProfile}. Where a Profile above has the say, nothing comes into force. */
  needsToConfigureFor(path: string, configuration: Configuration): readonly Need[] {
    const target = this.host.profiles.byPath(path);
    if (!target) return [{ right: "settings", owner: "machine" }];
    const existing = this.existing(configuration);
    return this.#needsIn(target, configuration, existing && this.#isAbove(existing, target) ? undefined : existing);
  }
  #needsIn(target: Profile, configuration: Configuration, existing: Service | undefined): readonly Need[] {
    const needs = existing?.entry.needsToConfigure(target, settingNames(configuration));
    return needs ?? [{ right: "settings", owner: ownerOfProfile(target) }];
  }
  #isAbove({ profile }: Service, target: Profile): boolean {
    return profile !== undefined && this.host.profiles.rank(profile) > this.host.profiles.rank(target);
  }

  /** The Profile that {@link configure} stores in. Throws InvalidArguments. */
  targetOf(configuration: Configuration): Profile {
    const named = textOf(configuration, "Profile");
    const target = named === undefined ? this.host.profiles.profileForNew() : this.host.profiles.byPath(named);
    if (target) return target;
    throw new DaemonError("InvalidArguments", `Invalid profile name ${(named ?? "").slice(0, 80)}`);
  }

  /**
   * The Service that would be configured; undefined: it would be made, or the configuration is refused. Makes nothing.
   */
  existing(configuration: Configuration): Service | undefined {
    const known = this.#byGuid(configuration);
    if (known) return known;
    const type = textOf(configuration, "Type") ?? "";
    return isTechnologyName(type) ? this.host.serviceRegistry.providerOf(type)?.findSimilar(configuration) : undefined;
  }

  #configureAtHome(service: Service, target: Profile, configuration: Configuration): void {
    service.entry.leaveTerms(settingNames(configuration));
    try {
      service.configure(configuration);
    } finally {
      service.entry.agreeTo(target);
    }
  }
  /** One refused setting does not keep the others from being stored. */
  #configureInto(service: Service, target: Profile, configuration: Configuration): void {
    let isStored = false;
    const store = () => {
      service.entry.saveChangeTo(target, configuration.keys());
      isStored = true;
    };
    try {
      service.configure(configuration, store);
    } finally {
      // Without a changed value the entry is still to be there.
      if (!isStored) service.entry.saveTo(target);
    }
  }
  /** Nothing that is in force changes: a Profile above this one has the say. */
  #configureBelow(target: Profile, technology: Technology, configuration: Configuration): void {
    const temporary = this.#provider(technology).makeTemporary(configuration);
    temporary.entry.load(target);
    temporary.configure(configuration);
  }

  #findOrMake(configuration: Configuration): Service {
    const known = this.#byGuid(configuration);
    if (known) return known;
    return this.#provider(technologyOf(configuration)).getService(configuration);
  }
  /** A client's own name for the Service; of this technology, where one is named. */
  #byGuid(configuration: Configuration, technology?: Technology): Service | undefined {
    const guid = textOf(configuration, "GUID");
    if (guid === undefined) return undefined;
    const found = this.host.serviceRegistry.list.all.find((service) => service.guid === guid);
    if (!found || technology === undefined || found.technology === technology) return found;
    throw new DaemonError("InvalidArguments", `Service GUID matches a service of type ${found.technology}`);
  }
  #provider(technology: Technology): Provider {
    const provider = this.host.serviceRegistry.providerOf(technology);
    if (provider) return provider;
    throw new DaemonError("TechnologyNotAvailable", `There is no support for services of type ${technology}`);
  }
}

function technologyOf(configuration: Configuration): Technology {
  const type = textOf(configuration, "Type");
  if (type === undefined) throw new DaemonError("InvalidArguments", "must specify service type");
  if (isTechnologyName(type)) return type;
  throw new DaemonError("TechnologyNotAvailable", `service type ${JSON.stringify(type.slice(0, 60))} is unsupported`);
}
