import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { errorTable } from "../../../src/base/errors.ts";
import { introspectionXml } from "../../../src/bus/objects/introspection-xml.ts";
import { parseSignature } from "../../../src/bus/wire/signature.ts";
import { catalogue } from "../../../src/dbus/catalogue.ts";
import { InterfacesByShape } from "../../../src/dbus/interface-table.ts";
import { indexPage, referencePage } from "./reference-page.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const isUpdating = process.env.FAIRLEAD_UPDATE === "1";

/** Folder -> files that have to be in it, and no others. */
const generated: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map([
  [
    "dbus-interfaces",
    new Map(catalogue.map(({ table }) => [`${table.name}.xml`, introspectionXml([table], [], { withDocs: true })])),
  ],
  [
    "docs/properties",
    new Map([
      ["README.md", indexPage(catalogue)],
      ...catalogue.map((entry) => [`${entry.table.name}.md`, referencePage(entry)] as const),
    ]),
  ],
]);

for (const [folder, files] of generated) {
  const path = join(root, folder);
  if (isUpdating) {
    rmSync(path, { recursive: true, force: true });
    mkdirSync(path, { recursive: true });
    for (const [name, text] of files) writeFileSync(join(path, name), text);
  }
  test(`${folder}/ holds what the tables say, and nothing else`, () => {
    assert.deepEqual(readdirSync(path).sort(), [...files.keys()].sort(), "npm run generate");
    for (const [name, text] of files) {
      assert.equal(readFileSync(join(path, name), "utf8"), text, `${folder}/${name}: npm run generate`);
    }
  });
}

test("every interface table of src/dbus is in the catalogue, once", async () => {
  const folder = join(root, "src/dbus");
  const isTable = (value: unknown): value is { name: string } =>
    typeof value === "object" && value !== null && "methods" in value && "signals" in value && "doc" in value;
  const found = new Set<string>();
  for (const file of readdirSync(folder).filter((name) => name.endsWith("-interface.ts"))) {
    const name = basename(file, "-interface.ts");
    const module = (await import(`../../../src/dbus/${name}-interface.ts`)) as Record<string, unknown>;
    for (const value of Object.values(module)) {
      const table = value instanceof InterfacesByShape ? value.ofAll([]) : value;
      if (isTable(table)) found.add(table.name);
    }
  }
  assert.deepEqual(catalogue.map(({ table }) => table.name).sort(), [...found].sort());
});

test("every member has a sentence, valid types, and errors that exist", () => {
  for (const { table } of catalogue) {
    const members = [...table.methods, ...table.signals, ...(table.properties?.defs ?? [])];
    for (const [name, { doc }] of members) assert.match(doc, /^\S.*\.$/s, `${table.name}.${name} needs a sentence`);
    for (const [name, def] of table.methods) {
      for (const { signature } of [...def.in, ...def.out]) assert.equal(parseSignature(signature).length, 1, name);
      for (const code of def.errors ?? []) assert.ok(Object.hasOwn(errorTable, code), `${name}: no error ${code}`);
      assert.equal(
        def.right !== "read",
        def.errors?.includes("PermissionDenied") ?? false,
        `${table.name}.${name}: who may call it`,
      );
    }
  }
});

test("our own additions are on interfaces of our own", () => {
  const own = readdirSync(join(root, "dbus-interfaces")).map((file) => basename(file, ".xml"));
  for (const name of own)
    assert.match(name, /^org\.chromium\.flimflam\.[A-Z][A-Za-z]+$|^org\.fairlead\.[A-Z][A-Za-z]+1$/);
});
