import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runtimes, wantedRuntimes } from "../../../scripts/runtime-versions.mjs";

const textOf = (file: string) => readFileSync(fileURLToPath(new URL(`../../../${file}`, import.meta.url)), "utf8");
const versionsOf = (some: readonly { version: string }[]) => some.map(({ version }) => version);

test("a version is named whole or by its beginning; none means all", () => {
  assert.deepEqual(wantedRuntimes([]), runtimes);
  assert.deepEqual(
    versionsOf(wantedRuntimes(["24"])),
    versionsOf(runtimes).filter((name) => name.startsWith("24.")),
  );
  assert.deepEqual(versionsOf(wantedRuntimes(versionsOf(runtimes).slice(1))), versionsOf(runtimes).slice(1));
});

test("a version that is not in the table is refused, with those that are", () => {
  for (const name of ["2", "23", "v24", "24.", "latest", ""]) {
    assert.throws(() => wantedRuntimes([name]), {
      message: new RegExp(`no Node ${name}; it has ${runtimes[0]?.version}`),
    });
  }
});

test("README names the versions that are tried, and the launcher has flags for each", () => {
  for (const version of versionsOf(runtimes)) {
    assert.ok(textOf("README.md").includes(version), version);
    assert.ok(textOf("bin/fairleadd").includes(`v${version.split(".")[0]}.*)`), version);
  }
});
