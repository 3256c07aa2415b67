/** Words of the verbs location, modifier, policy and condition, and the settings that `create` takes. */
import type { WireVariant } from "../../base/property.ts";
import { usageFailure } from "../failure.ts";
import { quoted } from "../view/object-names.ts";

type Settings = ReadonlyMap<string, WireVariant>;

/** A word before `=`: the property that it sets, and how its value is read. */
interface Word {
  readonly property: string;
  readonly read: (value: string) => WireVariant;
}
const text = (value: string): WireVariant => ({ signature: "s", value });
const list = (value: string): WireVariant => ({
  signature: "as",
  value: value.split(",").filter((item) => item !== ""),
});

const modes: Readonly<Record<string, string>> = {
  ...{ any: "conditional-any", all: "conditional-all", manual: "manual" },
  ...{ "conditional-any": "conditional-any", "conditional-all": "conditional-all" },
};
function mode(value: string): WireVariant {
  const known = Object.hasOwn(modes, value) ? modes[value] : undefined;
  if (known === undefined) throw usageFailure(`mode=${quoted(value)} is none of any, all, manual`);
  return text(known);
}

const common: Readonly<Record<string, Word>> = { mode: { property: "ActivationMode", read: mode } };
export const locationWords: Readonly<Record<string, Word>> = {
  ...common,
  dns: { property: "NameServers", read: list },
  search: { property: "SearchDomains", read: list },
  filter: { property: "FilterFile", read: text },
  profile: { property: "Profile", read: (value) => ({ signature: "o", value: profilePath(value) }) },
};
export const modifierWords: Readonly<Record<string, Word>> = {
  ...common,
  start: { property: "Start", read: text },
  stop: { property: "Stop", read: text },
};

/** `~user/name` and `name`, as the daemon writes paths. */
const profilePath = (name: string): string => `/profile/${name.replace(/^~/, "")}`;

/**
 * `condition=TEXT`, as often as there are conditions, and the words of the kind. With conditions and no mode, any of
 * them suffices. Throws a usage {@link import("../failure.ts").Failure}.
 */
export function settingsOf(words: readonly string[], known: Readonly<Record<string, Word>>): Settings {
  const settings = new Map<string, WireVariant>();
  const conditions: string[] = [];
  for (const word of words) {
    const [, key = "", value = ""] = /^([a-z-]+)=([\s\S]*)$/.exec(word) ?? [];
    const def = Object.hasOwn(known, key) ? known[key] : undefined;
    if (key === "condition") conditions.push(value);
    else if (!def)
      throw usageFailure(`${quoted(word)} is none of ${["condition", ...Object.keys(known)].join("=, ")}=`);
    else if (settings.has(def.property)) throw usageFailure(`${key}= is given twice`);
    else settings.set(def.property, def.read(value));
  }
  if (conditions.length > 0) {
    settings.set("Conditions", { signature: "as", value: conditions });
    if (!settings.has("ActivationMode")) settings.set("ActivationMode", text("conditional-any"));
  }
  return settings;
}

/** One condition, as a single word or as words that the shell has divided. */
export const conditionText = (words: readonly string[]): string =>
  words.length === 1 ? (words[0] ?? "") : words.map((word) => (/[\s"]/.test(word) ? inQuotes(word) : word)).join(" ");
const inQuotes = (word: string): string => `"${word.replaceAll(/["\\]/g, "\\$&")}"`;
