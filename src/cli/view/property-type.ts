import type { Daemon } from "../daemon.ts";
import { Failure } from "../failure.ts";
import { type BusObject, interfaceOfKind } from "./snapshot.ts";

export interface PropertyType {
  readonly signature: string;
  /** Never readable: a secret. */
  readonly isWriteOnly: boolean;
}

/**
 * Introspection of a property of the object; undefined: the object does not have it. A property may be absent from
 * GetProperties while it has no value, or for ever.
 */
export async function propertyType(
  daemon: Daemon,
  object: BusObject,
  property: string,
): Promise<PropertyType | undefined> {
  const xml = await daemon.introspect(object.path).catch((error: unknown) => {
    if (error instanceof Failure && error.errorName !== "") return "";
    throw error;
  });
  const types = propertyTypes(xml, `org.chromium.flimflam.${interfaceOfKind[object.kind]}`);
  const current = object.properties.get(property)?.signature;
  return types.get(property) ?? (current === undefined ? undefined : { signature: current, isWriteOnly: false });
}

/** The properties of one interface in introspection data. Only text that a bus may carry comes out of it. */
export function propertyTypes(xml: string, interfaceName: string): ReadonlyMap<string, PropertyType> {
  const types = new Map<string, PropertyType>();
  const start = xml.indexOf(`<interface name="${interfaceName}">`);
  if (start < 0) return types;
  const end = xml.indexOf("</interface>", start);
  for (const [tag] of xml.slice(start, end < 0 ? undefined : end).matchAll(/<property\s[^>]*>/g)) {
    const { name, type, access } = attributesOf(tag);
    if (name && type && /^[a-z{}()]{1,255}$/.test(type))
      types.set(name, { signature: type, isWriteOnly: access === "write" });
  }
  return types;
}

const attributesOf = (tag: string): Readonly<Record<string, string>> =>
  Object.fromEntries([...tag.matchAll(/([a-z]+)="([^"]*)"/g)].map(([, name = "", value = ""]) => [name, value]));
