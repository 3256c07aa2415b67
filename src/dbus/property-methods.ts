/** GetProperties, SetProperty, ClearProperty and PropertyChanged, as every shill interface has them. */
import type { SignalDef } from "../bus/bus.ts";
import { args, type MethodEntry, methodOf } from "./interface-table.ts";

const changeErrors = ["InvalidArguments", "InvalidProperty", "PermissionDenied", "InternalError", "NotStored"];

export const propertyMethods = <T>() => {
  const method = methodOf<T>();
  const methods = {
    GetProperties: {
      in: [],
      out: args({ properties: "a{sv}" }),
      doc: "All properties that have a value now.",
      right: "read",
      call: (_of, _values, _caller, target) => target.marshalledProperties(),
    },
    SetProperty: method({
      in: { name: "s", value: "v" },
      out: [],
      doc: "Sets one property. The reply comes after the change is stored.",
      errors: changeErrors,
      right: "settings",
      changes: ({ name }) => [name],
      call: async (_of, { name, value }, caller, target) => {
        await target.setPropertyFor(caller, name, value);
        return undefined;
      },
    }),
  } satisfies Record<string, MethodEntry<T>>;
  return methods;
};

export const clearPropertyMethod = <T>() => {
  const method = methodOf<T>();
  const methods = {
    ClearProperty: method({
      in: { name: "s" },
      out: [],
      doc: "Puts one property back to the value it had at first.",
      errors: changeErrors,
      right: "settings",
      changes: ({ name }) => [name],
      call: (_of, { name }, _caller, target) => {
        target.clearProperty(name);
        return undefined;
      },
    }),
  } satisfies Record<string, MethodEntry<T>>;
  return methods;
};

export const propertyChanged: Readonly<Record<string, SignalDef>> = {
  PropertyChanged: { args: args({ name: "s", value: "v" }), doc: "A property has another value." },
};
