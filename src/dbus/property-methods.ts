/** GetProperties, SetProperty, ClearProperty and PropertyChanged, as every shill interface has them. */
import type { WireVariant } from "../base/property.ts";
import type { SignalDef } from "../bus/bus.ts";
import { args, type MethodEntry } from "./interface-table.ts";

const changeErrors = ["InvalidArguments", "InvalidProperty", "PermissionDenied", "InternalError", "NotStored"];

export const propertyMethods = <T>() => {
  const methods = {
    GetProperties: {
      in: [],
      out: args({ properties: "a{sv}" }),
      doc: "All properties that have a value now.",
      right: "read",
      call: (_of, _values, _caller, target) => target.marshalledProperties(),
    },
    SetProperty: {
      in: args({ name: "s", value: "v" }),
      out: [],
      doc: "Sets one property. The reply comes after the change is stored.",
      errors: changeErrors,
      right: "settings",
      changes: ([name]) => [name as string],
      call: async (_of, [name, value], caller, target) => {
        await target.setPropertyFor(caller, name as string, value as WireVariant);
        return undefined;
      },
    },
  } satisfies Record<string, MethodEntry<T>>;
  return methods;
};

export const clearPropertyMethod = <T>() => {
  const methods = {
    ClearProperty: {
      in: args({ name: "s" }),
      out: [],
      doc: "Puts one property back to the value it had at first.",
      errors: changeErrors,
      right: "settings",
      changes: ([name]) => [name as string],
      call: (_of, [name], _caller, target) => {
        target.clearProperty(name as string);
        return undefined;
      },
    },
  } satisfies Record<string, MethodEntry<T>>;
  return methods;
};

export const propertyChanged: Readonly<Record<string, SignalDef>> = {
  PropertyChanged: { args: args({ name: "s", value: "v" }), doc: "A property has another value." },
};
