import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = join(dirname(fileURLToPath(import.meta.url)), "../golden");

/** Compares with test/golden/<name>; with FAIRLEAD_UPDATE=1 in the environment the file is written instead. */
export function matchesGolden(name: string, text: string): void {
  const file = join(folder, name);
  const whole = `${text}\n`;
  if (process.env.FAIRLEAD_UPDATE === "1") {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, whole);
    return;
  }
  assert.equal(whole, readFileSync(file, "utf8"), `${name} differs; npm run generate rewrites it`);
}
