import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryFolder } from "../../harness/temporary-folder.ts";

const storage = new URL("../../../src/profiles/sqlite-storage.ts", import.meta.url);

/**
 * As a user who is not root: root may write everywhere. It changes to the user once all is loaded, as the clone and its
 * Node may lie in a home that is closed to others.
 */
const attemptAs = (user: number, location: string, warmUp: string): string => {
  const code = `
    import { sqliteStorage } from ${JSON.stringify(storage)};
    sqliteStorage.open(${JSON.stringify(warmUp)}, "open-or-create").store.close();
    process.setgroups([]);
    process.setgid(${user});
    process.setuid(${user});
    try { sqliteStorage.open(${JSON.stringify(location)}, "open-or-create").store.close(); console.log("opened"); }
    catch (error) { console.log(error.code + ": " + error.message); }`;
  const result = spawnSync(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", code], {
    encoding: "utf8",
    env: { ...process.env, TSX_DISABLE_CACHE: "1" },
  });
  return `${result.stdout}${result.stderr}`.trim();
};

const user = 12345;

/** In a user namespace of one number even root cannot. */
function canGiveAway(folder: string): boolean {
  try {
    fs.chownSync(folder, user, user);
    fs.chownSync(folder, 0, 0);
    return true;
  } catch {
    return false;
  }
}

test("a user who may not write the folder, or the file in it, is told so and changes nothing", (t) => {
  const outer = temporaryFolder(t);
  if (!canGiveAway(outer)) return t.skip("only root with all user numbers can become another user");
  fs.chmodSync(outer, 0o755);
  const folder = join(outer, "profiles");
  fs.mkdirSync(folder, { mode: 0o755 });
  const location = join(folder, "a.db");
  const warmUp = join(temporaryFolder(t), "warm-up.db");
  const attempt = () => attemptAs(user, location, warmUp);
  assert.equal(attempt(), `NotStored: ${folder}: access is denied`);
  assert.deepEqual(fs.readdirSync(folder), []);
  fs.chownSync(folder, user, user);
  assert.equal(attempt(), "opened");
  fs.chownSync(location, 0, 0);
  assert.equal(attempt(), `NotStored: ${location}: access is denied`);
  fs.chmodSync(folder, 0o500);
  fs.chownSync(location, user, user);
  assert.equal(attempt(), `NotStored: ${folder}: access is denied`);
  assert.deepEqual(fs.readdirSync(folder), ["a.db"]);
});
