import type { AnyPropertyDef } from "../../base/property.ts";
import type { Argument, MethodDef, SignalDef } from "../bus.ts";

/** The tables of one interface, as introspection shows them. */
export interface InterfaceTables {
  readonly name: string;
  readonly methods: ReadonlyMap<string, MethodDef>;
  readonly signals: ReadonlyMap<string, SignalDef>;
  // biome-ignore lint/suspicious/noExplicitAny: only signature, doc and access are read
  readonly properties?: { readonly defs: ReadonlyMap<string, AnyPropertyDef<any>> };
}

const doctype = `<!DOCTYPE node PUBLIC "-//freedesktop//DTD D-BUS Object Introspection 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd">
`;
const docAnnotation = "org.gtk.GDBus.DocString";
const changeAnnotation = "org.freedesktop.DBus.Property.EmitsChangedSignal";

/**
 * Introspection data (specification, "Introspection Data Format") of a node with these interfaces and child names.
 * `withDocs` adds the sentences of the tables, as gdbus-codegen reads them.
 */
export function introspectionXml(
  interfaces: Iterable<InterfaceTables>,
  children: Iterable<string> = [],
  options: { readonly withDocs?: boolean } = {},
): string {
  const withDocs = options.withDocs ?? false;
  const lines = [...interfaces].flatMap((tables) => interfaceLines(tables, withDocs));
  for (const name of children) lines.push(tag("node", { name }));
  return `${doctype}${element("node", {}, lines).join("\n")}\n`;
}

function interfaceLines({ name, methods, signals, properties }: InterfaceTables, withDocs: boolean): string[] {
  const lines: string[] = [];
  for (const [member, def] of methods) {
    const args = [...argumentLines(def.in, "in"), ...argumentLines(def.out, "out")];
    lines.push(...element("method", { name: member }, [...docLines(def.doc, withDocs), ...args]));
  }
  for (const [member, def] of signals) {
    lines.push(...element("signal", { name: member }, [...docLines(def.doc, withDocs), ...argumentLines(def.args)]));
  }
  for (const [member, def] of properties?.defs ?? []) {
    if (def.isInternal) continue;
    const attributes = { name: member, type: def.signature as string, access: accessOf(def) };
    lines.push(...element("property", attributes, [...docLines(def.doc, withDocs), ...changeLines(def)]));
  }
  return element("interface", { name }, lines);
}

const argumentLines = (args: readonly Argument[], direction?: "in" | "out"): string[] =>
  args.map(({ name, signature }) => tag("arg", { name, type: signature, ...(direction && { direction }) }));

const docLines = (doc: string, withDocs: boolean): string[] =>
  withDocs && doc !== "" ? [tag("annotation", { name: docAnnotation, value: doc })] : [];

/** Change signals carry the value, except that of a secret. */
const changeLines = (def: Access): string[] =>
  isReadable(def) ? [] : [tag("annotation", { name: changeAnnotation, value: "invalidates" })];

interface Access {
  readonly get?: unknown;
  readonly set?: unknown;
  readonly isSecret?: true;
  readonly isInternal?: true;
}

/** Whether clients may read the property. */
export const isReadable = (def: Access): boolean => def.get !== undefined && !def.isSecret && !def.isInternal;

function accessOf(def: Access): string {
  if (!isReadable(def)) return "write";
  return def.set ? "readwrite" : "read";
}

function element(name: string, attributes: Readonly<Record<string, string>>, inside: readonly string[]): string[] {
  if (inside.length === 0 && name !== "node") return [tag(name, attributes)];
  return [`<${name}${attributeText(attributes)}>`, ...inside.map((line) => `  ${line}`), `</${name}>`];
}
const tag = (name: string, attributes: Readonly<Record<string, string>>): string =>
  `<${name}${attributeText(attributes)}/>`;
const attributeText = (attributes: Readonly<Record<string, string>>): string =>
  Object.entries(attributes)
    .map(([name, value]) => ` ${name}="${escapeXml(value)}"`)
    .join("");

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\n": "&#10;",
};
const escapeXml = (text: string): string => text.replace(/[&<>"\n]/g, (character) => entities[character] as string);
