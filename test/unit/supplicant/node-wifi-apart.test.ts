import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../src/", import.meta.url));

/** All files of src/ that a program has in it, from the one that it begins with. */
function filesOf(start: string): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (file: string): void => {
    if (found.has(file)) return;
    found.add(file);
    const text = readFileSync(join(root, file), "utf8");
    for (const [, target = ""] of text.matchAll(/(?:\bfrom|\bimport\(?)\s*["'](\.[^"']*\.ts)["']/g)) {
      visit(normalize(join(dirname(file), target)));
    }
  };
  visit(start);
  return found;
}
const loadsPackage = (file: string): boolean =>
  /\b(from|import\(|require\()\s*["']node-wifi["']/.test(readFileSync(join(root, file), "utf8"));

test("node-wifi is in its own program, and in no file of the daemon", () => {
  const daemon = filesOf("main.ts");
  assert.ok(daemon.has("supplicant/node-wifi/node-wifi-child.ts"), "the walk finds the daemon's side");
  assert.deepEqual([...daemon].filter(loadsPackage), []);
  assert.deepEqual([...filesOf("supplicant/node-wifi/worker-main.ts")].filter(loadsPackage), [
    "supplicant/node-wifi/node-wifi-worker.ts",
  ]);
});
