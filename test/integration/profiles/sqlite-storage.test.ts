import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import Database from "better-sqlite3";
import { DaemonError } from "../../../src/base/errors.ts";
import { sqliteStorage } from "../../../src/profiles/sqlite-storage.ts";
import type { OpenedStore } from "../../../src/profiles/store.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";

const rows = (object: Record<string, string>): ReadonlyMap<string, string> => new Map(Object.entries(object));
const modeOf = (path: string): string => (fs.lstatSync(path).mode & 0o7777).toString(8);
const fresh = (t: TestContext): string => join(temporaryFolder(t), "default.db");

function open(t: TestContext, location: string): OpenedStore {
  const opened = sqliteStorage.open(location, "open-or-create");
  t.after(() => opened.store.close());
  return opened;
}

/** A closed file with one entry. */
function makeFile(location: string, content = rows({ Name: '"home"' })): void {
  const { store } = sqliteStorage.open(location, "create");
  store.write("wifi_a", content);
  store.close();
}

function refused(location: string, message: RegExp): void {
  assert.throws(
    () => sqliteStorage.open(location, "open-or-create"),
    (error) => error instanceof DaemonError && error.code === "InternalError" && message.test(error.message),
  );
}

/** Names and contents, so that "nothing has changed" can be shown. */
const snapshot = (folder: string): Record<string, string> =>
  Object.fromEntries(
    fs.readdirSync(folder).map((name) => {
      const path = join(folder, name);
      const status = fs.lstatSync(path);
      return [name, status.isFile() ? `${status.mode} ${fs.readFileSync(path, "latin1")}` : `${status.mode}`];
    }),
  );

test("the file and its companions are for the owner only, under any umask", (t) => {
  for (const umask of [0o000, 0o077, 0o277]) {
    const location = fresh(t);
    const before = process.umask(umask);
    try {
      const { store } = open(t, location);
      store.write("wifi_a", rows({ Passphrase: '"secret"' }));
      for (const suffix of ["", "-wal", "-shm"]) assert.equal(modeOf(location + suffix), "600", suffix);
    } finally {
      process.umask(before);
    }
  }
});

test("a new folder for Profiles is for the owner only, under any umask", (t) => {
  const folder = join(temporaryFolder(t), "state", "profiles");
  const before = process.umask(0o000);
  try {
    sqliteStorage.ensureFolder(folder);
    sqliteStorage.ensureFolder(folder);
  } finally {
    process.umask(before);
  }
  assert.equal(modeOf(folder), "700");
});

test("a file that others may read loses their rights", (t) => {
  const location = fresh(t);
  makeFile(location);
  fs.chmodSync(location, 0o644);
  const { store } = open(t, location);
  assert.equal(modeOf(location), "600");
  assert.deepEqual(store.entries(), ["wifi_a"]);
});

test("the settings that keep content safe are on", (t) => {
  const { store } = open(t, fresh(t));
  store.write("wifi_a", rows({}));
  const db = (store as unknown as { store: { db: Database.Database } }).store.db;
  const pragma = (name: string) => db.pragma(name, { simple: true });
  assert.equal(pragma("journal_mode"), "wal");
  assert.equal(pragma("synchronous"), 2);
  assert.equal(pragma("secure_delete"), 1);
  assert.equal(pragma("trusted_schema"), 0);
  assert.equal(pragma("foreign_keys"), 1);
  assert.equal(pragma("busy_timeout"), 200);
});

test("a deleted passphrase is nowhere in the files, at once", (t) => {
  const location = fresh(t);
  const { store } = open(t, location);
  store.write("wifi_a", rows({ Passphrase: '"correct horse battery"' }));
  const content = () => fs.readdirSync(join(location, "..")).map((name) => fs.readFileSync(join(location, "..", name)));
  assert.ok(content().some((bytes) => bytes.includes("correct horse")));
  store.delete("wifi_a");
  assert.ok(!content().some((bytes) => bytes.includes("correct horse")));
});

test("a replaced passphrase is nowhere in the files after scrub, also when asked for inside a transaction", (t) => {
  const location = fresh(t);
  const { store } = open(t, location);
  const content = () => fs.readdirSync(join(location, "..")).map((name) => fs.readFileSync(join(location, "..", name)));
  store.write("wifi_a", rows({ Passphrase: '"first secret"' }));
  store.write("wifi_a", rows({ Passphrase: '"second secret"' }));
  store.scrub();
  assert.ok(!content().some((bytes) => bytes.includes("first secret")));
  store.transaction(() => {
    store.write("wifi_a", rows({ Passphrase: '"third secret"' }));
    store.scrub();
  });
  assert.ok(!content().some((bytes) => bytes.includes("second secret")));
  store.write("wifi_a", rows({}));
  store.close();
  assert.ok(!content().some((bytes) => bytes.includes("third secret")));
});

