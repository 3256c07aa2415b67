import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { run } from "../../harness/namespace.ts";
import { tryRun } from "../../harness/processes.ts";
import { until } from "../../harness/until.ts";
import { addressOf } from "./kernel-view.ts";
import { addLan, startDaemon, untilState } from "./support.ts";

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

test("a full disk keeps no cable from being connected, nor the daemon from starting again", async (t) => {
  const { cable } = await addLan(t, "router", { plugged: false });
  const folder = mkdtempSync(join(tmpdir(), "fairlead-full-"));
  t.after(() => tryRun("umount", ["-l", folder]));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  run("mount", ["-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", folder]);
  const daemon = await startDaemon(t, { folder });
  run("sh", ["-c", `cat /dev/zero > ${folder}/filler 2>/dev/null || true`]);
  cable.plug();
  await untilState(daemon, "eth0", "ready");
  await daemon.stop();
  await daemon.launch();
  await untilState(daemon, "eth0", "ready");
});

/** End of a damaged default Profile: set aside as it was, and the daemon works. */
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
  await until("the log tells of it", () => /default\.db.*\.corrupted/.test(daemon.log()));
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
