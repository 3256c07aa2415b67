import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { sqliteStorage } from "../../../src/profiles/sqlite-storage.ts";
import { withLog } from "../../../src/profiles/write-ahead-log.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";

const rows = (value: string): ReadonlyMap<string, string> => new Map([["Name", JSON.stringify(value)]]);

/** Database and log as a daemon leaves them that was killed with `count` changes behind it. */
function killed(t: TestContext, count: number): string {
  const folder = temporaryFolder(t);
  const { store } = sqliteStorage.open(join(folder, "a.db"), "create");
  t.after(() => store.close());
  for (let at = 0; at < count; at++) store.write(`wifi_${at % 7}`, rows(`value ${at} ${"x".repeat(at * 40)}`));
  const copy = join(temporaryFolder(t), "b.db");
  for (const suffix of ["", "-wal"]) fs.copyFileSync(`${store.location}${suffix}`, `${copy}${suffix}`);
  fs.chmodSync(copy, 0o600);
  return copy;
}

for (const count of [0, 1, 20, 200]) {
  test(`after ${count} changes the settings are read as SQLite itself has them, and no file is touched`, (t) => {
    const location = killed(t, count);
    const before = fs
      .readdirSync(join(location, ".."))
      .map((name) => [name, fs.readFileSync(join(location, "..", name))]);
    const snapshot = sqliteStorage.snapshot(location);
    assert.ok(snapshot);
    const after = fs
      .readdirSync(join(location, ".."))
      .map((name) => [name, fs.readFileSync(join(location, "..", name))]);
    assert.deepEqual(after, before);
    const { store } = sqliteStorage.open(location, "open");
    const content = (of: typeof store) => of.entries().map((entry) => [entry, of.read(entry)]);
    assert.deepEqual(content(snapshot), content(store));
    snapshot.close();
    store.close();
  });
}

test("a log counts up to its first fault: what was committed before is there", (t) => {
  const location = killed(t, 6);
  const log = fs.readFileSync(`${location}-wal`);
  const database = fs.readFileSync(location);
  const whole = withLog(database, log);
  for (const at of [0, 20, 40, log.length - 100]) {
    const damaged = Buffer.from(log);
    damaged[at] = (damaged[at] ?? 0) ^ 0xff;
    const seen = withLog(database, damaged);
    assert.ok(at >= 40 ? !seen.equals(whole) : seen.equals(database), `byte ${at}`);
  }
  assert.ok(withLog(database, log.subarray(0, 10)).equals(database));
});

test("a file that is no database, a link to one, or another user's file is not read", (t) => {
  const folder = temporaryFolder(t);
  const location = join(folder, "a.db");
  assert.equal(sqliteStorage.snapshot(location), undefined);
  fs.writeFileSync(location, "garbage ".repeat(200));
  assert.equal(sqliteStorage.snapshot(location), undefined);
  fs.rmSync(location);
  fs.symlinkSync(killed(t, 1), location);
  assert.equal(sqliteStorage.snapshot(location), undefined);
  fs.rmSync(location);
  fs.mkdirSync(location);
  assert.equal(sqliteStorage.snapshot(location), undefined);
  assert.equal(sqliteStorage.snapshot(join(folder, "missing", "a.db")), undefined);
});
