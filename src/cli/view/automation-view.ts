/** Locations, Modifiers and policies as tables, as text and as JSON. */
import type { Daemon } from "../daemon.ts";
import { usageFailure } from "../failure.ts";
import { plainMap, toText } from "../text/bus-values.ts";
import { type Column, tableLines } from "../text/table.ts";
import { type Line, type Style, styled } from "../text/terminal-output.ts";
import { quoted } from "./object-names.ts";
import { flagIn, type Properties, textIn } from "./snapshot.ts";

export type AutomationKind = "Location" | "Modifier" | "Policy";
export interface AutomationObject {
  readonly path: string;
  readonly properties: Properties;
}

/** In the order of the daemon's list. */
export async function readObjects(daemon: Daemon, kind: AutomationKind): Promise<readonly AutomationObject[]> {
  const list = { Location: "Locations", Modifier: "Modifiers", Policy: "Policies" }[kind];
  const [objects, paths] = await Promise.all([daemon.objectsWith(kind), daemon.automationList(list)]);
  return paths.flatMap((path) => {
    const properties = objects.get(path);
    return properties ? [{ path, properties }] : [];
  });
}

/** Without case, as conditions name them. */
export function findObject(objects: readonly AutomationObject[], kind: AutomationKind, name: string): AutomationObject {
  const wanted = name.toLowerCase();
  const found = objects.find(({ properties }) => textIn(properties, "Name").toLowerCase() === wanted);
  const word = kind.toLowerCase();
  if (!found) throw usageFailure(`no ${word} is called ${quoted(name)}`, [`see: fairlead ${word} list`]);
  return found;
}

export const plainObject = ({ path, properties }: AutomationObject): Readonly<Record<string, unknown>> => ({
  path,
  ...Object.fromEntries(
    Object.entries(plainMap(properties)).map(([name, value]) => [name.charAt(0).toLowerCase() + name.slice(1), value]),
  ),
});

export const propertyLines = ({ properties }: AutomationObject): readonly Line[] => {
  const width = Math.max(...[...properties.keys()].map((name) => name.length));
  return [...properties].map(([name, value]) => `${name.padEnd(width)}  ${toText(name, value)}`);
};

const styles: Readonly<Record<string, Style>> = {
  online: "good",
  maintenance: "bad",
  "offline*": "warn",
  "online*": "warn",
};
const stateSpan = (state: string) => styled(state, Object.hasOwn(styles, state) ? styles[state] : undefined);

export function objectTable(
  kind: AutomationKind,
  objects: readonly AutomationObject[],
  width: number,
): readonly Line[] {
  return kind === "Policy" ? policyTable(objects, width) : activatableTable(kind, objects, width);
}
function activatableTable(kind: AutomationKind, objects: readonly AutomationObject[], width: number): readonly Line[] {
  const columns: readonly Column[] = [
    { title: kind.toUpperCase(), least: 8 },
    { title: "STATE" },
    { title: "AUX" },
    { title: "MODE" },
    { title: "BECAUSE", least: 10 },
  ];
  const rows = objects.map(({ properties }) => {
    const text = (name: string) => textIn(properties, name);
    return [
      text("Name"),
      stateSpan(text("State")),
      text("Aux"),
      text("ActivationMode"),
      text("HeldBack") || text("Because"),
    ];
  });
  return tableLines(columns, rows, width);
}
function policyTable(objects: readonly AutomationObject[], width: number): readonly Line[] {
  const columns: readonly Column[] = [{ title: "POLICY" }, { title: "USE" }, { title: "GROUP" }];
  const rows = objects.map(({ properties }) => {
    const group = properties.get("CurrentGroup")?.value;
    return [
      textIn(properties, "Name"),
      flagIn(properties, "Active") ? styled("active", "good") : "",
      typeof group === "number" && group >= 0 ? String(group) : "",
    ];
  });
  return tableLines(columns, rows, width);
}
