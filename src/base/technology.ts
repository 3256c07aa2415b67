/** Technologies by their names on the bus (docs/contract/shill.md, Words). */
export const technologies = [
  "ethernet",
  "etherneteap",
  "wifi",
  "cellular",
  "vpn",
  "tunnel",
  "loopback",
  "ppp",
  "pppoe",
  "guest_interface",
  "unknown",
] as const;
export type Technology = (typeof technologies)[number];

/** Links of these become Devices on the bus. */
export const primaryTechnologies = ["ethernet", "wifi", "cellular"] as const satisfies readonly Technology[];
export type PrimaryTechnology = (typeof primaryTechnologies)[number];

export const isPrimary = (technology: Technology): technology is PrimaryTechnology =>
  (primaryTechnologies as readonly string[]).includes(technology);

/**
 * An account for PPPoE is used over a cable, and counts as one where Services are ordered, grouped, or carry others.
 */
export const countsAs = (technology: Technology): Technology => (technology === "pppoe" ? "ethernet" : technology);

/** Names a client may use; `unknown` is an answer, never a question. */
export const isTechnologyName = (name: string): name is Exclude<Technology, "unknown"> =>
  name !== "unknown" && (technologies as readonly string[]).includes(name);

/** The words of a comma list, without the blanks around them. */
export const listedWords = (text: string): readonly string[] => text.split(",").map((word) => word.trim());

/** Parses a comma list as clients and flags give it; `undefined` when a name is unknown or stands twice. */
export function parseTechnologyList(text: string): readonly Technology[] | undefined {
  if (text.trim() === "") return [];
  const names = listedWords(text);
  if (!names.every(isTechnologyName) || new Set(names).size !== names.length) return undefined;
  return names;
}

/** Used where neither the user nor a flag gave an order (docs/contract/shill.md, Order). */
export const defaultTechnologyOrder: readonly Technology[] = ["vpn", "ethernet", "wifi", "cellular"];