test("closing leaves one file, without companions", (t) => {
  const location = fresh(t);
  makeFile(location);
  assert.deepEqual(fs.readdirSync(join(location, "..")), ["default.db"]);
});

test("errors of the store name the file and what is wrong, never a value", (t) => {
  const location = fresh(t);
  const { store } = open(t, location);
  const db = new Database(location);
  t.after(() => db.close());
  db.exec("BEGIN IMMEDIATE");
  assert.throws(
    () => store.write("wifi_a", rows({ Passphrase: '"hush"' })),
    (error) => {
      assert.ok(error instanceof DaemonError && error.code === "NotStored");
      assert.match(error.message, /default\.db: another program holds it locked/);
      assert.ok(!JSON.stringify([error.message, error.context, String(error.cause)]).includes("hush"));
      return true;
    },
  );
  db.exec("ROLLBACK");
  store.write("wifi_a", rows({}));
  assert.deepEqual(store.entries(), ["wifi_a"]);
});

test("the log is used again and does not grow with the number of changes", (t) => {
  const location = fresh(t);
  const { store } = open(t, location);
  const logBytes = () => fs.statSync(`${location}-wal`).size;
  const change = (times: number) => {
    for (let round = 0; round < times; round++) store.write("wifi_a", rows({ Priority: `${round}` }));
  };
  change(40);
  const before = logBytes();
  change(200);
  assert.equal(logBytes(), before);
  assert.ok(before < 256 * 1024, `${before} bytes`);
});

test("writing what is there already and reading work while another program holds the file locked", (t) => {
  const location = fresh(t);
  const { store } = open(t, location);
  store.write("wifi_a", rows({ Name: '"a"' }));
  const db = new Database(location);
  t.after(() => db.close());
  db.exec("BEGIN IMMEDIATE");
  store.write("wifi_a", rows({ Name: '"a"' }));
  assert.deepEqual(store.read("wifi_a"), rows({ Name: '"a"' }));
});

const damages: Readonly<Record<string, (location: string) => void>> = {
  "random bytes": (location) => fs.writeFileSync(location, Buffer.alloc(20_000, 0x5a)),
  "a text file": (location) => fs.writeFileSync(location, "[global]\nName=default\n"),
  "a file cut in the middle of a page": (location) => fs.truncateSync(location, 5000),
  "a file cut to less than a head": (location) => fs.truncateSync(location, 50),
  "a wiped page": (location) => {
    const file = fs.openSync(location, "r+");
    fs.writeSync(file, Buffer.alloc(4096), 0, 4096, 4096);
    fs.closeSync(file);
  },
  "another program's database": (location) => {
    fs.rmSync(location);
    new Database(location).exec("CREATE TABLE bookmarks (url TEXT)").close();
  },
  "another program's database with an application id": (location) => {
    const db = new Database(location);
    db.pragma("application_id = 77");
    db.close();
  },
  "one of ours with a foreign trigger": (location) => {
    new Database(location).exec("CREATE TRIGGER t AFTER INSERT ON entry BEGIN DELETE FROM property; END").close();
  },
  "one of ours that lacks a table": (location) => new Database(location).exec("DROP TABLE lease").close(),
  "one of ours that lacks a column": (location) =>
    new Database(location).exec("ALTER TABLE lease RENAME COLUMN json TO text").close(),
  "a version that never was": (location) => {
    const db = new Database(location);
    db.pragma("user_version = -1");
    db.close();
  },
};

for (const [what, damage] of Object.entries(damages)) {
  test(`${what} in place of a Profile is set aside whole and a new one made`, (t) => {
    const location = fresh(t);
    makeFile(location);
    damage(location);
    const before = fs.readFileSync(location);
    const { store, isNew, setAside } = open(t, location);
    assert.equal(isNew, true);
    assert.equal(setAside?.movedTo, `${location}.corrupted`);
    assert.ok((setAside?.reason.length ?? 0) > 5);
    assert.deepEqual(fs.readFileSync(`${location}.corrupted`), before);
    assert.deepEqual(store.entries(), []);
    store.write("wifi_b", rows({}));
    assert.equal(modeOf(location), "600");
  });
}

