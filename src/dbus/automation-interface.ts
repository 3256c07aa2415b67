/** Our own additions on `/`: Locations, Modifiers and policies as a whole, and the language of conditions. */
import type { WireVariant } from "../base/property.ts";
import type { Caller } from "../bus/bus.ts";
import { type Automation, automationShape } from "../policy/automation.ts";
import type { Location } from "../policy/location.ts";
import { ownerOfProfile } from "../profiles/profile.ts";
import { type AccessPolicy, hasRight } from "./access.ts";
import { args, interfaceTable, methodOf } from "./interface-table.ts";

const method = methodOf<Automation>();

const text = (value: string): WireVariant => ({ signature: "s", value });

/** A user's Location counts from now on where the caller may change the machine's settings. */
export async function agreeIfAllowed(
  location: Location,
  caller: Caller,
  access: AccessPolicy,
  what: string,
): Promise<void> {
  if (location.heldBackBecause === undefined) return;
  if (!(await hasRight(access, caller, { right: "settings", owner: "machine", what }))) return;
  location.keeper.agreeTo(location);
}

export const automationInterface = interfaceTable<Automation>({
  name: "org.fairlead.Automation1",
  doc: "Locations, Modifiers and policies: settings that follow the place.",
  properties: automationShape,
  methods: {
    CreateLocation: method({
      in: { name: "s", settings: "a{sv}" },
      out: args({ location: "o" }),
      doc:
        "Makes a Location with these properties of Location1, in the Profile that the key Profile names, else in the " +
        "topmost one. A user's is held back until an administrator agrees: as the caller, if it may change the machine's settings.",
      errors: [
        "AlreadyExists",
        "InternalError",
        "InvalidArguments",
        "InvalidProperty",
        "NotStored",
        "PermissionDenied",
      ],
      right: "settings",
      ownerOf: (automation, { settings }) => ownerOfProfile(automation.profileForLocation(settings)),
      call: async (automation, { name, settings }, caller, { access }) => {
        const location = automation.createLocation(name, settings);
        await agreeIfAllowed(location, caller, access, "org.fairlead.Automation1.CreateLocation");
        return [location.path];
      },
    }),
    CreateModifier: method({
      in: { name: "s", settings: "a{sv}" },
      out: args({ modifier: "o" }),
      doc: "Makes a Modifier with these properties of Modifier1, in the topmost Profile of the machine.",
      errors: [
        ...["AlreadyExists", "InternalError", "InvalidArguments", "InvalidProperty", "NotFound", "NotStored"],
        "PermissionDenied",
      ] as const,
      right: "settings",
      call: (automation, { name, settings }) => [automation.createModifier(name, settings).path],
    }),
    WhyLocation: {
      in: [],
      out: args({ reasons: "a{sv}" }),
      doc:
        "Chosen and Because: the active Location and its reason; RunnerUp and RunnerUpBecause: the next one (empty: none); " +
        "Others (a{ss}): conditional and held back ones that were not chosen, with the reason.",
      right: "read",
      call: (automation) => [reasonsOf(automation)],
    },
  },
});

function reasonsOf({ locations: { choice } }: Automation): ReadonlyMap<string, WireVariant> {
  return new Map<string, WireVariant>([
    ["Chosen", text(choice?.name ?? "")],
    ["Because", text(choice?.because ?? "nothing was decided yet")],
    ["RunnerUp", text(choice?.runnerUp?.name ?? "")],
    ["RunnerUpBecause", text(choice?.runnerUp?.because ?? "")],
    [
      "Others",
      { signature: "a{ss}", value: new Map((choice?.others ?? []).map(({ name, because }) => [name, because])) },
    ],
  ]);
}

export const conditionsInterface = interfaceTable<Automation>({
  name: "org.fairlead.Conditions1",
  doc: "The language of conditions: docs/locations.md.",
  methods: {
    Validate: method({
      in: { condition: "s" },
      out: args({ normal: "s" }),
      doc: "The condition in its normal form; the error names the column of the fault.",
      errors: ["InvalidArguments"],
      right: "read",
      call: (automation, { condition }) => [automation.validate(condition)],
    }),
    Evaluate: method({
      in: { condition: "s" },
      out: args({ is_true: "b", because: "s" }),
      doc: "Whether the condition holds now, and the facts of the place that decide it.",
      errors: ["InvalidArguments"],
      right: "read",
      call: (automation, { condition }) => {
        const { isTrue, because } = automation.evaluate(condition);
        return [isTrue, because];
      },
    }),
  },
});
