import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { DaemonError } from "../../../src/base/errors.ts";
import { openDatabase } from "../../../src/profiles/database.ts";
import { sqliteStorage } from "../../../src/profiles/sqlite-storage.ts";
import { findStoreFile, prepareStoreFile } from "../../../src/profiles/store-file.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";

/** A home with the daemon's folder in it, and a folder that only the daemon may write. */
function places(t: TestContext) {
  const top = temporaryFolder(t);
  const [home, victim] = [join(top, "home"), join(top, "victim")];
  for (const folder of [home, victim, join(home, "net")]) fs.mkdirSync(folder, { mode: 0o700 });
  return { home, victim, net: join(home, "net"), location: join(home, "net", "default.db") };
}
/** Puts a link to the victim where the folder was. */
function exchange({ home, net, victim }: ReturnType<typeof places>): string {
  const moved = join(home, "moved");
  fs.renameSync(net, moved);
  fs.symlinkSync(victim, net);
  return moved;
}

test("a folder exchanged between the look at it and SQLite: all files arise in the one looked at", (t) => {
  const place = places(t);
  const file = findStoreFile(place.location, "create");
  prepareStoreFile(file, "create");
  const moved = exchange(place);
  const db = openDatabase(file);
  t.after(() => db.close());
  db.pragma("journal_mode = WAL");
  db.exec("CREATE TABLE t (x)");
  assert.deepEqual(fs.readdirSync(moved).sort(), ["default.db", "default.db-shm", "default.db-wal"]);
  assert.deepEqual(fs.readdirSync(place.victim), []);
});

test("a folder exchanged while its Profile is in use: changes, scrub and close stay in the one that was opened", (t) => {
  const place = places(t);
  const { store } = sqliteStorage.open(place.location, "create");
  const moved = exchange(place);
  store.write("wifi_a", new Map([["Passphrase", '"first"']]));
  store.delete("wifi_a");
  store.write("wifi_b", new Map());
  store.close();
  assert.deepEqual([fs.readdirSync(moved), fs.readdirSync(place.victim)], [["default.db"], []]);
  const again = sqliteStorage.open(join(moved, "default.db"), "open").store;
  assert.deepEqual(again.entries(), ["wifi_b"]);
  again.close();
});

const swapper = `
import ctypes, sys
exchange, cwd, flag = ctypes.CDLL(None).renameat2, -100, 2
while True: exchange(cwd, sys.argv[1].encode(), cwd, sys.argv[2].encode(), flag)
`;
const user = 12345;

/** A user who exchanges the folder for one of his own all the time. */
function swapAllTheTime(net: string, evil: string): () => Promise<unknown> {
  const child = spawn("python3", ["-c", swapper, net, evil], { uid: user, gid: user, stdio: "ignore" });
  const ended = once(child, "exit");
  return () => {
    child.kill("SIGKILL");
    return ended;
  };
}
function canBeUser(folder: string): boolean {
  try {
    fs.chownSync(folder, user, user);
    return true;
  } catch {
    return false;
  }
}
/** "opened", or why not. */
function tryOpen(location: string): string {
  try {
    sqliteStorage.open(location, "open-or-create").store.close();
    return "opened";
  } catch (error) {
    assert.ok(error instanceof DaemonError, String(error));
    return error.message;
  }
}

for (const trap of ["a FIFO", "a link to where only the daemon may write"]) {
  test(`a user exchanges the folder all the time for one with ${trap}: nothing waits, nothing is written elsewhere`, async (t) => {
    const { home, victim, net, location } = places(t);
    if (!canBeUser(home)) return t.skip("only root with all user numbers can become another user");
    fs.chmodSync(join(home, ".."), 0o755);
    fs.chmodSync(home, 0o755);
    const evil = join(home, "evil");
    fs.mkdirSync(evil);
    if (trap === "a FIFO") spawnSync("mkfifo", [join(evil, "default.db")]);
    else fs.symlinkSync(join(victim, "target"), join(evil, "default.db"));
    fs.chownSync(evil, user, user);
    const stop = swapAllTheTime(net, evil);
    t.after(stop);
    const answers = new Set<string>();
    for (let round = 0; round < 3000 && (round < 300 || answers.size < 2); round++) answers.add(tryOpen(location));
    await stop();
    assert.ok(answers.has("opened"), [...answers].join("\n"));
    assert.ok(answers.size > 1, "the folder was never seen exchanged");
    assert.deepEqual(fs.readdirSync(victim), []);
  });
}
