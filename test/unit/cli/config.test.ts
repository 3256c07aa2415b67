import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryFolder } from "../../harness/temporary-folder.ts";
import { scene } from "./daemon-scene.ts";
import { FakeDaemon } from "./fake-daemon.ts";

test("config check tells each problem with its place, needs no daemon, and fails for errors only", async (t) => {
  const daemon = await FakeDaemon.start(t);
  await daemon.vanish();
  const file = join(temporaryFolder(t), "network");
  writeFileSync(
    file,
    "config interface lan\n option proto static\n option device eth0\n option ipaddr 1.2.3\n option x y\n",
  );
  const bad = await daemon.run("config", "check", file);
  assert.deepEqual(bad, {
    code: 1,
    out: `${file}:4:9: error: lan: INVALID_ADDRESS 1.2.3\n${file}:5:9: note: lan: unknown option x\n`,
    err: "",
  });
  writeFileSync(file, "config interface lan\n option device eth0\n option x y\n");
  const noted = await daemon.run("config", "check", file, "--json");
  assert.equal(noted.code, 0);
  assert.deepEqual(JSON.parse(noted.out), {
    file,
    errors: 0,
    problems: [{ line: 3, column: 9, severity: "note", message: "lan: unknown option x" }],
  });
});

test("config without a file, with a missing one, or with an unknown word is a usage error", async (t) => {
  const daemon = await FakeDaemon.start(t);
  for (const args of [["check"], ["check", "/does/not/exist"], ["guess", "x"]]) {
    const { code, err } = await daemon.run("config", ...args);
    assert.equal(code, 2, err);
  }
});

test("import and preview of a file with an error of syntax name the file and the place", async (t) => {
  const { run } = await scene(t);
  const file = join(temporaryFolder(t), "network");
  writeFileSync(file, 'config interface lan\n option device "eth0\n');
  for (const action of ["import", "preview"]) {
    const { code, out, err } = await run("config", action, file);
    assert.deepEqual({ code, out }, { code: 1, out: "" });
    assert.equal(
      err,
      `fairlead: org.chromium.flimflam.Error.InvalidArguments: ${file}:2:16: the quote " has no end\n`,
      action,
    );
  }
});

test("a problem of the daemon's own configuration is told as such, and not as one of standard input", async (t) => {
  const { run } = await scene(t);
  const file = join(temporaryFolder(t), "network");
  writeFileSync(file, "config interface lan\n option device eth0\n option x y\n");
  assert.match((await run("config", "import", file)).out, new RegExp(`^${file}:3:9: note: `, "m"));
  assert.match((await run("config", "reload")).out, /^the configuration:3:9: note: lan: unknown option x$/m);
});
