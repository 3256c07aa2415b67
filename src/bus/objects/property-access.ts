import type { AnyPropertyDef, WireVariant } from "../../base/property.ts";
import { type AnyExportedInterface, BusError, type Caller, type MarshalledReply } from "../bus.ts";
import { standardError } from "../wire/names.ts";
import { quote } from "../wire/signature.ts";
import { isReadable } from "./introspection-xml.ts";
import type { TreeObject } from "./object-tree.ts";

// biome-ignore lint/suspicious/noExplicitAny: only signature and access are read
type Def = AnyPropertyDef<any>;

/** org.freedesktop.DBus.Properties.Get. Throws {@link BusError}, as all here. */
export function getProperty(object: TreeObject, interfaceName: string, name: string): WireVariant {
  const { exported, def } = findProperty(object, interfaceName, name);
  if (!isReadable(def)) throw new BusError(standardError("AccessDenied"), `property ${name} is write-only`);
  exported.properties?.refresh?.();
  const value = exported.properties?.value(name);
  if (value === undefined) throw new BusError(standardError("UnknownProperty"), `property ${name} has no value now`);
  return { signature: def.signature as string, value };
}

export function getAllProperties(object: TreeObject, interfaceName: string): MarshalledReply {
  const { name, properties } = findInterface(object, interfaceName);
  properties?.refresh?.();
  return object.marshalledProperties(name);
}

/** A read-only one is refused before anything else happens. Throws the setter's error. */
export function setProperty(
  object: TreeObject,
  interfaceName: string,
  name: string,
  value: WireVariant,
  caller: Caller,
): void | Promise<void> {
  const { exported, def } = findProperty(object, interfaceName, name);
  const { properties } = exported;
  if (!def.set || !properties?.set) {
    throw new BusError(standardError("PropertyReadOnly"), `property ${name} is read-only`);
  }
  if (value.signature !== def.signature) {
    const types = `has type ${def.signature}, got ${quote(value.signature)}`;
    throw new BusError(standardError("InvalidArgs"), `property ${name} ${types}`);
  }
  return properties.set(name, value, caller);
}

/** An empty interface name stands for any that has the property (specification, "org.freedesktop.DBus.Properties"). */
function findProperty(object: TreeObject, interfaceName: string, name: string) {
  const candidates = interfaceName === "" ? object.interfaces : [findInterface(object, interfaceName)];
  for (const exported of candidates) {
    const def: Def | undefined = exported.properties?.defs.get(name);
    if (def && !def.isInternal) return { exported, def };
  }
  throw new BusError(standardError("UnknownProperty"), `no property ${quote(name)} on ${quote(interfaceName)}`);
}

function findInterface(object: TreeObject, name: string): AnyExportedInterface {
  const exported = object.find(name);
  if (!exported) throw new BusError(standardError("UnknownInterface"), `no interface ${quote(name)} on ${object.path}`);
  return exported;
}
