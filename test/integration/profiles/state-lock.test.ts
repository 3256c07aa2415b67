import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import { DaemonError } from "../../../src/base/errors.ts";
import { StateLock } from "../../../src/profiles/state-lock.ts";
import { childModule } from "../../harness/child-module.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";

test("a second process is refused while the first lives, and not after it was killed", async (t) => {
  const stateDir = temporaryFolder(t);
  const writer = await childModule(t, "test/integration/profiles/writer.ts");
  const child = spawn(process.execPath, [writer, stateDir, join(stateDir, "a.db")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  await once(child.stdout, "data");
  for (let round = 0; round < 20; round++) {
    assert.throws(
      () => StateLock.take(stateDir),
      (error) => error instanceof DaemonError && error.code === "InProgress" && error.message.includes(stateDir),
    );
  }
  child.kill("SIGKILL");
  await once(child, "close");
  StateLock.take(stateDir).release();
});
