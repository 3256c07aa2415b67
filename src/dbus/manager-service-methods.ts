/** Methods of the Manager that find, make and configure Services (docs/contract/shill.md, Connecting). */
import type { Manager } from "../manager/manager.ts";
import { args, type MethodEntry, methodOf } from "./interface-table.ts";

const method = methodOf<Manager>();

const properties = { properties: "a{sv}" } as const;
const service = args({ service: "o" });
const refusals = [
  "InvalidArguments",
  "InvalidProperty",
  "NotFound",
  "TechnologyNotAvailable",
  "PermissionDenied",
  "InternalError",
  "NotStored",
];

export const managerServiceMethods = {
  GetService: method({
    in: properties,
    out: service,
    doc:
      "The Service that Type, or GUID, and its technology's own arguments mean; made if there is none. The other properties " +
      "are set on it, and stored where it belongs to a Profile already.",
    errors: refusals,
    right: "settings",
    needs: ({ configurator }, { properties: configuration }) => configurator.needsToGet(configuration),
    call: ({ configurator }, { properties: configuration }) => [configurator.get(configuration).path],
  }),
  ConfigureService: method({
    in: properties,
    out: service,
    doc:
      "As GetService, and stores the result in the Profile that the property Profile names, or in the active one. Goes on " +
      "after a property that is refused; the first refusal is told.",
    errors: refusals,
    right: "settings",
    needs: ({ configurator }, { properties: configuration }) => configurator.needsToConfigure(configuration),
    call: ({ configurator }, { properties: configuration }) => [configurator.configure(configuration).path],
  }),
  ConfigureServiceForProfile: method({
    in: { profile: "o", ...properties },
    out: service,
    doc:
      "Sets what this Profile stores of a Service. NotFound when the Profile is not on the stack, and when a Profile above it " +
      "has the say: then the entry is stored, and nothing that is in force changes.",
    errors: refusals,
    right: "settings",
    needs: ({ configurator }, { profile, properties: configuration }) =>
      configurator.needsToConfigureFor(profile, configuration),
    call: ({ configurator }, { profile, properties: configuration }) => [
      configurator.configureForProfile(profile, configuration).path,
    ],
  }),
  FindMatchingService: method({
    in: properties,
    out: service,
    doc: "The best Service whose properties have all these values. NotFound when there is none.",
    errors: ["NotFound"],
    right: "read",
    call: ({ configurator }, { properties: wanted }) => [configurator.findMatching(wanted).path],
  }),
} satisfies Readonly<Record<string, MethodEntry<Manager>>>;