test("damaged files never replace one another, and their number is bounded", (t) => {
  const location = fresh(t);
  const damage = (round: number) => {
    fs.writeFileSync(location, `damage ${round}`);
    fs.writeFileSync(`${location}-wal`, `log ${round}`, { mode: 0o600 });
  };
  for (let round = 1; round <= 9; round++) {
    damage(round);
    const { store, setAside } = sqliteStorage.open(location, "open");
    store.close();
    assert.equal(setAside?.movedTo, `${location}.corrupted${round === 1 ? "" : `.${round}`}`);
  }
  for (let round = 1; round <= 9; round++) {
    const name = `${location}.corrupted${round === 1 ? "" : `.${round}`}`;
    assert.equal(fs.readFileSync(name, "utf8"), `damage ${round}`);
    assert.equal(fs.readFileSync(`${name}-wal`, "utf8"), `log ${round}`);
  }
  damage(10);
  const before = snapshot(join(location, ".."));
  refused(location, /9 damaged ones are kept already/);
  assert.deepEqual(snapshot(join(location, "..")), before);
});

test("a log left beside a missing file is not played into the new one", (t) => {
  const location = fresh(t);
  const first = sqliteStorage.open(location, "create").store;
  first.write("wifi_old", rows({}));
  const log = fs.readFileSync(`${location}-wal`);
  first.close();
  fs.rmSync(location);
  fs.writeFileSync(`${location}-wal`, log, { mode: 0o600 });
  const { store } = open(t, location);
  assert.deepEqual(store.entries(), []);
  store.write("wifi_new", rows({}));
  assert.deepEqual(store.entries(), ["wifi_new"]);
});

test("a file that was not closed comes back with all that was committed", (t) => {
  const location = fresh(t);
  const { store } = open(t, location);
  store.write("wifi_a", rows({ Name: '"a"' }));
  const copy = fresh(t);
  for (const suffix of ["", "-wal"]) fs.copyFileSync(location + suffix, copy + suffix);
  const { store: reopened, setAside } = open(t, copy);
  assert.equal(setAside, undefined);
  assert.deepEqual(reopened.read("wifi_a"), rows({ Name: '"a"' }));
});

test("a file of a newer format is refused and left as it is", (t) => {
  const location = fresh(t);
  makeFile(location);
  const db = new Database(location);
  db.exec("CREATE TABLE future (x)");
  db.pragma("user_version = 1000");
  db.close();
  const before = snapshot(join(location, ".."));
  refused(location, /format 1000, this program knows up to 1: it was written by a newer Fairlead/);
  assert.deepEqual(snapshot(join(location, "..")), before);
});

const wrongThings: Readonly<Record<string, [put: (location: string) => void, message: RegExp]>> = {
  "a link to a file": [
    (location) => {
      makeFile(`${location}.elsewhere`);
      fs.symlinkSync(`${location}.elsewhere`, location);
    },
    /default\.db: a symbolic link stands in its place/,
  ],
  "a link to nowhere": [(location) => fs.symlinkSync("/nonexistent/file", location), /a symbolic link/],
  "a folder": [(location) => fs.mkdirSync(location), /not a regular file/],
  "a FIFO without a writer": [(location) => execFileSync("mkfifo", [location]), /not a regular file/],
  "a FIFO in place of the log": [
    (location) => {
      makeFile(location);
      execFileSync("mkfifo", [`${location}-wal`]);
    },
    /default\.db-wal: not a regular file/,
  ],
  "a link in place of the log": [
    (location) => {
      makeFile(location);
      fs.symlinkSync("/nonexistent/log", `${location}-wal`);
    },
    /default\.db-wal: a symbolic link/,
  ],
};

for (const [what, [put, message]] of Object.entries(wrongThings)) {
  test(`${what} is refused, and nothing changes`, (t) => {
    const location = fresh(t);
    put(location);
    const before = snapshot(join(location, ".."));
    refused(location, message);
    assert.deepEqual(snapshot(join(location, "..")), before);
  });
}

test("a folder that others may write is refused, and nothing changes", (t) => {
  for (const mode of [0o770, 0o707, 0o1777]) {
    const folder = temporaryFolder(t);
    fs.chmodSync(folder, mode);
    refused(join(folder, "default.db"), /others may write the folder \(mode 1?7\d7?0?\); make it 700/);
    assert.deepEqual(fs.readdirSync(folder), []);
    assert.equal(modeOf(folder), mode.toString(8));
  }
});

test("a missing folder is refused and not made", (t) => {
  const folder = join(temporaryFolder(t), "missing");
  refused(join(folder, "default.db"), /missing: the folder does not exist/);
  assert.ok(!fs.existsSync(folder));
  refused(join("/dev/null", "default.db"), /a part of the path is not a folder|the folder does not exist/);
});

test("a folder or file of another user is refused", (t) => {
  const folder = temporaryFolder(t);
  const location = join(folder, "default.db");
  makeFile(location);
  try {
    fs.chownSync(location, 12345, 12345);
  } catch {
    return t.skip("only root can give files away");
  }
  refused(location, /default\.db: the file belongs to user 12345/);
  fs.chownSync(location, 0, 0);
  fs.chownSync(folder, 12345, 12345);
  refused(location, /the folder belongs to user 12345/);
});
