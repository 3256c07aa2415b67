import { DaemonError } from "../base/errors.ts";
import { PropertyShape, PropertyStore, propertyTable, type WireVariant } from "../base/property.ts";
import type { Manager } from "../manager/manager.ts";
import type { ManagerSettings } from "../manager/manager-settings.ts";
import { ownerOfProfile, type Profile } from "../profiles/profile.ts";
import type { Service } from "../services/service.ts";
import { args, interfaceTable, type MethodEntry, methodOf } from "./interface-table.ts";
import { propertyChanged, propertyMethods } from "./property-methods.ts";

const method = methodOf<ProfileView>();

/** A Profile as clients see it (shill's doc/profile-api.txt). */
export class ProfileView {
  #properties: PropertyStore<ProfileView> | undefined;
  constructor(
    readonly profile: Profile,
    readonly manager: Manager,
  ) {}

  get properties(): PropertyStore<ProfileView> {
    this.#properties ??= new PropertyStore<ProfileView>(this, profileShape);
    return this.#properties;
  }
  setProperty(): void {
    throw new DaemonError("InvalidArguments", "Property is read-only");
  }
  refresh(): void {
    this.properties.touchAll();
  }
}

const profileShape = new PropertyShape<ProfileView>(
  propertyTable<ProfileView>()({
    Entries: {
      signature: "as",
      doc: "Storage identifiers of the Services kept here.",
      get: ({ profile }) => profile.serviceEntries(),
    },
    Name: { signature: "s", doc: "Identifier without the user.", get: ({ profile }) => profile.name },
    Services: {
      signature: "ao",
      doc: "The visible Services if this is the active Profile, else none.",
      get: ({ profile, manager }) =>
        manager.profiles.profileForNew() === profile
          ? manager.services.all.filter((service) => service.isVisible).map((service) => service.path)
          : [],
    },
    UserHash: { signature: "s", doc: "As the login hook gave it.", get: ({ profile }) => profile.userHash },
    ArpGateway: machineSetting("b", "As on the Manager.", (settings) => settings.arpGateway),
    CheckPortalList: machineSetting("s", "As on the Manager.", (settings) => settings.checkPortalList),
    NoAutoConnectTechnologies: machineSetting(
      "s",
      "As on the Manager.",
      (settings) => settings.noAutoConnectTechnologies,
    ),
    "WiFi.GlobalFTEnabled": machineSetting("b", "As on the Manager.", (settings) => settings.isGlobalFtEnabled),
    ProhibitedTechnologies: machineSetting("s", "As on the Manager.", (settings) => settings.prohibitedTechnologies),
  }),
);

/** Profiles of the machine show the settings that they keep. */
function machineSetting<S extends "b" | "s">(
  signature: S,
  doc: string,
  get: (settings: ManagerSettings) => S extends "b" ? boolean : string,
) {
  return {
    signature,
    doc,
    get: ({ profile, manager }: ProfileView) => (profile.isMachine ? get(manager.settings.values) : undefined),
  };
}

const getEntry: MethodEntry<ProfileView> = method({
  in: { entry: "s" },
  out: args({ properties: "a{sv}" }),
  doc: "All properties of the Service that goes by this entry, also of one that is not there now. Never a secret.",
  errors: ["NotFound", "InternalError", "NotStored"],
  right: "read",
  call: ({ profile, manager }, { entry }) => [readableProperties(manager.profileEntries.serviceOf(profile, entry))],
});

const deleteEntry: MethodEntry<ProfileView> = method({
  in: { entry: "s" },
  out: [],
  doc: "Deletes an entry. The Service that goes by it takes the settings of another Profile, or is disconnected and forgotten.",
  errors: ["NotFound", "InternalError", "NotStored", "PermissionDenied"],
  right: "settings",
  call: ({ profile, manager }, { entry }) => {
    manager.profileEntries.delete(profile, entry);
    return undefined;
  },
});

/** As GetProperties would tell them. */
function readableProperties(service: Service): ReadonlyMap<string, WireVariant> {
  const readable = new Map<string, WireVariant>();
  for (const [name, { signature, get, isInternal, isSecret }] of service.properties.shape.defs) {
    const value = isInternal || isSecret ? undefined : get?.(service);
    if (value !== undefined) readable.set(name, { signature, value });
  }
  return readable;
}

export const profileInterface = interfaceTable<ProfileView>({
  name: "org.chromium.flimflam.Profile",
  doc: "Settings of one machine or one user, as a part of the Profile stack.",
  properties: profileShape,
  ownerOf: ({ profile }) => ownerOfProfile(profile),
  signals: propertyChanged,
  methods: { ...propertyMethods<ProfileView>(), GetEntry: getEntry, DeleteEntry: deleteEntry },
});
