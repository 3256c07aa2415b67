/** The page of one interface in docs/properties/, from its table. */
import { type ErrorCode, errorTable } from "../../../src/base/errors.ts";
import type { AnyPropertyDef } from "../../../src/base/property.ts";
import type { Argument } from "../../../src/bus/bus.ts";
import { isReadable } from "../../../src/bus/objects/introspection-xml.ts";
import { type Right, rights } from "../../../src/dbus/access.ts";
import type { CatalogueEntry } from "../../../src/dbus/catalogue.ts";

const generatedNote = "<!-- Made by `npm run generate` from the tables in src/; changes belong there. -->";

export function referencePage({ table, objects }: CatalogueEntry): string {
  const sections = [
    [
      `# ${table.name}`,
      "",
      generatedNote,
      "",
      table.doc,
      "",
      `Objects: ${objects.replaceAll(/\S+\/\S*|^\/$/g, quoteCode)}`,
    ],
    propertySection(table.properties?.defs ?? new Map()),
    methodSection(table.methods),
    signalSection(table.signals),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

const quoteCode = (path: string): string => path.replace(/^(\S+?)(,?)$/, "`$1`$2");

function propertySection(defs: ReadonlyMap<string, AnyPropertyDef<unknown>>): string[] {
  const rows = [...defs].filter(([, def]) => !def.isInternal).map(([name, def]) => propertyRow(name, def));
  if (rows.length === 0) return [];
  return [
    "## Properties",
    "",
    "Access: r readable, w writable. Stored: a set value survives restarts, in the Profile of the object.",
    "",
    "| name | type | access | stored | meaning |",
    "|---|---|---|---|---|",
    ...rows,
  ];
}

function propertyRow(name: string, def: AnyPropertyDef<unknown>): string {
  const access = `${isReadable(def) ? "r" : ""}${def.set ? "w" : ""}`;
  const stored = def.persist ? "yes" : "";
  return `| ${name} | \`${def.signature}\` | ${access} | ${stored} | ${cell(def.doc)} |`;
}
const cell = (text: string): string => text.replaceAll("|", "\\|");

interface Method {
  readonly in: readonly Argument[];
  readonly out: readonly Argument[];
  readonly doc: string;
  readonly errors?: readonly string[];
  readonly right: Right;
}

function methodSection(methods: ReadonlyMap<string, Method>): string[] {
  if (methods.size === 0) return [];
  return ["## Methods", ...[...methods].flatMap(([name, def]) => ["", ...methodLines(name, def)])];
}

function methodLines(name: string, def: Method): string[] {
  const result = def.out.length > 0 ? ` -> ${def.out.map(argumentText).join(", ")}` : "";
  const lines = [`### ${name}(${def.in.map(argumentText).join(", ")})${result}`, "", def.doc];
  if (def.right !== "read") lines.push("", `Right \`${def.right}\`: ${rights[def.right]}`);
  if (def.errors && def.errors.length > 0) {
    lines.push("", "Errors:", ...def.errors.map((code) => `- \`${errorTable[code as ErrorCode].busName}\``));
  }
  return lines;
}
const argumentText = ({ name, signature }: Argument): string => `${signature} ${name}`;

function signalSection(
  signals: ReadonlyMap<string, { readonly args: readonly Argument[]; readonly doc: string }>,
): string[] {
  if (signals.size === 0) return [];
  const lines = [...signals].flatMap(([name, { args, doc }]) => [
    "",
    `### ${name}(${args.map(argumentText).join(", ")})`,
    "",
    doc,
  ]);
  return ["## Signals", ...lines];
}

/** docs/properties/README.md: the list of pages. */
export function indexPage(entries: readonly CatalogueEntry[]): string {
  const lines = entries.map(
    ({ table, objects }) => `| [${table.name}](${table.name}.md) | \`${objects}\` | ${cell(table.doc)} |`,
  );
  return [
    "# Interfaces on the bus",
    "",
    generatedNote,
    "",
    "The bus name is `org.chromium.flimflam`. Every object has `org.freedesktop.DBus.Introspectable`, `.Properties`",
    "and `.Peer` as well; `/` has `.ObjectManager`. The XML of each interface is in `dbus-interfaces/`.",
    "",
    "| interface | objects | what |",
    "|---|---|---|",
    ...lines,
    "",
  ].join("\n");
}
