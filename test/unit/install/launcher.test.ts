import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { flagsFor } from "../../../scripts/launcher-flags.mjs";
import { temporaryFolder } from "../../harness/temporary-folder.ts";

const bin = fileURLToPath(new URL("../../../bin/", import.meta.url));
const launcher = join(bin, "fairleadd");
const { tooOld } = createRequire(import.meta.url)("../../../bin/launch.cjs") as {
  tooOld(version: string): string | undefined;
};
const safe = "--max-semi-space-size=1";
const majors = ["v20", "v22", "v24", "v26"];

interface FakeNode {
  readonly version: string;
  /** A word that it calls a bad option. */
  readonly refuses?: string;
}

/** A "node" that tells its version, refuses as Node does, and otherwise prints its arguments. */
const fakeNode = ({ version, refuses = "--none" }: FakeNode) => `#!/bin/sh
for word; do case $word in ${refuses}*) echo "node: bad option: $word" >&2; exit 9 ;; esac; done
for word; do case $word in --version) echo ${version}; exit ;; esac; done
echo "$@"
`;

function launch(t: Parameters<typeof temporaryFolder>[0], node: FakeNode | undefined) {
  const folder = temporaryFolder(t);
  if (node) {
    writeFileSync(join(folder, "node"), fakeNode(node));
    chmodSync(join(folder, "node"), 0o755);
  }
  const { status, stdout, stderr } = spawnSync("/bin/sh", [launcher, "--foreground", "two words"], {
    encoding: "utf8",
    env: { PATH: folder },
  });
  return { status, stdout: stdout.trim(), stderr };
}

test("each version of Node that was measured gets its own flags, and the daemon's arguments come after", (t) => {
  const lines = majors.map((major) => launch(t, { version: `${major}.1.0` }).stdout);
  for (const line of lines) {
    assert.ok(line.startsWith(`${safe} --single-threaded-gc `), line);
    assert.ok(line.endsWith(`${launcher} --foreground two words`), line);
  }
  assert.match(lines[0] ?? "", /--interrupt-budget=/);
  for (const line of lines.slice(1)) assert.doesNotMatch(line, /--interrupt-budget/);
});

test("an untried Node starts, with documented flags alone", (t) => {
  for (const version of ["v21.7.3", "v25.9.0", "v28.0.0", "v200.1.0"]) {
    const { status, stdout, stderr } = launch(t, { version, refuses: "--single-threaded-gc" });
    assert.deepEqual([status, stdout, stderr], [0, `${safe} ${launcher} --foreground two words`, ""]);
  }
});

test("a Node of a known version that was built without one of the flags starts", (t) => {
  const { status, stdout } = launch(t, { version: "v24.1.0", refuses: "--no-maglev" });
  assert.deepEqual([status, stdout], [0, `${safe} ${launcher} --foreground two words`]);
});

test("without Node, and with one that cannot start, there is one line and no daemon", (t) => {
  const missing = launch(t, undefined);
  assert.deepEqual([missing.status, missing.stdout], [1, ""]);
  assert.match(missing.stderr, /^fairleadd: there is no node in PATH; .*needed\n$/);
  const broken = launch(t, { version: "v24.1.0", refuses: "--version" });
  assert.deepEqual([broken.status, broken.stdout, broken.stderr], [9, "", "node: bad option: --version\n"]);
});

test("the code cache is recorded with the flags that the launcher passes", (t) => {
  const text = readFileSync(launcher, "utf8");
  for (const version of ["v20.19.0", "v22.23.5", "v24.1.0", "v26.12.1", "v27.0.0"]) {
    const { stdout } = launch(t, { version });
    assert.equal([...flagsFor(text, version, () => true), `${launcher} --foreground two words`].join(" "), stdout);
  }
  assert.deepEqual(
    flagsFor(text, "v24.1.0", () => false),
    [safe],
  );
  for (const program of ["fairlead", "fairlead-wait-online", "fairlead-helper"]) {
    assert.deepEqual(
      flagsFor(readFileSync(join(bin, program), "utf8"), "v24.1.0", () => true),
      [safe],
    );
  }
});

test("the launcher is found through links, and by the real Node", (t) => {
  const link = join(temporaryFolder(t), "fairleadd");
  symlinkSync(launcher, link);
  const { stderr, stdout } = spawnSync(link, ["--no-such-option"], { encoding: "utf8" });
  assert.equal(stdout, "");
  // Built or not: it is the program that answers.
  assert.match(stderr, /^fairleadd: (not built yet|.*--no-such-option)/);
});

test("a Node that is too old is told so in one sentence, as package.json has it", () => {
  const { engines } = JSON.parse(readFileSync(join(bin, "../package.json"), "utf8"));
  assert.equal(engines.node, ">=20.19");
  for (const version of ["18.20.4", "20.18.3", "0.12.0"]) {
    assert.equal(tooOld(version), `Node 20.19 or newer is needed; this is ${version}`);
  }
  for (const version of ["20.19.0", "20.20.2", "22.0.0", "24.22.3", "26.12.1", "30.0.0-nightly"]) {
    assert.equal(tooOld(version), undefined);
  }
});
