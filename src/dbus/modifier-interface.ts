import type { PropertyShape } from "../base/property.ts";
import { type Modifier, modifierShape } from "../policy/modifier.ts";
import { interfaceTable } from "./interface-table.ts";

export const modifierInterface = interfaceTable<Modifier>({
  name: "org.fairlead.Modifier1",
  doc: "An external network modifier: programs that are run when it becomes active and when it ceases to be. Any number may be active.",
  properties: modifierShape as PropertyShape<Modifier>,
  ownerOf: ({ owner }) => owner,
  methods: {
    Enable: {
      in: [],
      out: [],
      doc: "Makes a manual one active, now and at every start. Answers when that is stored; State tells how it goes.",
      errors: ["InternalError", "NotStored", "PermissionDenied", "WrongState"],
      right: "settings",
      call: (modifier) => {
        modifier.keeper.switchTo(modifier, true);
        return undefined;
      },
    },
    Disable: {
      in: [],
      out: [],
      doc: "Ends a manual one; also takes it out of maintenance.",
      errors: ["InternalError", "NotStored", "PermissionDenied", "WrongState"],
      right: "settings",
      call: (modifier) => {
        modifier.keeper.switchTo(modifier, false);
        return undefined;
      },
    },
    Destroy: {
      in: [],
      out: [],
      doc: "Ends it and deletes it from its Profile.",
      errors: ["InternalError", "NotStored", "PermissionDenied"],
      right: "settings",
      call: (modifier) => {
        modifier.keeper.destroy(modifier);
        return undefined;
      },
    },
  },
});
