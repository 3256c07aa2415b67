import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { technologyModules } from "../../../src/technologies/modules.ts";
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
  const { err } = await daemon.run("config", "check", "/does/not/exist");
  assert.equal(err, "fairlead: /does/not/exist cannot be read: no such file or directory\n");
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

test("import of a text without any section is refused, tells what it would remove, and needs --empty", async (t) => {
  const { run, json } = await scene(t, { modules: technologyModules });
  const folder = temporaryFolder(t);
  const [file, empty] = [join(folder, "network"), join(folder, "my empty")];
  writeFileSync(
    file,
    "config device\n option name br0\n option type bridge\n\nconfig interface lan\n option device br0\n",
  );
  for (const text of ["", "# nothing\n", "config globals\n option ula_prefix auto\n"]) {
    writeFileSync(empty, text);
    assert.match((await run("config", "import", empty)).out, /^nothing changes$/m, "nothing is lost");
    await run("config", "import", file);
    assert.deepEqual(await run("config", "import", empty), {
      code: 2,
      out: "",
      err: `fairlead: ${empty} has no interface and no device: importing it removes the whole configuration
  device br0: remove
  interface lan: remove
to do so: fairlead config import --empty '${empty}'
`,
    });
    assert.deepEqual((await json("config", "preview", file)).changes, [], "all is as it was");
    const { code, out } = await run("config", "import", "--empty", empty);
    assert.deepEqual(
      { code, out: out.split("\n").slice(0, 2) },
      { code: 0, out: ["device br0: remove", "interface lan: remove"] },
    );
  }
  const { code, err } = await run("config", "reload", "--empty");
  assert.deepEqual({ code, err: err.split("\n")[0] }, { code: 2, err: "fairlead: --empty goes with import" });
});

test("a problem of the daemon's own configuration is told as such, and not as one of standard input", async (t) => {
  const { run } = await scene(t);
  const file = join(temporaryFolder(t), "network");
  writeFileSync(file, "config interface lan\n option device eth0\n option x y\n");
  assert.match((await run("config", "import", file)).out, new RegExp(`^${file}:3:9: note: `, "m"));
  assert.match((await run("config", "reload")).out, /^the configuration:3:9: note: lan: unknown option x$/m);
});
