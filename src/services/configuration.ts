/** Several settings of a Service in one dictionary, as clients send them (spec/shill-dbus-api.md, 3.1 and 1.1). */

import { isSameValue, type PropertyShape, type WireVariant } from "../base/property.ts";
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
/** Values of other types are passed over, as in shill. */
const settingTypes: ReadonlySet<string> = new Set(["b", "i", "s", "as", "a{ss}", "aa{ss}", "a{sv}"]);
/** Values of other types match any Service, as in shill. */
const comparedTypes: ReadonlySet<string> = new Set(["b", "i", "s", "as", "a{ss}", "a{sv}"]);

/** What `configure` sets: [name, what gives the value or refuses it]. */
export function* settingsOf<T>(
  shape: PropertyShape<T>,
  configuration: Configuration,
): Generator<[string, () => unknown]> {
  for (const [name, variant] of configuration) {
    if (identity.has(name) || !settingTypes.has(variant.signature)) continue;
    yield [name, () => checkPropertyWrite(shape, name, variant)];
  }
}

/** Whether every property that is given has exactly this value; an unknown one is no match. */
export function isMatch<T extends { readonly shape: PropertyShape<T> }>(of: T, wanted: Configuration): boolean {
  for (const [name, { signature, value }] of wanted) {
    if (!comparedTypes.has(signature)) continue;
    const def = of.shape.defs.get(name);
    if (!def?.get || def.isInternal || def.signature !== signature) return false;
    if (!isSameValue(def.get(of), value)) return false;
  }
  return true;
}

/** The text of an argument; undefined when it is missing, empty, or no text. */
export function textOf(configuration: Configuration, name: string): string | undefined {
  const argument = configuration.get(name);
  return argument?.signature === "s" && argument.value !== "" ? (argument.value as string) : undefined;
}
