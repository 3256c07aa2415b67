import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { DaemonError } from "../../../src/base/errors.ts";
import { StateLock } from "../../../src/profiles/state-lock.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

test("a state folder can be locked once; released, it can be locked again", (t) => {
  const folder = temporaryFolder(t);
  const first = StateLock.take(folder);
  for (let round = 0; round < 3; round++) {
    assert.throws(
      () => StateLock.take(folder),
      (error) => error instanceof DaemonError && error.code === "InProgress" && error.message.includes(folder),
    );
  }
  first.release();
  first.release();
  StateLock.take(folder).release();
});

test("a lock that its holder has lost sight of is still a lock", async (t) => {
  const folder = temporaryFolder(t);
  const heard: string[] = [];
  const registry = new FinalizationRegistry((what: string) => heard.push(what));
  registry.register({}, "something else");
  StateLock.take(folder);
  // The collector is asked until it has really been there.
  while (heard.length === 0) {
    collectGarbage();
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.throws(() => StateLock.take(folder), { code: "InProgress" });
});

test("the lock is one empty file for the owner only", (t) => {
  const folder = temporaryFolder(t);
  const lock = StateLock.take(folder);
  t.after(() => lock.release());
  assert.deepEqual(fs.readdirSync(folder), ["lock"]);
  assert.equal(fs.statSync(join(folder, "lock")).mode & 0o777, 0o600);
  assert.equal(fs.statSync(join(folder, "lock")).size, 0);
});

test("a link, a folder that others may write, and a missing folder are refused", (t) => {
  const internal = (folder: string) =>
    assert.throws(
      () => StateLock.take(folder),
      (error) => error instanceof DaemonError && error.code === "InternalError" && error.message.includes(folder),
    );
  const linked = temporaryFolder(t);
  fs.symlinkSync("/etc/passwd", join(linked, "lock"));
  internal(linked);
  const open = temporaryFolder(t);
  fs.chmodSync(open, 0o777);
  internal(open);
  internal(join(open, "missing"));
});
