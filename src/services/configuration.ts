/** Several settings of a Service in one dictionary, as clients send them (spec/shill-dbus-api.md, 3.1 and 1.1). */

import { isSameValue, type WireVariant } from "../base/property.ts";
import { checkPropertyWrite } from "../base/property-access.ts";
import type { Service } from "./service.ts";

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
export function* settingsOf(service: Service, configuration: Configuration): Generator<[string, () => unknown]> {
  for (const [name, variant] of configuration) {
    if (identity.has(name) || !settingTypes.has(variant.signature)) continue;
    yield [name, () => checkPropertyWrite(service.shape, name, variant)];
  }
}

/** Whether every property that is given has exactly this value; an unknown one is no match. */
export function isMatch(service: Service, wanted: Configuration): boolean {
  for (const [name, { signature, value }] of wanted) {
    if (!comparedTypes.has(signature)) continue;
    const def = service.shape.defs.get(name);
    if (!def?.get || def.isInternal || def.signature !== signature) return false;
    if (!isSameValue(def.get(service), value)) return false;
  }
  return true;
}

/** The text of an argument; undefined when it is missing, empty, or no text. */
export function textOf(configuration: Configuration, name: string): string | undefined {
  const argument = configuration.get(name);
  return argument?.signature === "s" && argument.value !== "" ? (argument.value as string) : undefined;
}
