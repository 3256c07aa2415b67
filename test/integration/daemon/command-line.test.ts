import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { startDaemonProcess } from "../../harness/daemon.ts";
import { addPeer, run } from "../../harness/namespace.ts";
import { failedStart, placeFor } from "./failed-start.ts";
import { devicePaths, plugIn, startDaemon } from "./support.ts";

const fairleadd = fileURLToPath(new URL("../../../bin/fairleadd", import.meta.url));

const wrongArguments: readonly (readonly [string, readonly string[], RegExp])[] = [
  ["an unknown flag", ["--frobnicate"], /--frobnicate/],
  ["a flag without its value", ["--state-dir"], /--state-dir/],
  ["a bad value", ["--log-level", "loud"], /--log-level.*loud/],
  ["a link name that cannot be", ["--block", "eth0,a/b"], /--block.*a\/b/],
  ["a bad bus address", ["--bus-address", "carrier pigeon"], /--bus-address/],
  ["a stray word", ["start"], /start/],
  ["a missing configuration file", ["--config", "/nowhere/fairlead.toml"], /\/nowhere\/fairlead\.toml/],
];
for (const [what, args, names] of wrongArguments) {
  test(`${what} ends the daemon with 2 and one line that names it`, async (t) => {
    const { code, line } = await failedStart(t, args);
    assert.equal(code, 2);
    assert.match(line, names);
  });
}

test("an unknown key and a bad value in the file end it with 2, naming file and line", async (t) => {
  const { folder, args, state } = await placeFor(t);
  const file = join(folder, "fairlead.toml");
  for (const [text, names] of [
    ['log-level = "info"\nfrobnicate = 1\n', /fairlead\.toml.*2.*frobnicate/],
    ['log-level = "loud"\n', /fairlead\.toml.*log-level.*loud/],
    ["log-level = \n", /fairlead\.toml.*1/],
  ] as const) {
    writeFileSync(file, text);
    const { code, line } = await failedStart(t, [...args, "--config", file]);
    assert.equal(code, 2);
    assert.match(line, names);
  }
  assert.equal(existsSync(state), false);
});

test("--help and --version answer on standard output and end with 0", async (t) => {
  for (const [flag, answer] of [
    ["--help", /usage: fairleadd .*--state-dir/s],
    ["--version", /^fairleadd \d+\.\d+\.\d+\n$/],
  ] as const) {
    const process = startDaemonProcess([], [flag]);
    t.after(() => process.end());
    assert.equal((await process.waitExit()).code, 0);
    assert.match(process.output(), answer);
  }
});

test("parts of Node that take long to load wait until they are used", async (t) => {
  const { folder } = await placeFor(t);
  const told = join(folder, "loaded");
  const hook = join(folder, "hook.cjs");
  writeFileSync(
    hook,
    `process.on("exit", () => require("node:fs").writeFileSync(${JSON.stringify(told)}, process.moduleLoadList.join("\\n")));`,
  );
  run("env", [`NODE_OPTIONS=--require=${hook}`, fairleadd, "--version"]);
  const loaded = readFileSync(told, "utf8").split("\n");
  assert.ok(loaded.includes("NativeModule dgram"), "the bundle was loaded");
  const late = ["crypto", "http", "https", "tls", "dns", "dns/promises", "zlib", "worker_threads"];
  assert.deepEqual(
    late.filter((name) => loaded.includes(`NativeModule ${name}`)),
    [],
  );
});

test("settings of the file hold, and options win over them", async (t) => {
  const peer = addPeer("office");
  t.after(() => peer.remove());
  for (const link of ["eth0", "eth1"]) plugIn(t, link, peer);
  const { folder } = await placeFor(t);
  const file = join(folder, "fairlead.toml");
  writeFileSync(file, 'block = ["eth0"]\nlog-level = "debug"\n');
  const daemon = await startDaemon(t, { args: ["--config", file] });
  assert.deepEqual(await devicePaths(daemon), ["/device/eth1"]);
  await daemon.stop();
  await daemon.launch(["--block", "eth1"]);
  assert.deepEqual(await devicePaths(daemon), ["/device/eth0"]);
});
