import assert from "node:assert/strict";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { DaemonError } from "../../../src/base/errors.ts";
import { sqliteStorage } from "../../../src/profiles/sqlite-storage.ts";
import { StateLock } from "../../../src/profiles/state-lock.ts";
import { requirePrivateNamespace, run } from "../../harness/namespace.ts";

requirePrivateNamespace();

/** A small disk of its own. */
function disk(t: TestContext, sizeKiB: number): string {
  const folder = fs.mkdtempSync(join(tmpdir(), "fairlead-disk-"));
  run("mount", ["-t", "tmpfs", "-o", `size=${sizeKiB}k,mode=0700`, "tmpfs", folder]);
  t.after(() => {
    run("umount", ["-l", folder]);
    fs.rmdirSync(folder);
  });
  return folder;
}

const fillUp = (folder: string): void => {
  try {
    fs.writeFileSync(join(folder, "ballast"), Buffer.alloc(64 * 1024 * 1024));
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, "ENOSPC");
  }
};

const notStored =
  (message: RegExp) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof DaemonError && error.code === "NotStored", String(error));
    assert.match(error.message, message);
    return true;
  };

const value = (size: number): string => JSON.stringify("v".repeat(size));

test("on a full disk a write says so and changes nothing; with room again it works", (t) => {
  const folder = disk(t, 512);
  const location = join(folder, "a.db");
  const { store } = sqliteStorage.open(location, "create");
  t.after(() => store.close());
  store.write("wifi_a", new Map([["Name", '"before"']]));
  fillUp(folder);
  const big = new Map([["Name", value(100_000)]]);
  assert.throws(() => store.write("wifi_a", big), notStored(/a\.db: the disk (is full|reports an error)/));
  assert.throws(() => store.write("wifi_b", big), notStored(/the disk/));
  assert.throws(
    () =>
      store.transaction(() => {
        store.write("wifi_a", new Map([["Name", '"half"']]));
        store.write("wifi_b", big);
      }),
    notStored(/the disk/),
  );
  assert.deepEqual(store.entries(), ["wifi_a"]);
  assert.deepEqual(store.read("wifi_a"), new Map([["Name", '"before"']]));
  fs.rmSync(join(folder, "ballast"));
  store.write("wifi_a", big);
  assert.deepEqual(store.read("wifi_a"), big);
});

test("on a full disk no new Profile begins, and no empty file stays", (t) => {
  const folder = disk(t, 256);
  fillUp(folder);
  assert.throws(() => sqliteStorage.open(join(folder, "a.db"), "create"), notStored(/a\.db: the disk/));
  assert.deepEqual(fs.readdirSync(folder), ["ballast"]);
});

test("on a full disk an existing Profile is not taken for damaged", (t) => {
  const folder = disk(t, 512);
  const location = join(folder, "a.db");
  const first = sqliteStorage.open(location, "create").store;
  first.write("wifi_a", new Map());
  first.close();
  const content = fs.readFileSync(location);
  fillUp(folder);
  try {
    const { store, setAside } = sqliteStorage.open(location, "open");
    assert.equal(setAside, undefined);
    assert.deepEqual(store.entries(), ["wifi_a"]);
    store.close();
  } catch (error) {
    notStored(/a\.db: the disk/)(error);
  }
  assert.deepEqual(fs.readFileSync(location), content);
});

test("a delete on a full disk is done, or refused as a whole; closing works either way", (t) => {
  const folder = disk(t, 512);
  const { store } = sqliteStorage.open(join(folder, "a.db"), "create");
  store.write("wifi_a", new Map([["Name", value(60_000)]]));
  fillUp(folder);
  let isDeleted = true;
  try {
    store.delete("wifi_a");
  } catch (error) {
    isDeleted = notStored(/the disk/)(error) === undefined;
  }
  assert.equal(store.has("wifi_a"), !isDeleted);
  store.close();
});

test("on a read-only file system everything is one clear error, and nothing changes", (t) => {
  const folder = disk(t, 512);
  const location = join(folder, "a.db");
  sqliteStorage.open(location, "create").store.close();
  StateLock.take(folder).release();
  const content = fs.readFileSync(location);
  run("mount", ["-o", "remount,bind,ro", folder]);
  const readOnly = notStored(/the file system is read-only/);
  assert.throws(() => sqliteStorage.open(location, "open-or-create"), readOnly);
  assert.throws(() => sqliteStorage.open(join(folder, "b.db"), "create"), readOnly);
  assert.throws(() => sqliteStorage.ensureFolder(join(folder, "profiles")), readOnly);
  assert.throws(() => StateLock.take(folder), readOnly);
  assert.throws(
    () => sqliteStorage.remove(location),
    (error) => error instanceof DaemonError && error.code === "Failure",
  );
  assert.deepEqual(fs.readdirSync(folder).sort(), ["a.db", "lock"]);
  assert.deepEqual(fs.readFileSync(location), content);
});
