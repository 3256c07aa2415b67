/** The rules of SetProperty and ClearProperty, common to all objects (docs/contract/shill.md, Properties). */
import { DaemonError } from "./errors.ts";
import { isSameValue, type PropertyShape, type PropertyWrite, type WireVariant } from "./property.ts";

/** How shill names the type of the variant that was sent. */
const typeWords: Readonly<Record<string, string>> = {
  b: "a bool",
  y: "a uint8_t",
  n: "an int16_t",
  i: "an int32_t",
  o: "an rpc_identifier",
  s: "a string",
  "a{ss}": "a string map",
  "aa{ss}": "a stringmaps",
  as: "a string list",
  ay: "a byte array",
  q: "a uint16_t",
  aq: "a uint16_t list",
  u: "a uint32_t",
  t: "a uint64_t",
  "a{sv}": "a key value store",
  "aa{sv}": "a key value stores",
};

/**
 * Throws the error of shill's API for unknown names, wrong types and read-only properties. A read-only property may be
 * sent with its present value: clients send whole dictionaries back, the object's identity among the changes.
 * `present`: the value that clients see now.
 */
export function checkPropertyWrite<T>(
  shape: PropertyShape<T>,
  name: string,
  { signature, value }: WireVariant,
  present: (name: string) => unknown,
): PropertyWrite {
  const def = shape.defs.get(name);
  if (!def || def.isInternal) throw new DaemonError("InvalidProperty", `Property ${quoted(name)} does not exist.`);
  if (def.signature !== signature) {
    const words = typeWords[signature] ?? `of a type that SetProperty takes (${quoted(signature)})`;
    throw new DaemonError("InvalidArguments", `Property ${name} is not ${words}.`);
  }
  if (def.set) return { kind: "set", value };
  if (isSameValue(present(name), value)) return { kind: "unchanged" };
  throw new DaemonError("InvalidArguments", "Property is read-only");
}

export function checkPropertyClear<T>(shape: PropertyShape<T>, name: string): void {
  const def = shape.defs.get(name);
  if (!def || def.isInternal) throw new DaemonError("InvalidProperty", `Property ${quoted(name)} does not exist.`);
  if (!def.set && !def.clear) throw new DaemonError("InvalidArguments", "Property is read-only");
}

/** Clients' words in our messages: short, on one line. */
const quoted = (text: string): string =>
  (text.length > 80 ? `${text.slice(0, 77)}...` : text).replace(/[^\x20-\x7e]/g, "?");
