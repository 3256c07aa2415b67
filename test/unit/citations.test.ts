import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const filesOf = (folder: string): readonly string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(ts|md|[18]|conf)$/.test(name) && !`/${name}`.includes("/build/"))
    .map((name) => `${folder}/${name}`);

test("no source and no page cites a folder of specifications that a reader of the repository does not have", () => {
  const citing = [...filesOf("src"), ...filesOf("docs")].filter((file) =>
    /(?<![\w/-])spec\/|\bshill-behaviour\b|\bshill-dbus-api\b/.test(readFileSync(join(root, file), "utf8")),
  );
  assert.deepEqual(citing, []);
});

test("every page and section of docs/ that a source cites is there", () => {
  for (const file of filesOf("src")) {
    const text = readFileSync(join(root, file), "utf8").replace(/\n\s*\*\s*/g, " ");
    for (const [, page = "", section] of text.matchAll(
      /\b(docs\/[\w/-]+\.md)(?:, ([A-Z][a-z]+(?: and [a-z]+)?)(?=[).,;:]))?/g,
    )) {
      assert.ok(existsSync(join(root, page)), `${file} cites ${page}`);
      if (section === undefined || !page.startsWith("docs/contract/")) continue;
      const headings: readonly string[] = readFileSync(join(root, page), "utf8").match(/^## .*$/gm) ?? [];
      assert.ok(headings.includes(`## ${section}`), `${file} cites ${page}, ${section}`);
    }
  }
});
