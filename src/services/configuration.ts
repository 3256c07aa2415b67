/** Several settings of a Service in one dictionary, as clients send them (docs/contract/shill.md, Connecting). */

import {
  isSameValue,
  type PropertyShape,
  type PropertyStore,
  type PropertyWrite,
  type WireVariant,
} from "../base/property.ts";
import { checkPropertyWrite } from "../base/property-access.ts";

export type Configuration = ReadonlyMap<string, WireVariant>;

/** Identity, not settings: they choose the Service, and are passed over where it is configured. */
const identity: ReadonlySet<string> = new Set([
  "Type",
  "Profile",
  "Mode",
  "SSID",
  "Security",
  "SecurityClass",
  "WiFi.HexSSID",
]);
/** The settings among them; the other names identify the Service. */
export const settingNames = (configuration: Configuration): readonly string[] =>
  [...configuration.keys()].filter((name) => !identity.has(name));

/** Values of other types are passed over, as in shill. */
const settingTypes: ReadonlySet<string> = new Set(["b", "i", "s", "as", "a{ss}", "aa{ss}", "a{sv}"]);
/** Values of other types match any Service, as in shill. */
const comparedTypes: ReadonlySet<string> = new Set(["b", "i", "s", "as", "a{ss}", "a{sv}"]);

/** Settings of a `configure` call: [name, a function that gives the value or refuses it]. */
export function* settingsOf<T>(
  properties: Pick<PropertyStore<T>, "shape" | "value">,
  configuration: Configuration,
): Generator<[string, () => PropertyWrite]> {
  for (const [name, variant] of configuration) {
    if (identity.has(name) || !settingTypes.has(variant.signature)) continue;
    yield [name, () => checkPropertyWrite(properties.shape, name, variant, (of) => properties.value(of))];
  }
}

/**
 * Tells whether every property that is given has exactly this value; an unknown one is no match. Made once for a search
 * through thousands: facts that depend only on the kind of object are looked up once.
 */
export function matcherOf<T extends { readonly shape: PropertyShape<T> }>(wanted: Configuration): (of: T) => boolean {
  let shape: PropertyShape<T> | undefined;
  let checks: readonly Check<T>[] | undefined;
  return (of) => {
    if (of.shape !== shape) {
      shape = of.shape;
      checks = checksFor(shape, wanted);
    }
    return checks?.every(({ get, value }) => isSameValue(get(of), value)) ?? false;
  };
}

interface Check<T> {
  get(of: T): unknown;
  readonly value: unknown;
}

/** Undefined: no object of this kind has all of them. */
function checksFor<T>(shape: PropertyShape<T>, wanted: Configuration): readonly Check<T>[] | undefined {
  const checks: Check<T>[] = [];
  for (const [name, { signature, value }] of wanted) {
    if (!comparedTypes.has(signature)) continue;
    const { get, isInternal, isSecret, signature: own } = shape.defs.get(name) ?? {};
    // Internal properties and secrets match nothing: a match would confirm a guess.
    if (!get || isInternal || isSecret || own !== signature) return undefined;
    checks.push({ get, value });
  }
  return checks;
}

/** The text of an argument; undefined when it is missing, empty, or no text. */
export function textOf(configuration: Configuration, name: string): string | undefined {
  const argument = configuration.get(name);
  return argument?.signature === "s" && argument.value !== "" ? (argument.value as string) : undefined;
}
