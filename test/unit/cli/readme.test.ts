import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { verbs } from "../../../src/cli/verbs.ts";
import { parseCommandLine } from "../../../src/cli/words/command-line.ts";
import { parseArguments } from "../../../src/config/arguments.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const pages = [
  "README.md",
  ...readdirSync(join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];
const read = (page: string): string => readFileSync(join(root, page), "utf8");

test("every command line that the README shows is one that the programs take", () => {
  const shown = [...read("README.md").matchAll(/^(?:sudo )?(?:bin\/)?(fairleadd?) ([^#\n]*)/gm)];
  assert.ok(shown.length >= 8);
  for (const [, program, rest = ""] of shown) {
    const words = rest.trim().split(/\s+/);
    if (program === "fairlead") assert.ok(parseCommandLine(words, verbs).verb, rest);
    else assert.equal(parseArguments(words).kind, "run", rest);
  }
});

test("no page of the documentation points to a file that is not there", () => {
  for (const page of pages) {
    for (const [, target = ""] of read(page).matchAll(/\]\((?!https?:)([^)#]+)\)/g)) {
      assert.ok(existsSync(join(root, page, "..", target)), `${page}: ${target}`);
    }
  }
});

test("every source file that docs/architecture.md names is there", () => {
  const files = ["src", "test"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((name) => `/${folder}/${name}`),
  );
  for (const [, name = ""] of read("docs/architecture.md").matchAll(/`([\w/-]+\.ts)`/g)) {
    assert.ok(
      files.some((file) => file.endsWith(`/${name}`)),
      name,
    );
  }
});
