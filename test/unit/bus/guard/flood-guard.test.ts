import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const bus = fileURLToPath(new URL("../../../../src/bus/", import.meta.url));

test("the connection reaches the guards against floods through one class", () => {
  const files = readdirSync(join(bus, "session")).filter((name) => name.endsWith(".ts"));
  const imports = files.flatMap((file) =>
    [...readFileSync(join(bus, "session", file), "utf8").matchAll(/^import (.*) from "\.\.\/guard\/(.*)\.ts";$/gm)].map(
      ([, names = "", from = ""]) => ({ file, names, from }),
    ),
  );
  const classes = imports.filter(({ names }) => !names.startsWith("type "));
  assert.deepEqual(
    new Set(classes.map(({ file, from }) => `${file}: ${from}`)),
    new Set(["bus-session.ts: flood-guard"]),
  );
});
