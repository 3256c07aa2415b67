/** Profiles as large as they may become: 64 MiB are written and read, which no unit test has time for. */
import assert from "node:assert/strict";
import { readFileSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { DaemonError } from "../../../src/base/errors.ts";
import { sqliteStorage } from "../../../src/profiles/sqlite-storage.ts";
import type { ProfileStore } from "../../../src/profiles/store.ts";
import { storeLimits } from "../../../src/profiles/store-limits.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";

const rows = (object: Record<string, string>): ReadonlyMap<string, string> => new Map(Object.entries(object));
const fresh = (t: TestContext): string => join(temporaryFolder(t), "default.db");

function open(t: TestContext, location: string) {
  const opened = sqliteStorage.open(location, "open-or-create");
  t.after(() => opened.store.close());
  return opened;
}

test("a file cannot grow without end; what is in it stays usable", (t) => {
  const { store } = open(t, fresh(t));
  const value = JSON.stringify("x".repeat(storeLimits.valueLength - 2));
  const content = new Map(Array.from({ length: 64 }, (_, at) => [`Row${at}`, value]));
  let written = 0;
  assert.throws(
    () => {
      for (; written < 100; written++) store.write(`wifi_${written}`, content);
    },
    (error) => error instanceof DaemonError && error.code === "Failure" && /reached its limit/.test(error.message),
  );
  assert.equal(store.entries().length, written);
  assert.equal(store.has(`wifi_${written}`), false);
  store.delete("wifi_0");
  store.write("wifi_new", rows({ Name: '"n"' }));
});

test("a file larger than any of ours in place of a Profile is set aside whole and a new one made", (t) => {
  const location = fresh(t);
  sqliteStorage.open(location, "create").store.close();
  truncateSync(location, storeLimits.fileBytes + 4096);
  const before = readFileSync(location);
  const { store, isNew, setAside } = open(t, location);
  assert.equal(isNew, true);
  assert.equal(setAside?.movedTo, `${location}.corrupted`);
  assert.ok(readFileSync(`${location}.corrupted`).equals(before));
  assert.deepEqual(store.entries(), []);
});

test("a file opened with a lower bound ends there; one that is larger already can be read and cleared", (t) => {
  const mostBytes = 1024 * 1024;
  const location = fresh(t);
  const value = JSON.stringify("x".repeat(100_000));
  const fill = (store: ProfileStore) => {
    for (let at = 0; at < 30; at++) store.write(`wifi_${at}`, rows({ X: value }));
  };
  const small = sqliteStorage.open(location, "create", { mostBytes }).store;
  assert.throws(() => fill(small), /reached its limit/);
  small.close();
  assert.ok(statSync(location).size <= mostBytes);
  const large = sqliteStorage.open(location, "open").store;
  fill(large);
  large.close();
  const again = sqliteStorage.open(location, "open", { mostBytes }).store;
  t.after(() => again.close());
  assert.equal(again.entries().length, 30);
  assert.throws(() => again.write("wifi_more", rows({ X: value })), /reached its limit/);
  again.delete("wifi_0");
  again.write("wifi_small", rows({ X: "1" }));
});
