import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Properties } from "../../harness/daemon.ts";
import { run, tryRun } from "../../harness/processes.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";
import { startDaemon } from "../daemon/support.ts";

const fairlead = fileURLToPath(new URL("../../../bin/fairlead", import.meta.url));

test("fairlead profile: the stack, and a Profile out to text and in again", async (t) => {
  const daemon = await startDaemon(t);
  const options = ["--bus-address", daemon.bus.address];
  const profile = (...words: string[]) => run(fairlead, ["profile", ...words, ...options]);
  assert.match(
    profile("export", "default"),
    /^CheckPortalList = "ethernet,wifi,cellular"$/m,
    "read at the first start",
  );
  assert.equal(JSON.parse(profile("create", "test", "--json")).path, "/profile/test");
  profile("push", "test");
  assert.match(profile("list"), /test .*active/);
  const text = profile("export").replace("[global]", '[global]\nDHCPProperty.Hostname = "harbour"');
  const importing = `"$0" profile import test ${options.join(" ")}`;
  run("sh", ["-c", `printf '%s\\n' "$1" | ${importing}`, fairlead, text]);
  assert.equal((await daemon.manager())["DHCPProperty.Hostname"], "harbour");
  const refused = tryRun("sh", ["-c", `echo '[global] x' | ${importing}`, fairlead]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /line 1: an entry is begun by \[name\]/);
  profile("pop");
  profile("remove", "test");
  assert.equal(tryRun(fairlead, ["profile", "push", ...options]).code, 2);
  assert.equal(tryRun(fairlead, ["profile", "push", "~nobody/x", ...options]).code, 1);
});

test("an administrator imports large Profiles one after another, each over a connection of its own", async (t) => {
  const daemon = await startDaemon(t);
  const folder = temporaryFolder(t);
  const names = Array.from({ length: 40 }, (_, at) => `wifi_${at}`);
  for (const round of ["a", "b", "c"]) {
    // 7 MB, three times: more than others may send at once.
    const file = join(folder, `${round}.profile`);
    writeFileSync(
      file,
      names.map((name) => `[${name}]\nType = "wifi"\nUIData = "${round.repeat(180_000)}"\n`).join(""),
    );
    run("sh", ["-c", '"$0" profile import default --bus-address "$1" < "$2"', fairlead, daemon.bus.address, file]);
    const [entry] = await daemon.call("/profile/default", "org.chromium.flimflam.Profile", "GetEntry", "s", [
      "wifi_39",
    ]);
    assert.equal(String((entry as Properties).UIData)[0], round);
  }
});
