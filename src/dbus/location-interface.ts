import type { PropertyShape } from "../base/property.ts";
import { type Location, locationShape } from "../policy/location.ts";
import { agreeIfAllowed } from "./automation-interface.ts";
import { interfaceTable } from "./interface-table.ts";

export const locationInterface = interfaceTable<Location>({
  name: "org.fairlead.Location1",
  doc: "Settings of the machine that go with a place; exactly one Location is active.",
  properties: locationShape as PropertyShape<Location>,
  ownerOf: ({ owner }) => owner,
  methods: {
    Enable: {
      in: [],
      out: [],
      doc: "Chooses it by hand, over all conditions, at once and at every start; another of its Profile is disabled. Needs no network.",
      errors: ["InternalError", "NotStored", "PermissionDenied", "WrongState"],
      right: "settings",
      call: async (location, _args, caller, { access }) => {
        await agreeIfAllowed(location, caller, access, "org.fairlead.Location1.Enable");
        location.keeper.enable(location);
        return undefined;
      },
    },
    Disable: {
      in: [],
      out: [],
      doc: "Takes Enable back: the conditions decide.",
      errors: ["InternalError", "NotStored", "PermissionDenied"],
      right: "settings",
      call: (location) => {
        location.keeper.disable(location);
        return undefined;
      },
    },
    Destroy: {
      in: [],
      out: [],
      doc: "Deletes it from its Profile; if it is active, another one is chosen. Not for built-in ones.",
      errors: ["InternalError", "NotStored", "PermissionDenied"],
      right: "settings",
      call: (location) => {
        location.keeper.destroy(location);
        return undefined;
      },
    },
  },
});
