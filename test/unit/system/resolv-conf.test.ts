import assert from "node:assert/strict";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { leadsToResolved } from "../../../src/system/host-facts.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";

const texts: Readonly<Record<string, boolean>> = {
  "nameserver 127.0.0.53\noptions edns0\n": true,
  "search lan\n  nameserver   127.0.0.54 \n": true,
  "nameserver 192.0.2.53\n": false,
  "# nameserver 127.0.0.53\n": false,
  "nameserver 127.0.0.5\n": false,
  "nameserver 127.0.0.531\n": false,
  "": false,
};
for (const [text, want] of Object.entries(texts)) {
  test(`${JSON.stringify(text)} leads ${want ? "" : "not "}to systemd-resolved`, (t) => {
    const path = join(temporaryFolder(t), "resolv.conf");
    writeFileSync(path, text);
    assert.equal(leadsToResolved(path), want);
  });
}

test("no file, or a link to nowhere, leads nowhere", (t) => {
  const path = join(temporaryFolder(t), "resolv.conf");
  assert.equal(leadsToResolved(path), false);
  symlinkSync("/nowhere/resolv.conf", path);
  assert.equal(leadsToResolved(path), false);
});

test("a file that is too large for one is not read to its end", (t) => {
  const path = join(temporaryFolder(t), "resolv.conf");
  writeFileSync(path, `${"#".repeat(1_000_000)}\nnameserver 127.0.0.53\n`);
  assert.equal(leadsToResolved(path), false);
});
