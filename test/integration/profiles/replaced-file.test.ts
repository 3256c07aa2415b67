import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import Database from "better-sqlite3";
import { sqliteStorage } from "../../../src/profiles/sqlite-storage.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";

const rows = (object: Record<string, string>): ReadonlyMap<string, string> => new Map(Object.entries(object));
const files = ["", "-wal", "-shm"];
const lease = { entry: "wifi_a", network: "", json: '{"a":1}', expiresAtMs: 4e12 };

/** A file in use, with more in it than fits into SQLite's memory, a part of it in the log. */
function inUse(t: TestContext) {
  const location = join(temporaryFolder(t), "default.db");
  const told: string[] = [];
  const { store } = sqliteStorage.open(location, "create", { tell: (what) => told.push(what) });
  t.after(() => store.close());
  store.write("wifi_a", rows({ Name: '"a"', Passphrase: '"hush hush"' }));
  store.writeLease(lease);
  for (let at = 0; at < 30; at++) store.write(`wifi_${at}`, rows({ X: JSON.stringify("x".repeat(100_000)) }));
  store.scrub();
  store.write("wifi_b", rows({ Name: '"b"' }));
  return { location, store, told };
}
/** Content that a start would find. */
function found(location: string) {
  const { store, setAside } = sqliteStorage.open(location, "open");
  const content = {
    a: store.read("wifi_a"),
    b: store.read("wifi_b"),
    c: store.read("wifi_c"),
    leases: store.leases("wifi_a"),
  };
  store.close();
  return { ...content, setAside };
}
const c = rows({ Name: '"c"' });

const losses: Readonly<Record<string, [lose: (location: string) => void, told: RegExp]>> = {
  "moved away": [(location) => fs.renameSync(location, `${location}.old`), /was removed or moved away/],
  "removed with its log": [
    (location) => {
      for (const suffix of files) fs.rmSync(location + suffix);
    },
    /was removed/,
  ],
  "replaced by an empty file": [
    (location) => {
      fs.rmSync(location);
      fs.writeFileSync(location, "", { mode: 0o600 });
    },
    /was replaced by another file/,
  ],
  "replaced by something that is no database": [
    (location) => {
      fs.writeFileSync(`${location}.new`, "x".repeat(5000), { mode: 0o600 });
      fs.renameSync(`${location}.new`, location);
    },
    /was replaced by another file/,
  ],
};
for (const [what, [lose, sentence]] of Object.entries(losses)) {
  test(`a file ${what} while it is in use: all that was in it is stored again before a change is`, (t) => {
    const { location, store, told } = inUse(t);
    lose(location);
    store.write("wifi_c", c);
    assert.equal(told.length, 1);
    assert.match(told[0] ?? "", sentence);
    assert.match(told[0] ?? "", /default\.db was .*; what was in it is stored again$/);
    assert.doesNotMatch(told.join(), /hush/);
    store.close();
    const { a, b, c: stored, leases } = found(location);
    assert.deepEqual([a?.get("Passphrase"), b?.get("Name"), stored?.get("Name")], ['"hush hush"', '"b"', '"c"']);
    assert.deepEqual(leases, [lease]);
  });
}

test("a backup played back in place of the file counts, with the log that it brought, and so does what changes after it", (t) => {
  const { location, store, told } = inUse(t);
  const backup = `${location}.backup`;
  const other = sqliteStorage.open(backup, "create").store;
  other.write("wifi_a", rows({ Name: '"older"' }));
  // Not closed: the newest part stands in its log.
  fs.copyFileSync(backup, `${location}.copy`);
  fs.copyFileSync(`${backup}-wal`, `${location}.copy-wal`);
  other.close();
  for (const suffix of ["", "-wal"]) fs.renameSync(`${location}.copy${suffix}`, location + suffix);
  fs.rmSync(`${location}-shm`);
  store.transaction(() => store.write("wifi_c", c));
  assert.match(told.join(), /was replaced by another file while it was in use; the file in place is used/);
  assert.deepEqual(store.read("wifi_a"), rows({ Name: '"older"' }));
  store.close();
  const { a, b, c: stored } = found(location);
  assert.deepEqual([a?.get("Name"), b, stored?.get("Name")], ['"older"', undefined, '"c"']);
});

for (const suffix of ["", "-wal"]) {
  test(`a ${suffix ? "log" : "file"} cut to nothing while it is in use: what is told to be stored afterwards is`, (t) => {
    const { location, store, told } = inUse(t);
    fs.truncateSync(location + suffix, 0);
    store.write("wifi_c", c);
    assert.match(told.join("\n"), suffix ? /lost its log/ : /was cut/);
    store.write("wifi_b", rows({ Name: '"b2"' }));
    store.close();
    const { b, c: stored } = found(location);
    assert.deepEqual([b?.get("Name"), stored?.get("Name")], ['"b2"', '"c"']);
  });
}

test("another program that keeps to SQLite's rules is no loss: a reader, a writer, one that empties the log", (t) => {
  const { location, store, told } = inUse(t);
  const db = new Database(location);
  t.after(() => db.close());
  db.exec("UPDATE property SET json = '\"B\"' WHERE json = '\"b\"'");
  db.pragma("wal_checkpoint(TRUNCATE)");
  store.write("wifi_c", c);
  db.exec("DELETE FROM property WHERE length(json) > 1000; VACUUM");
  db.pragma("wal_checkpoint(TRUNCATE)");
  assert.deepEqual(store.read("wifi_b"), rows({ Name: '"B"' }));
  store.write("wifi_d", c);
  assert.deepEqual(
    told.filter((what) => !what.includes("was cut")),
    [],
  );
  db.close();
  store.close();
  assert.deepEqual(found(location).b, rows({ Name: '"B"' }));
});

test("a file that cannot be had again refuses changes, and has everything when it can", (t) => {
  const { location, store } = inUse(t);
  fs.renameSync(location, `${location}.old`);
  fs.mkdirSync(location);
  assert.throws(() => store.write("wifi_c", c), /not a regular file/);
  assert.throws(() => store.write("wifi_c", c), /not a regular file/);
  fs.rmdirSync(location);
  store.write("wifi_c", c);
  store.close();
  const { b, c: stored } = found(location);
  assert.deepEqual([b?.get("Name"), stored?.get("Name")], ['"b"', '"c"']);
});
