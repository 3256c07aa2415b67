import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { startDaemonProcess } from "../../harness/daemon.ts";
import { run } from "../../harness/namespace.ts";
import { type PrivateBus, startPrivateBus } from "../../harness/private-bus.ts";
import { tryRun } from "../../harness/processes.ts";
import { addressOf } from "./kernel-view.ts";
import { addLan, startDaemon, untilState } from "./support.ts";

interface Place {
  readonly bus: PrivateBus;
  readonly folder: string;
  readonly state: string;
  readonly args: readonly string[];
}

async function place(t: TestContext): Promise<Place> {
  const bus = await startPrivateBus();
  t.after(() => bus.remove());
  const folder = mkdtempSync(join(tmpdir(), "fairlead-start-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const state = join(folder, "state");
  const args = ["--bus-address", bus.address, "--state-dir", state, "--run-dir", join(folder, "run")];
  return { bus, folder, state, args };
}

/** Runs a daemon that must not start. */
async function failing(t: TestContext, args: readonly string[]): Promise<{ code: number | null; line: string }> {
  const process = startDaemonProcess([], args);
  t.after(() => process.end());
  const { code } = await process.waitExit(10_000);
  const lines = process.output().trimEnd().split("\n");
  assert.equal(lines.length, 1, process.output());
  return { code, line: lines[0] ?? "" };
}

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
    const { code, line } = await failing(t, args);
    assert.equal(code, 2);
    assert.match(line, names);
  });
}

test("an unknown key and a bad value in the file end it with 2, naming file and line", async (t) => {
  const { folder, args, state } = await place(t);
  const file = join(folder, "fairlead.toml");
  for (const [text, names] of [
    ['log-level = "info"\nfrobnicate = 1\n', /fairlead\.toml.*2.*frobnicate/],
    ['log-level = "loud"\n', /fairlead\.toml.*log-level.*loud/],
    ["log-level = \n", /fairlead\.toml.*1/],
  ] as const) {
    writeFileSync(file, text);
    const { code, line } = await failing(t, [...args, "--config", file]);
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

test("a state folder that cannot be written ends it with 1 and one line that names it", async (t) => {
  const { state, args } = await place(t);
  mkdirSync(state);
  run("mount", ["--bind", state, state]);
  run("mount", ["-o", "remount,bind,ro", state]);
  try {
    const { code, line } = await failing(t, args);
    assert.equal(code, 1);
    assert.ok(line.includes(state), line);
  } finally {
    run("umount", ["-l", state]);
  }
});

test("a file in place of the state folder, and of the run folder: 1 and one line that names it", async (t) => {
  const { folder, state, args } = await place(t);
  writeFileSync(state, "");
  const first = await failing(t, args);
  assert.deepEqual([first.code, first.line.includes(state)], [1, true], first.line);
  rmSync(state);
  writeFileSync(join(folder, "run"), "");
  const second = await failing(t, args);
  assert.deepEqual([second.code, second.line.includes(join(folder, "run"))], [1, true], second.line);
});

test("a full disk: a setting is refused with one clear error, nothing changes, and the network goes on", async (t) => {
  await addLan(t, "router");
  const folder = mkdtempSync(join(tmpdir(), "fairlead-full-"));
  t.after(() => tryRun("umount", ["-l", folder]));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  run("mount", ["-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", folder]);
  const daemon = await startDaemon(t, { folder });
  const { path } = await untilState(daemon, "eth0", "ready");
  run("sh", ["-c", `cat /dev/zero > ${folder}/filler 2>/dev/null || true`]);
  const set = daemon.setProperty(String(path), "Service", "UIData", "s", "x".repeat(100_000));
  await assert.rejects(set, /org\.chromium\.flimflam\.Error\.\w+: .*(full|space)/i);
  assert.equal((await daemon.properties(String(path), "Service")).UIData, "");
  assert.equal((await untilState(daemon, "eth0", "ready")).path, path);
  rmSync(join(folder, "filler"));
  await daemon.setProperty(String(path), "Service", "UIData", "s", "there is room again");
});

/** What a damaged default Profile must come to: set aside as it was, and the daemon works. */
async function startsWith(t: TestContext, content: Buffer | string): Promise<void> {
  await addLan(t, "router");
  const folder = mkdtempSync(join(tmpdir(), "fairlead-damaged-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const profiles = join(folder, "state", "profiles");
  mkdirSync(profiles, { recursive: true, mode: 0o700 });
  chmodSync(join(folder, "state"), 0o700);
  writeFileSync(join(profiles, "default.db"), content, { mode: 0o600 });
  const daemon = await startDaemon(t, { folder });
  await untilState(daemon, "eth0", "ready");
  const aside = readdirSync(profiles).filter((name) => name.includes(".corrupted"));
  assert.equal(aside.length, 1, readdirSync(profiles).join());
  assert.deepEqual(readFileSync(join(profiles, String(aside[0]))), Buffer.from(content));
  assert.match(daemon.log(), /default\.db.*\.corrupted/);
  assert.ok(addressOf("eth0"));
}

test("a damaged Profile is set aside, and the daemon works with a new one", (t) =>
  startsWith(t, Buffer.alloc(8192, "not a database ")));

test("a foreign SQLite file in place of the Profile is set aside whole", async (t) => {
  const file = join(mkdtempSync(join(tmpdir(), "fairlead-foreign-")), "foreign.db");
  const program = "import sqlite3,sys;c=sqlite3.connect(sys.argv[1]);c.execute('create table recipes(x)');c.commit()";
  run("/usr/bin/python3", ["-c", program, file]);
  await startsWith(t, readFileSync(file));
});
