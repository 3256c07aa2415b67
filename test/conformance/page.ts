/** docs/conformance.md: each row of the contract with its counterpart here and the tests that show it. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isReadable } from "../../src/bus/objects/introspection-xml.ts";
import { catalogue } from "../../src/dbus/catalogue.ts";
import { type ContractRow, contract } from "./contract.ts";

/** The daemon's own table of a row; undefined: absent. */
export function presence(interfaceName: string, row: ContractRow): { readonly access: string } | undefined {
  const table = tableOf(interfaceName);
  if (row.kind === "method") return table?.methods.has(row.name) ? { access: "" } : undefined;
  if (row.kind === "signal") return table?.signals.has(row.name) ? { access: "" } : undefined;
  const def = table?.properties?.defs.get(row.name);
  if (!def || def.isInternal || def.signature !== row.signature) return undefined;
  return { access: `${isReadable(def) ? "r" : ""}${def.set ? "w" : ""}` };
}
const tableOf = (heading: string) =>
  catalogue.find(({ table: { name } }) => name === `org.chromium.flimflam.${heading.split(" ", 1)[0]}`)?.table;

/** The test that asks the real daemon for every property: type, access, and refusals of SetProperty. */
const everyProperty = "test/integration/daemon/contract.test.ts";

const testFiles = (root: string): ReadonlyMap<string, string> => {
  const inside = (folder: string) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => /\.(test\.ts|py)$/.test(name))
      .map((name) => `${folder}/${name}`);
  const names = [...inside("test/integration"), ...inside("test/unit/manager"), ...inside("test/unit/dbus")].sort();
  return new Map(names.map((name) => [name, readFileSync(join(root, name), "utf8")]));
};

/** Objects that this machine has only while there is a modem, and the test that asks for theirs. */
const askedElsewhere: ReadonlyMap<string, string> = new Map(
  ["Device of a modem", "Service of a SIM"].map((heading) => [heading, "test/integration/daemon/cellular.test.ts"]),
);

/** Files that name the member as a word of its own; those on the real bus first. */
export function testsOf(root: string): (row: ContractRow, heading?: string) => readonly string[] {
  const files = testFiles(root);
  return ({ kind, name }, heading = "") => {
    const word = new RegExp(`["'.]${name.replaceAll(".", "\\.")}["'(]`);
    const naming = [...files]
      .filter(([file, text]) => (kind === "method" || file !== everyProperty) && word.test(text))
      .map(([file]) => file);
    const real = naming.filter((file) => file.startsWith("test/integration/"));
    const best = (real.length > 0 ? real : naming).slice(0, 2);
    const elsewhere = askedElsewhere.get(heading);
    if (elsewhere !== undefined) return [elsewhere];
    return kind === "method" ? best : [everyProperty, ...best.slice(0, 1)];
  };
}

export function conformancePage(root: string): string {
  const tests = testsOf(root);
  const sections = [...contract].map(([name, rows]) => {
    const table = rows.map((row) => {
      const here = presence(name, row);
      const stands = here ? (row.isKeptOnly ? "kept only" : "yes") : row.mark === "L" ? "not yet" : "no";
      const shown = here ? tests(row, name).map((file) => `\`${file.replace(/^test\//, "")}\``) : [];
      const what = row.kind === "property" ? `\`${row.name}\` ${row.signature}` : `\`${row.name}\``;
      const cells = [what, row.kind, row.mark, stands, shown.join(", "), row.remark ?? ""];
      return `| ${cells.join(" | ")} |`;
    });
    return `## ${name}\n\n| member | kind | mark | here | tests | remark |\n|---|---|---|---|---|---|\n${table.join("\n")}\n`;
  });
  return `# Conformance to shill's D-Bus API

Clients written for shill rely on the members below. C: every connection manager has to have it; X: an oddity of ChromeOS,
as far as it makes sense elsewhere; L: comes with its technology (VPN, cellular, tethering). Members of wireless
Services and Devices are not listed: they are in docs/properties. A read-only property may be set to the value that it has, also in
dictionaries: shill allows it for those that it keeps as plain variables, here it holds for all. Kept only:
clients can set it and read it back, and nothing follows from it yet. Paths of tests are relative to \`test/\`.
This page is made by \`npm run generate\`.

${sections.join("\n")}`;
}
